import { exec } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type HostileBed, makeHostileBed, operate, writeProgram } from './hostile-bed.ts'
import { git } from './repositories.ts'
import { sshdMissing } from './sshd.ts'

/** Repositories, hubs and hooks in every bad state: said in words, in bounded time, and nothing half done. */

const refsOf = async ({ repositories }: HostileBed) =>
	await Promise.all(
		[repositories.hub, repositories.clone].map((folder) => git(folder, 'for-each-ref').catch(() => 'none')),
	)

/** Says its pid in a file, then hangs. */
const hanging = (file: string) => `echo $$ >'${file}.new'; mv '${file}.new' '${file}'; exec sleep 300`

async function written(file: string): Promise<string> {
	return await vi.waitFor(async () => await readFile(file, 'utf8'), { timeout: 20_000 })
}

const why = sshdMissing ? ` (skipped: ${sshdMissing})` : ''

describe.skipIf(sshdMissing)(`a repository${why}`, () => {
	test.each<[string, string, (bed: HostileBed) => Promise<unknown>]>([
		[
			'that is none',
			'repository-missing',
			async ({ repositories }) => await rm(join(repositories.laptop, '.git'), { recursive: true }),
		],
		[
			'that is a file',
			'repository-missing',
			async ({ repositories }) => {
				await rm(repositories.laptop, { recursive: true })
				await writeFile(repositories.laptop, 'x')
			},
		],
		[
			'without a commit',
			'branch-missing',
			async ({ repositories }) => {
				await rm(join(repositories.laptop, '.git'), { recursive: true })
				await git(repositories.laptop, 'init', '-q', '-b', 'master')
				await git(repositories.laptop, 'remote', 'add', 'origin', repositories.hub)
			},
		],
		[
			'that is damaged',
			'repository-missing',
			async ({ repositories }) => await writeFile(join(repositories.laptop, '.git/HEAD'), 'x'),
		],
		[
			'that is locked on the laptop',
			'repository-busy',
			async ({ repositories }) => await writeFile(join(repositories.laptop, '.git/index.lock'), ''),
		],
		[
			'that is locked on the workstation',
			'repository-busy',
			async ({ repositories }) => await writeFile(join(repositories.clone, '.git/index.lock'), ''),
		],
		[
			'whose worktree is missing',
			'worktree-missing',
			async ({ repositories }) => await rm(repositories.worktree, { recursive: true }),
		],
		[
			'whose worktree is detached',
			'worktree-missing',
			async ({ repositories }) => await git(repositories.worktree, 'checkout', '-q', '--detach'),
		],
		[
			'whose hub is gone',
			'hub-unreachable',
			async ({ repositories }) => await rm(repositories.hub, { recursive: true }),
		],
		[
			'that is missing on the workstation',
			'repository-missing',
			async ({ repositories }) => await rm(repositories.clone, { recursive: true }),
		],
		[
			'whose hub refuses by a hook',
			'git-failed',
			async ({ repositories }) =>
				await writeProgram(
					join(repositories.hub, 'hooks/pre-receive'),
					'echo "Only on weekdays." >&2; exit 1',
				),
		],
		[
			'with a hook on the laptop that fails',
			'git-failed',
			async ({ repositories }) =>
				await writeProgram(
					join(repositories.laptop, '.git/hooks/pre-push'),
					'echo "Tests first." >&2; exit 1',
				),
		],
		[
			'whose hub speaks garbage',
			'hub-unreachable',
			async ({ repositories, folder }) => {
				const program = await writeProgram(join(folder, 'garbage'), 'echo "\\033[31mgarbage"; exit 0')
				await git(repositories.laptop, 'config', 'remote.origin.uploadpack', program)
			},
		],
	])('%s: %s', async (_name, code, spoil) => {
		const bed = await makeHostileBed()
		await bed.repositories.commit('model.txt', 'two\n')
		await spoil(bed)
		const before = await refsOf(bed)
		const engine = await bed.start()
		const outcome = await operate(engine, 'go')
		expect(outcome).toMatchObject({ problem: { code }, run: null })
		expect(outcome.problem?.meaning).not.toMatch(/undefined|\n|\u001b| unknown/)
		expect(await refsOf(bed)).toEqual(before)
	})

	test('that is shallow on the laptop, too shallow to be compared: said, with the command that helps', async () => {
		const bed = await makeHostileBed()
		for (const text of ['two\n', 'three\n', 'four\n']) await bed.repositories.commit('model.txt', text)
		await git(bed.repositories.laptop, 'push', '-q', 'origin', 'master')
		await rm(bed.repositories.laptop, { recursive: true })
		await git(bed.folder, 'clone', '-q', '--depth', '1', `file://${bed.repositories.hub}`, 'nt')
		await git(bed.repositories.laptop, 'config', 'user.name', 'Test')
		await git(bed.repositories.laptop, 'config', 'user.email', 'test@localhost')
		await bed.repositories.commit('model.txt', 'five\n')
		const engine = await bed.start()
		const outcome = await operate(engine, 'go')
		expect(outcome).toMatchObject({ status: 'stopped', problem: { code: 'repository-shallow' } })
		const next = outcome.problem?.next
		if (next?.kind !== 'copy') throw new Error('no command')
		await promisify(exec)(next.text)
		expect(await operate(engine, 'go')).toMatchObject({ status: 'succeeded' })
	})

	test('with a submodule: the whole line', async () => {
		const bed = await makeHostileBed()
		const { laptop, hub } = bed.repositories
		await git(laptop, '-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', hub, 'sub')
		await git(laptop, 'commit', '-q', '-m', 'Add a submodule')
		const engine = await bed.start()
		const outcome = await operate(engine, 'go')
		expect(outcome.status).toBe('succeeded')
	})

	test('with a hook that hangs: cancelled at once, nothing is sent', async () => {
		const bed = await makeHostileBed()
		await bed.repositories.commit('model.txt', 'two\n')
		const started = join(bed.folder, 'started')
		await writeProgram(join(bed.repositories.laptop, '.git/hooks/pre-push'), hanging(started))
		const before = await refsOf(bed)
		const engine = await bed.start()
		const { operation } = await engine.call('up', {})
		await engine.until(
			(state) =>
				state.operations[operation]?.steps.find((step) => step.id === 'up-push')?.status === 'running',
		)
		const pid = await written(started)
		onTestFinished(() => void process.kill(Number(pid), 'SIGKILL'))
		await engine.call('cancelOperation', { operation })
		const outcome = await engine.call('waitOperation', { operation })
		expect(outcome).toMatchObject({ status: 'cancelled' })
		expect(await refsOf(bed)).toEqual(before)
	}, 30_000)

	test('on the workstation with a hook that hangs: cancelled at once', async () => {
		const bed = await makeHostileBed()
		await bed.repositories.commit('model.txt', 'two\n')
		const started = join(bed.folder, 'started')
		await writeProgram(join(bed.repositories.clone, '.git/hooks/reference-transaction'), hanging(started))
		const engine = await bed.start()
		const { operation } = await engine.call('up', {})
		await engine.until(
			(state) =>
				state.operations[operation]?.steps.find((step) => step.id === 'up-merge')?.status === 'running',
		)
		const pid = await written(started)
		onTestFinished(() => void process.kill(Number(pid), 'SIGKILL'))
		await engine.call('cancelOperation', { operation })
		const outcome = await engine.call('waitOperation', { operation })
		expect(outcome).toMatchObject({ status: 'cancelled' })
	}, 30_000)

	test('with a git on the laptop that hangs: commands are answered and the engine ends', async () => {
		const bed = await makeHostileBed()
		const path = process.env.PATH
		await writeProgram(join(bed.folder, 'bin/git'), 'exec sleep 300')
		process.env.PATH = `${join(bed.folder, 'bin')}:${path}`
		try {
			const engine = await bed.start()
			await engine.until((state) => state.workstations.lab?.link.status === 'up')
			await engine.call('pause', { until: null })
			await engine.dispose()
		} finally {
			process.env.PATH = path
		}
	}, 20_000)

	test('that holds thousands of changes and hostile names: bounded lists with the true count', async () => {
		const bed = await makeHostileBed()
		const { laptop, worktree } = bed.repositories
		await mkdir(join(laptop, 'many'))
		for (let n = 0; n < 5000; n++) await writeFile(join(laptop, 'many', `${n}`), '')
		await writeFile(join(laptop, 'a\nb\t\u001b[31mc'), '')
		await mkdir(join(worktree, 'results'))
		for (let n = 0; n < 1000; n++) await writeFile(join(worktree, 'results', `${n}`), '')
		await bed.repositories.commit(
			'model.txt',
			'two\n',
			`tab\tunit\u001frecord\u001e escape \u001b[31mred ${'x'.repeat(100_000)}`,
		)
		const engine = await bed.start()
		await engine.call('readPending', {})
		const pending = engine.state().projects.nt?.pending
		if (pending?.status !== 'read') throw new Error(JSON.stringify(pending))
		expect(JSON.stringify(pending).length).toBeLessThan(50_000)
		expect(pending).toMatchObject({ untrackedCount: 5001, changedCount: 0, remote: { resultCount: 1000 } })
		expect(pending.untrackedFiles).toContain('a\nb\t\u001b[31mc')
		expect(pending.toWorkstation?.commits[0]?.subject).toMatch(
			/^tab\tunit\u001frecord\u001e escape .*x+\.\.$/,
		)
	})
})
