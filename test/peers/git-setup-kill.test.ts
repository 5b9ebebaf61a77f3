import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { LocalLink } from './local-link.ts'
import { git } from './repositories.ts'
import { noHub, type SetupGround, type SetupOptions, setupGround } from './setup-ground.ts'

/**
 * Stands before the programs that change something on the workstation. It counts their calls; the one whose number
 * is in $HAWSER_POINT/at is not made: all that the workstation was running is killed, as a machine that stops.
 */
const deadly = `#!/bin/sh
name=\${0##*/}
for folder in /usr/local/bin /usr/bin /bin; do [ ! -x "$folder/$name" ] || { real=$folder/$name && break; }; done
case "$name $*" in
'git rev-parse'* | 'git for-each-ref'* | 'git version'* | 'git lfs'* | 'git ls-remote'* | 'git rev-list'* | \\
'git config --get'* | 'git config core.sshCommand' | 'git symbolic-ref -q'* | 'git worktree list'*) exec "$real" "$@" ;;
esac
n=$(($(cat "$HAWSER_POINT/count") + 1))
echo "$n" >"$HAWSER_POINT/count"
[ "$n" != "$(cat "$HAWSER_POINT/at")" ] || kill -KILL 0
exec "$real" "$@"
`

const tools = mkdtempSync(join(tmpdir(), 'hawser-deadly-'))
const made: SetupGround[] = []
beforeAll(async () => {
	await writeFile(join(tools, 'git'), deadly, { mode: 0o755 })
	for (const name of ['mv', 'rm', 'rmdir', 'mkdir']) await symlink('git', join(tools, name))
})
afterEach(async () => {
	for (const ground of made.splice(0)) await ground.remove()
})
afterAll(() => rm(tools, { recursive: true }))

interface Scene extends SetupGround {
	/** At the call of that number; 0: never. */
	dieAt(call: number): Promise<void>
	/** How many calls there were since. */
	calls(): Promise<number>
}

async function scene(options: SetupOptions): Promise<Scene> {
	const point = mkdtempSync(join(tools, 'point-'))
	const env = { ...options.env, HAWSER_POINT: point, PATH: `${tools}:/usr/local/bin:/usr/bin:/bin` }
	const ground = await setupGround({ ...options, env })
	made.push(ground)
	return {
		...ground,
		async dieAt(call) {
			await writeFile(join(point, 'count'), '0\n')
			await writeFile(join(point, 'at'), `${call}\n`)
		},
		calls: async () => Number(await readFile(join(point, 'count'), 'utf8')),
	}
}

/** What is in its place is whole. */
async function expectWhole(here: SetupGround, said: string): Promise<void> {
	const { clone, worktree, names } = here
	for (const [at, branch] of [
		[clone, names.base],
		[worktree, names.validation],
	] as const) {
		if (!existsSync(at)) continue
		expect(await git(at, 'symbolic-ref', 'HEAD'), said).toBe(`refs/heads/${branch}`)
		expect(await git(at, 'status', '--porcelain'), said).toBe('')
		await git(at, 'rev-list', '--objects', '--quiet', '--all')
	}
}

async function expectDone(here: SetupGround, said: string): Promise<void> {
	await expectWhole(here, said)
	expect(existsSync(here.clone) && existsSync(here.worktree), said).toBe(true)
	const tip = await git(here.laptop, 'rev-parse', 'HEAD')
	for (const at of [here.clone, here.worktree]) expect(await git(at, 'rev-parse', 'HEAD'), said).toBe(tip)
	const listed = (await git(here.clone, 'worktree', 'list', '--porcelain')).match(/^worktree .*/gm)
	expect(listed, said).toEqual([`worktree ${here.clone}`, `worktree ${here.worktree}`])
	expect(await git(here.clone, 'for-each-ref', 'refs/hawser'), said).toBe('')
	expect(await readdir(here.home), said).toEqual([here.names.clone, here.names.worktree].sort())
	const left = await readdir(join(here.clone, '.git'), { recursive: true })
	expect(
		left.filter((name) => /hawser-|\.lock$/.test(name)),
		said,
	).toEqual([])
	const before = await here.fingerprint()
	await here.setUp()
	expect(await here.fingerprint(), said).toEqual(before)
}

const adopted = async ({ home, hub, clone }: SetupGround) => {
	await git(home, 'clone', '-q', '--', hub, clone)
	await git(clone, 'remote', 'remove', 'origin')
}

/** One call in so many is struck, others each time; all of them where more rounds are asked for. */
const every = process.env.HAWSER_KILL_ROUNDS ? 1 : 5

describe('killed on the workstation at every call that changes something', () => {
	const routes: [name: string, options: SetupOptions, arrange?: (here: SetupGround) => Promise<unknown>][] = [
		['from the hub', {}],
		['over the link', { env: noHub }],
		['direct, into what a person cloned', { hub: 'direct' }, adopted],
	]
	test.each(routes)('%s: again completes', { timeout: 600_000 }, async (_name, options, arrange) => {
		const arranged = async () => {
			const here = await scene(options)
			await arrange?.({ ...here, hub: here.project.git.hub === 'direct' ? here.laptop : here.hub })
			return here
		}
		const whole = await arranged()
		await whole.dieAt(0)
		await whole.setUp()
		const calls = await whole.calls()
		await expectDone(whole, 'never killed')
		expect(calls).toBeGreaterThan(10)
		for (let call = 1 + Math.floor(Math.random() * every); call <= calls; call += every) {
			const here = await arranged()
			const said = `killed at call ${call} of ${calls}`
			await here.dieAt(call)
			// What it was asked may not have mattered any more.
			await here.setUp().catch(() => {})
			expect(await here.calls(), said).toBeGreaterThanOrEqual(call)
			await expectWhole(here, said)
			await here.dieAt(0)
			await here.setUp()
			await expectDone(here, said)
			await here.remove()
		}
	})
})

/** Rounds of each of the three ways; more are the same at other moments. */
const rounds = Math.ceil(Number(process.env.HAWSER_KILL_ROUNDS ?? 6) / 3)

test.each(['link', 'app', 'workstation'] as const)(
	'the %s gone at any moment: again completes',
	{ timeout: 300_000 },
	async (what) => {
		for (let round = 1; round <= rounds; round++) {
			const here = await setupGround({ hub: round % 2 === 0 ? 'direct' : 'origin' })
			made.push(here)
			const link = here.link as LocalLink
			const delay = Math.random() * 1500
			const said = `${what} gone after ${delay.toFixed(0)} ms`
			const ender = new AbortController()
			const work = here.setUp(ender.signal).catch(() => {})
			await new Promise((done) => setTimeout(done, delay))
			if (what === 'link') link.drop()
			else if (what === 'app') ender.abort()
			else
				for (const pid of link.running())
					execFileSync('kill', ['-KILL', '--', `-${pid}`], { stdio: 'ignore' })
			await work
			await expectWhole(here, said)
			await here.setUp()
			await expectDone(here, said)
		}
	},
)
