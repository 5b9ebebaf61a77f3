import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { CommandInput } from '../../src/contract/commands.ts'
import { type EngineUnderTest, startEngine } from './engine.ts'
import { commitIn } from './git-project.ts'
import { git, makeRepositories } from './repositories.ts'
import { sshdMissing, startSshd } from './sshd.ts'

/** The commands about code, as a face gives them, from a laptop's repository to a real sshd. */

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const names = {
	base: 'master',
	validation: 'gpu-validation',
	laptop: 'nt',
	clone: 'nt',
	worktree: 'nt-gpu',
}
const validate = `mkdir -p results && printf '{"mase": 0.81}' >results/metrics.json`

async function setUp(remote = '~/nt') {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-code-'))
	cleanups.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
	const sshd = await startSshd()
	cleanups.push(() => sshd.stop())
	const repositories = await makeRepositories(folder, sshd.home, names, { 'validate.sh': validate })
	const dataFolder = join(folder, 'data')
	await mkdir(dataFolder)
	const project = {
		name: 'nt',
		workstation: 'lab',
		local: repositories.laptop,
		remote,
		validation: { command: 'sh validate.sh' },
	}
	const config = { workstations: [{ name: 'lab', ssh: sshd.ssh }], projects: [project] }
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
	const engine = await startEngine({ dataFolder })
	cleanups.push(() => engine.dispose())
	const configure = (more: object) =>
		writeFile(join(dataFolder, 'config.json'), JSON.stringify({ ...config, ...more }))
	return { engine, sshd, folder, configure, ...repositories }
}

type Started = 'up' | 'back' | 'go' | 'undo' | 'setUpProject'

async function ended<N extends Started>(engine: EngineUnderTest, command: N, input: CommandInput<N>) {
	const { operation } = await engine.call(command, input as never)
	return await engine.call('waitOperation', { operation })
}

const head = (folder: string) => git(folder, 'rev-parse', 'HEAD')

