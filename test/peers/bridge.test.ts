import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import { type Bridge, type Carries, openBridge } from '../../src/engine/link/bridge.ts'
import { createLink } from '../../src/engine/link/live-link.ts'
import { type Command, run } from '../../src/engine/process/process.ts'
import { type Sshd, type SshdOptions, sshdMissing, startSshd } from './sshd.ts'

if (sshdMissing) console.warn(`bridge: skipped, ${sshdMissing}`)

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const env = {
	PATH: process.env.PATH,
	HOME: '/nonexistent',
	GIT_CONFIG_NOSYSTEM: '1',
	GIT_AUTHOR_NAME: 'Test',
	GIT_AUTHOR_EMAIL: 'test@example.org',
	GIT_COMMITTER_NAME: 'Test',
	GIT_COMMITTER_EMAIL: 'test@example.org',
}

async function parts(carries: Carries, transport: SshdOptions['transport']) {
	const sshd = await startSshd({ homeName: 'remote höme', transport })
	cleanups.push(() => sshd.stop())
	const laptop = await mkdtemp(join(tmpdir(), 'hawser bridge test-'))
	cleanups.push(() => rm(laptop, { recursive: true, force: true }))
	const link = createLink({
		name: 'lab',
		ssh: sshd.ssh,
		backOff: { firstMs: 3_600_000, capMs: 3_600_000, steadyMs: 0, againMs: 3_600_000 },
	})
	cleanups.push(() => link.dispose())
	link.connect()
	await link.whenUp(15_000)
	const bridge = openBridge(link, carries)
	cleanups.push(() => bridge.dispose())
	return { sshd, laptop, link, bridge }
}

const over = (bridge: Bridge, command: Command) =>
	run({
		timeoutMs: 60_000,
		...command,
		env: { ...env, ...bridge.env },
		extraPipes: bridge.extraPipes,
		onStart: bridge.onStart,
	})

const git = (cwd: string, ...args: string[]): Command => ({ file: 'git', args, cwd, env })
const sync = (bridge: Bridge, from: string, to: string): Command => ({
	file: 'rsync',
	args: ['-a', '-e', bridge.rsyncShell, '--', from, to],
})

async function problemOf(work: Promise<unknown>) {
	const error = await work.then(
		() => null,
		(thrown: unknown) => thrown,
	)
	if (!(error instanceof ProblemError)) throw new Error(`no problem, but ${error}`)
	return error.problem
}

async function repository(folder: string): Promise<void> {
	await run({ file: 'git', args: ['init', '-q', '-b', 'master', folder], env })
	await writeFile(join(folder, '-a file'), randomBytes(3_000_000))
	await run(git(folder, 'add', '--', '-a file'))
	await run(git(folder, 'commit', '-qm', 'first'))
}

