import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import type { configSchema } from '../../src/contract/config.ts'
import { createBuiltIn } from '../../src/workstation/built-in.ts'
import { type EngineUnderTest, startEngine } from './engine.ts'
import { git, makeRepositories, type RepositoryNames } from './repositories.ts'
import { type Sshd, type SshdOptions, sshdMissing, startSshd } from './sshd.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function temporaryFolder(name = 'hawser-go-'): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), name))
	cleanups.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
	return folder
}

const validate = `echo "window 1/2"
mkdir -p results
printf '{"mase": 0.81, "windows": 2}\\n' > results/metrics.json
echo "window 2/2"
`

const plainNames: RepositoryNames = {
	base: 'master',
	validation: 'gpu-validation',
	laptop: 'nt',
	clone: 'nt',
	worktree: 'nt-gpu',
}

async function setUp(
	names = plainNames,
	script = validate,
	homeName = 'home',
	transport?: SshdOptions['transport'],
) {
	const folder = await temporaryFolder()
	const sshd: Sshd = await startSshd({ homeName, transport })
	cleanups.push(() => sshd.stop())
	const repositories = await makeRepositories(folder, sshd.home, names, { 'validate.sh': script })
	const dataFolder = join(folder, 'data')
	await mkdir(dataFolder)
	const config: z.input<typeof configSchema> = {
		workstations: [{ name: 'lab', ssh: sshd.ssh, runner: 'tmux', tunnels: [] }],
		projects: [
			{
				name: 'nt',
				workstation: 'lab',
				strategy: 'git',
				local: repositories.laptop,
				remote: `~/${names.clone}`,
				git: {
					hub: 'origin',
					base: names.base,
					validation: names.validation,
					remoteWorktree: `~/${names.worktree}`,
					bringBack: 'merge',
					results: ['results/**'],
				},
				validation: { command: 'sh validate.sh', metrics: ['results/*.json'] },
			},
		],
	}
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
	const start = async (resident = false): Promise<EngineUnderTest> => {
		const engine = await startEngine({ dataFolder, resident })
		cleanups.push(() => engine.dispose())
		return engine
	}
	return { folder, sshd, repositories, dataFolder, config, start }
}

async function go(engine: EngineUnderTest) {
	const { operation } = await engine.call('go', {})
	return await engine.call('waitOperation', { operation })
}

describe('go on the built-in workstation', () => {
	test('from nothing to a finished run, with one notice', async () => {
		const dataFolder = await temporaryFolder()
		const engine = await startEngine({ dataFolder, builtIn: createBuiltIn(dataFolder) })
		cleanups.push(() => engine.dispose())
		const check = await engine.call('check', {})
		expect(check).toMatchObject({ workstation: 'built-in', holds: true })
		await engine.call('readPending', {})
		const project = await engine.until((state) => Object.values(state.projects)[0])
		expect(project.pending).toMatchObject({ status: 'read', toWorkstation: { count: 1 } })

		const outcome = await go(engine)
		expect(outcome).toMatchObject({ status: 'succeeded', problem: null, run: { exitCode: 0 } })
		expect(outcome.commits.up).toHaveLength(1)
		expect(outcome.commits.back.length).toBeGreaterThan(0)
		expect(outcome.metrics?.MASE).toBeGreaterThan(0)
		const notice = await engine.until((state) => Object.values(state.notices)[0])
		expect(notice.title).toMatch(/finished on built-in$/)
		expect(await engine.call('claimNotice', { notice: notice.id })).toEqual({ first: true })
		expect(await engine.call('claimNotice', { notice: notice.id })).toEqual({ first: false })
		const metrics = await readFile(join(project.local, 'results/metrics.json'), 'utf8')
		expect(JSON.parse(metrics).MASE).toBe(outcome.metrics?.MASE)
		const gpu = await engine.call('readGpu', {})
		expect(gpu.gpu).toMatchObject({ status: 'read', simulated: true })
	})
})