describe.skipIf(sshdMissing)(`code${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`, () => {
	test('a preview, what it is bound to, and the way back from a whole go', async () => {
		const { engine, laptop, worktree, clone, hub } = await setUp()
		const before = [await head(laptop), await head(clone), await head(worktree)]
		await writeFile(join(laptop, 'model.py'), 'two\n')
		const wish = { commit: { message: 'Try two', untracked: true } }
		const plan = await engine.call('preview', { kind: 'go', ...wish })
		expect(plan.problem).toBeNull()
		expect(plan.steps.map(({ id }) => id)).toEqual(['up-commit', 'up-push', 'up-merge'])
		expect(plan.steps[0]?.files).toEqual([{ path: 'model.py', change: 'added' }])

		const late = await ended(engine, 'go', { plan: '0'.repeat(64), ...wish })
		expect(late).toMatchObject({ status: 'stopped', problem: { code: 'plan-moved' } })
		expect(await head(laptop)).toBe(before[0])

		const went = await ended(engine, 'go', { plan: plan.id, ...wish })
		expect(went).toMatchObject({ status: 'succeeded', run: { exitCode: 0 } })
		expect(await readFile(join(laptop, 'results/metrics.json'), 'utf8')).toContain('0.81')
		const pushed = await git(hub, 'rev-parse', 'master', 'gpu-validation')

		const { safety } = await engine.call('listSafety', {})
		expect(new Set(safety.map(({ operation }) => operation)).size).toBe(1)
		const way = await engine.call('preview', { kind: 'undo' })
		expect(way.problem).toBeNull()
		expect(new Set(way.steps.map(({ machine }) => machine))).toEqual(new Set(['laptop', 'workstation']))
		expect(await ended(engine, 'undo', { plan: way.id })).toMatchObject({ status: 'succeeded' })
		expect([await head(laptop), await head(clone), await head(worktree)]).toEqual(before)
		// What was written by hand, or by the run, is there as it was before it was committed.
		expect(await readFile(join(laptop, 'model.py'), 'utf8')).toBe('two\n')
		expect(await readFile(join(worktree, 'results/metrics.json'), 'utf8')).toContain('0.81')
		expect(await git(hub, 'rev-parse', 'master', 'gpu-validation')).toBe(pushed)
	})

	test('a project is set up from nothing, again changes nothing, and a go works', async () => {
		const { engine, laptop, sshd } = await setUp('~/fresh')
		expect(await ended(engine, 'setUpProject', {})).toMatchObject({ status: 'succeeded', problem: null })
		const made = await head(join(sshd.home, 'fresh-gpu'))
		expect(await ended(engine, 'setUpProject', {})).toMatchObject({ status: 'succeeded', problem: null })
		expect(await head(join(sshd.home, 'fresh-gpu'))).toBe(made)
		expect(await ended(engine, 'go', {})).toMatchObject({ status: 'succeeded' })
		expect(await readFile(join(laptop, 'results/metrics.json'), 'utf8')).toContain('0.81')
	})

	test('worktrees on both sides, and a merge that is prepared', async () => {
		const { engine, laptop, worktree } = await setUp()
		const wanted = { machine: 'workstation', path: '~/nt-try', branch: 'try' } as const
		const one = await engine.call('addWorktree', wanted)
		expect(one).toMatchObject({ machine: 'workstation', branch: 'try', changedCount: 0 })
		const { worktrees } = await engine.call('listWorktrees', {})
		expect(worktrees.map(({ machine, branch }) => `${machine} ${branch}`).sort()).toEqual([
			'laptop master',
			'workstation gpu-validation',
			'workstation master',
			'workstation try',
		])
		await engine.call('removeWorktree', { machine: 'workstation', path: '~/nt-try' })

		await commitIn(worktree, 'validate.sh', 'theirs\n')
		await commitIn(laptop, 'validate.sh', 'mine\n')
		const mine = await head(laptop)
		expect((await engine.call('preview', { kind: 'up' })).conflicts).toMatchObject([{ path: 'validate.sh' }])
		const { path, files } = await engine.call('prepareMerge', {})
		expect(files).toEqual(['validate.sh'])
		expect(await git(path, 'status', '--porcelain')).toContain('validate.sh')
		expect(await head(laptop)).toBe(mine)
		expect(await git(laptop, 'status', '--porcelain')).toBe('')
		await git(laptop, 'worktree', 'remove', '--force', path)
	})

	test('worktrees of both machines are opened in the editor of the settings, and nothing else is', async () => {
		const { engine, folder, laptop, worktree, configure } = await setUp()
		// A stand-in for an editor: it records what it was given.
		const [editor, given] = [join(folder, 'bin/code'), join(folder, 'given')]
		await mkdir(join(folder, 'bin'))
		await writeFile(editor, `#!/bin/sh\nprintf '%s\\n' "$@" >'${given}'\n`, { mode: 0o755 })
		await configure({ editor: [editor, '--new-window'] })
		const here = { machine: 'laptop', path: laptop } as const
		await expect
			.poll(() => engine.call('findEditor', here), { timeout: 20_000 })
			.toEqual({ editor: 'VS Code' })
		await expect(readFile(given)).rejects.toThrow()

		await git(laptop, 'worktree', 'add', '-q', '-b', 'side', `${laptop} it's`)
		await engine.call('openInEditor', { machine: 'laptop', path: `${laptop} it's` })
		expect(await readFile(given, 'utf8')).toBe(`--new-window\n${laptop} it's\n`)

		// The editor's own ssh would not know the key that these settings name.
		const there = { machine: 'workstation', path: '~/nt-gpu' } as const
		const refusal = { problem: { code: 'editor-remote', facts: { path: worktree } } }
		await expect(engine.call('openInEditor', there)).rejects.toMatchObject(refusal)

		const missing = { problem: { code: 'worktree-missing' } }
		for (const other of [
			{ machine: 'laptop', path: folder },
			{ machine: 'laptop', path: '/nowhere' },
			{ machine: 'workstation', path: '/' },
			{ machine: 'workstation', path: laptop },
		] as const)
			await expect(engine.call('openInEditor', other)).rejects.toMatchObject(missing)
	})
})