/** A program of the workstation, put in front of the real one. */
async function stub(sshd: Sshd, name: string, script: string): Promise<void> {
	const folder = join(sshd.home, 'bin')
	await mkdir(folder, { recursive: true })
	await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`)
	await chmod(join(folder, name), 0o755)
	await writeFile(join(sshd.home, '.bashrc'), `PATH="$HOME/bin:$PATH"\n`)
}

const transports = ['ssh2', 'openssh'] as const

describe.skipIf(sshdMissing).each(transports)('git over the live link of %s', (transport) => {
	test('clone, push, fetch and ls-remote, with names that need care, and no second login', async () => {
		const { sshd, laptop, bridge } = await parts('git', transport)
		const hub = "it's a 'hub' ünï $HOME!.git"
		await run({ file: 'git', args: ['init', '-q', '--bare', '-b', 'master', join(sshd.home, hub)], env })
		const first = join(laptop, 'first')
		await repository(first)
		await over(bridge, git(first, 'push', '-q', `ws:${hub}`, 'master', "master:x-ü's"))
		const second = join(laptop, '-second')
		await over(bridge, git(laptop, 'clone', '-q', '--', `ws:~/${hub}`, second))
		expect(await readFile(join(second, '-a file'))).toEqual(await readFile(join(first, '-a file')))
		await run(git(second, 'commit', '-qm', 'second', '--allow-empty'))
		await over(bridge, git(second, 'push', '-q', 'origin', 'master'))
		await over(bridge, git(first, 'fetch', '-q', `ws:${join(sshd.home, hub)}`, 'master'))
		const fetched = await run(git(first, 'rev-parse', 'FETCH_HEAD'))
		const listed = await over(bridge, git(first, 'ls-remote', `ws:${hub}`, 'refs/heads/master'))
		expect(listed.stdout).toBe(`${fetched.stdout.trim()}\trefs/heads/master\n`)
		expect(sshd.log().match(/Accepted publickey for/g)).toHaveLength(1)
		expect(bridge.problem).toBeNull()
	})

	test('six at once, each with its own command', async () => {
		const { sshd, laptop, bridge } = await parts('git', transport)
		const one = join(sshd.home, 'one')
		await repository(one)
		const all = Array.from({ length: 6 }, (_, index) =>
			over(bridge, git(laptop, 'clone', '-q', 'ws:one', join(laptop, String(index)))),
		)
		await Promise.all(all)
		expect((await readdir(laptop)).sort()).toEqual(['0', '1', '2', '3', '4', '5'])
	})

	test('a failing remote: its exit and its words arrive', async () => {
		const { laptop, bridge } = await parts('git', transport)
		const why = await problemOf(over(bridge, git(laptop, 'ls-remote', 'ws:not-there')))
		expect(why.facts).toMatchObject({ reason: 'exit code 128' })
		expect(why.facts.stderr).toContain("'not-there' does not appear to be a git repository")
	})

	test('a command that is not what this bridge carries is refused and never starts', async () => {
		const { sshd, laptop, bridge } = await parts('git', transport)
		const target = join(sshd.home, 'made')
		const args = ['-c', 'exec sh -c "$GIT_SSH_COMMAND ws \'touch made\'"']
		const why = await problemOf(over(bridge, { file: 'sh', args, cwd: laptop }))
		expect(why.facts).toMatchObject({ reason: 'exit code 126' })
		expect(why.facts.stderr).toContain('not carried over the link: touch')
		await expect(readFile(target)).rejects.toThrow('ENOENT')
	})

	test('a remote command that stops reading does not hold up a big push', async () => {
		const { sshd, laptop, bridge } = await parts('git', transport)
		const one = join(laptop, 'one')
		await repository(one)
		await run({ file: 'git', args: ['init', '-q', '--bare', join(sshd.home, 'hub')], env })
		const real = (await run({ file: 'git', args: ['--exec-path'], env })).stdout.trim()
		await stub(sshd, 'git-receive-pack', `exec ${real}/git-receive-pack "$@" </dev/null`)
		const why = await problemOf(over(bridge, git(one, 'push', '-q', 'ws:hub', 'master')))
		expect(why.code).toBe('process-failed')
	})

	test('the link killed in the middle ends the local process and says why', async () => {
		const { sshd, laptop, bridge, link } = await parts('git', transport)
		await stub(sshd, 'git-upload-pack', 'touch "$HOME/started"; exec sleep 1000')
		const work = problemOf(over(bridge, git(laptop, 'ls-remote', 'ws:any')))
		while (!(await readdir(sshd.home)).includes('started')) await new Promise((done) => setTimeout(done, 10))
		await sshd.stopConnections()
		expect((await work).code).toBe('process-failed')
		expect(bridge.problem).toMatchObject({ code: 'link-lost' })
		expect(link.state.status).toBe('lost')
	})

	test('the local process killed in the middle frees its session', async () => {
		const { sshd, laptop, bridge, link } = await parts('git', transport)
		await stub(sshd, 'git-upload-pack', 'touch "$HOME/started-$$"; exec cat')
		for (let round = 1; round <= 10; round++) {
			const ender = new AbortController()
			const work = problemOf(over(bridge, { ...git(laptop, 'ls-remote', 'ws:any'), signal: ender.signal }))
			const started = async () => (await readdir(sshd.home)).filter((name) => name.startsWith('started'))
			while ((await started()).length < round) await new Promise((done) => setTimeout(done, 10))
			ender.abort()
			expect((await work).code).toBe('operation-cancelled')
		}
		const remote = await link.exec('true')
		remote.stdout.resume()
		expect(await remote.exit).toEqual({ code: 0, signal: null })
	})

	test('without a link it fails at once, and closing the bridge removes its script', async () => {
		const { laptop, bridge, link } = await parts('git', transport)
		await link.disconnect()
		const why = await problemOf(over(bridge, git(laptop, 'ls-remote', 'ws:any')))
		expect(why.facts.stderr).toContain('lab is not connected')
		expect(bridge.problem).toMatchObject({ code: 'link-off' })
		const script = bridge.rsyncShell.replaceAll('"', '')
		expect(await readFile(script, 'utf8')).toContain('#!/bin/sh')
		await bridge.dispose()
		await expect(readFile(script)).rejects.toThrow('ENOENT')
	})
})

describe.skipIf(sshdMissing).each(transports)('rsync over the live link of %s', (transport) => {
	const names = ['-n', 'a b', "it's", 'q"q', '$HOME', '`id`;x', 'ünï', '*', 'back\\slash', '#!&|<>()']

	test('up and back, with names that need care', async () => {
		const { sshd, laptop, bridge } = await parts('rsync', transport)
		const out = join(laptop, 'out')
		await mkdir(out)
		for (const name of names) {
			await mkdir(join(out, name))
			await writeFile(join(out, name, name), randomBytes(700_000))
		}
		await over(bridge, sync(bridge, `${out}/`, "ws:to it's $x; `y`/"))
		const there = join(sshd.home, "to it's $x; `y`")
		expect((await readdir(there)).sort()).toEqual([...names].sort())
		const back = join(laptop, 'back')
		await over(bridge, sync(bridge, `ws:${there}/`, `${back}/`))
		expect((await readdir(back)).sort()).toEqual([...names].sort())
		for (const name of names)
			expect(await readFile(join(back, name, name))).toEqual(await readFile(join(out, name, name)))
	})

	test('a failing remote', async () => {
		const { laptop, bridge } = await parts('rsync', transport)
		const why = await problemOf(over(bridge, sync(bridge, 'ws:not-there/', `${laptop}/x`)))
		expect(why.facts).toMatchObject({ reason: 'exit code 23' })
		expect(why.facts.stderr).toContain('No such file or directory')
	})

	test('the link killed in the middle of a big file ends rsync', async () => {
		const { sshd, laptop, bridge } = await parts('rsync', transport)
		await writeFile(join(laptop, 'big'), randomBytes(30_000_000))
		// The reader on the workstation stands still, so that it is in the middle for sure.
		await stub(sshd, 'rsync', 'touch "$HOME/started"; exec sleep 1000')
		const work = problemOf(over(bridge, sync(bridge, join(laptop, 'big'), 'ws:')))
		while (!(await readdir(sshd.home)).includes('started')) await new Promise((done) => setTimeout(done, 10))
		await sshd.stopConnections()
		expect((await work).code).toBe('process-failed')
		expect(bridge.problem).toMatchObject({ code: 'link-lost' })
	})
})

/** Kept apart: the pipes of a process that left a child behind. */
test('a process that outlives its parent does not hold up the end of a run', async () => {
	const script = 'sleep 1000 >/dev/null 2>&1 </dev/null & echo $!'
	const finished = await run({ file: 'sh', args: ['-c', script], extraPipes: 3, onStart: () => {} })
	const left = Number(finished.stdout)
	expect(left).toBeGreaterThan(0)
	process.kill(left)
})