describe.skipIf(sshdMissing)(`go on a real sshd${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`, () => {
	test.each([
		['plain names', plainNames, 'home'],
		[
			'names with spaces, quotes, unicode and a leading dash',
			{
				base: 'größe/it\'s-"base"$(x)',
				validation: '-gpu\'s-"Prüfung"',
				laptop: `-my "lap'top" ü $(echo x)`,
				clone: `-it's a "clone" ü $(echo x)`,
				worktree: `-a 'work tree' "ü" $HOME`,
			},
			"a home's ü",
		],
	])('%s', async (_name, names, homeName) => {
		const { repositories, start } = await setUp(names, validate, homeName)
		await repositories.commit('model.txt', 'two\n', 'Use a longer context')
		const engine = await start()
		const outcome = await go(engine)
		expect(outcome).toMatchObject({
			status: 'succeeded',
			problem: null,
			run: { exitCode: 0 },
			metrics: { mase: 0.81, windows: 2 },
		})
		expect(outcome.commits.up.map((commit) => commit.subject)).toEqual(['Use a longer context'])
		expect(await readFile(join(repositories.laptop, 'results/metrics.json'), 'utf8')).toContain('0.81')
		expect(await git(repositories.laptop, 'status', '--porcelain')).toBe('')
		expect(await git(repositories.hub, 'rev-parse', `refs/heads/${names.validation}`)).toBe(
			await git(repositories.worktree, 'rev-parse', 'HEAD'),
		)
	})

	test('a failing validation is told as failed, with its exit code; nothing comes back', async () => {
		const { repositories, start } = await setUp(plainNames, 'echo broken\nexit 3\n')
		const before = await git(repositories.laptop, 'rev-parse', 'HEAD')
		const engine = await start()
		const outcome = await go(engine)
		expect(outcome).toMatchObject({ status: 'failed', problem: { code: 'run-failed' }, run: { exitCode: 3 } })
		expect(await git(repositories.laptop, 'rev-parse', 'HEAD')).toBe(before)
		const notice = await engine.until((state) => Object.values(state.notices)[0])
		expect(notice).toMatchObject({
			title: 'nt failed with exit code 3 on lab',
			body: expect.stringContaining('broken'),
		})
		expect(engine.state().summary.glyph).toBe('attention')
		await engine.call('lookRun', { run: notice.run ?? '' })
		await engine.until((state) => state.runs[notice.run ?? '']?.looked)
	})

	test('a dirty laptop stops before anything is changed', async () => {
		const { repositories, start } = await setUp()
		await repositories.commit('model.txt', 'two\n')
		await writeFile(join(repositories.laptop, 'validate.sh'), 'changed\n')
		const refs = () =>
			Promise.all([repositories.hub, repositories.clone].map((folder) => git(folder, 'show-ref')))
		const before = await refs()
		const engine = await start()
		expect(await go(engine)).toMatchObject({ status: 'stopped', problem: { code: 'tree-dirty' }, run: null })
		expect(await refs()).toEqual(before)
	})

	test('a run that ended while nobody was here: found, told once, its results brought back', async () => {
		const { repositories, sshd, start } = await setUp(
			plainNames,
			`while [ ! -e "$HOME/open" ]; do sleep 0.05; done\n${validate}`,
		)
		await repositories.commit('model.txt', 'two\n')
		const first = await start()
		const { operation } = await first.call('go', {})
		const run = await first.until((state) => Object.values(state.runs)[0])
		await first.dispose()
		expect(operation).not.toBe('')
		await writeFile(join(sshd.home, 'open'), '')
		const second = await start(true)
		const ended = await second.until((state) => {
			const found = state.runs[run.id]
			return found?.outcome.status === 'succeeded' && found
		})
		expect(ended.metrics).toEqual({ mase: 0.81, windows: 2 })
		await second.until((state) =>
			Object.values(state.operations).find((one) => one.outcome?.status === 'succeeded'),
		)
		expect(await readFile(join(repositories.laptop, 'results/metrics.json'), 'utf8')).toContain('0.81')
		const told = await second.until((state) => Object.keys(state.notices)[0])
		expect(told).toBe(`run:${run.id}`)
		await second.call('claimNotice', { notice: `run:${run.id}` })
		await second.dispose()
		const third = await start(true)
		await third.until((state) => state.runs[run.id])
		await third.call('listRuns', {})
		expect(third.state().notices).toEqual({})
	})

	test.each(['ssh2', 'openssh'] as const)(
		'the connection over %s dies in the middle: the run goes on and the go completes',
		async (transport) => {
			const { repositories, sshd, start } = await setUp(
				plainNames,
				`while [ ! -e "$HOME/open" ]; do sleep 0.05; done\n${validate}`,
				'home',
				transport,
			)
			await repositories.commit('model.txt', 'two\n')
			const engine = await start()
			const { operation } = await engine.call('go', {})
			await engine.until((state) => Object.values(state.runs)[0]?.outcome.status === 'running')
			expect(engine.state().workstations.lab?.link).toMatchObject({ transport: { kind: transport } })
			await sshd.stopConnections()
			await engine.until((state) => state.workstations.lab?.link.status !== 'up')
			await writeFile(join(sshd.home, 'open'), '')
			expect(await engine.call('waitOperation', { operation })).toMatchObject({ status: 'succeeded' })
		},
	)

	test('the log of a run is followed live to its end', async () => {
		const { start } = await setUp()
		const engine = await start()
		const { operation } = await engine.call('go', {})
		const run = await engine.until((state) => Object.keys(state.runs)[0])
		await engine.call('followLog', { run, from: 0 })
		await engine.call('waitOperation', { operation })
		await engine.until(() => engine.log.some((chunk) => chunk.ended))
		expect(engine.log.map((chunk) => chunk.text).join('')).toBe('window 1/2\nwindow 2/2\n')
	})
})
