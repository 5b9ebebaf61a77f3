import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { startEngine } from './engine.ts'
import { git, makeRepositories } from './repositories.ts'
import { sshdMissing, startSshd } from './sshd.ts'

/** Runs with parameters through the whole engine: over a real sshd, in tmux, one after another. */

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const validate = `echo "lr $1 $SEED 1/2"
until [ ! -e "$HOME/hold" ]; do sleep 0.05; done
mkdir -p results
printf '{"lr": %s}\\n' "$1" > results/metrics.json
[ "$1" != 13 ] || exit 13
`

async function setUp() {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-runs-go-'))
	cleanups.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
	const sshd = await startSshd()
	cleanups.push(() => sshd.stop())
	const names = {
		base: 'master',
		validation: 'gpu-validation',
		laptop: 'nt',
		clone: 'nt',
		worktree: 'nt-gpu',
	}
	const repositories = await makeRepositories(folder, sshd.home, names, { 'validate.sh': validate })
	const dataFolder = join(folder, 'data')
	await mkdir(dataFolder)
	const project = {
		...{ name: 'nt', workstation: 'lab', local: repositories.laptop, remote: '~/nt' },
		git: { remoteWorktree: '~/nt-gpu' },
		validation: {
			command: 'sh validate.sh {lr}',
			parameters: { lr: '1' },
			environment: { SEED: '7' },
			limit: '10 min',
		},
	}
	const config = { workstations: [{ name: 'lab', ssh: sshd.ssh }], projects: [project] }
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
	const start = async () => {
		const engine = await startEngine({ dataFolder })
		cleanups.push(() => engine.dispose())
		return engine
	}
	const hold = join(sshd.home, 'hold')
	return { repositories, sshd, hold, engine: await start(), start }
}

type Bed = Awaited<ReturnType<typeof setUp>>
const runsOf = (engine: Bed['engine']) =>
	Object.values(engine.state().runs).sort((one, other) => (one.id < other.id ? -1 : 1))

describe.skipIf(sshdMissing)(`runs with parameters${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`, () => {
	test('several sets are one series, in their order; the results come back at its end', async () => {
		const { repositories, engine } = await setUp()
		const sets: Record<string, string>[] = [{ lr: '3' }, { lr: '2' }, {}]
		const { operation } = await engine.call('go', { sets })
		const outcome = await engine.call('waitOperation', { operation })
		expect(outcome).toMatchObject({ status: 'succeeded', problem: null, metrics: { lr: 1 } })
		const runs = runsOf(engine)
		expect(outcome.series).toEqual(runs.map(({ id }) => id))
		expect(outcome.run?.id).toBe(runs[2]?.id)
		expect(runs.map(({ parameters }) => parameters.lr)).toEqual(['3', '2', '1'])
		for (const run of runs)
			expect(run).toMatchObject({
				...{ series: runs[0]?.series, environment: { SEED: '7' }, limitMs: 600_000, queue: null },
				lastLine: `lr ${run.parameters.lr} 7 1/2`,
				metrics: { lr: Number(run.parameters.lr) },
			})
		expect(await git(repositories.laptop, 'show', 'master:results/metrics.json')).toBe('{"lr": 1}')
	})

	test('one that fails does not stop the others; then nothing is brought back', async () => {
		const { engine } = await setUp()
		const { operation } = await engine.call('go', { sets: [{ lr: '13' }, { lr: '2' }] })
		const outcome = await engine.call('waitOperation', { operation })
		const [first, second] = runsOf(engine)
		expect(outcome).toMatchObject({
			status: 'failed',
			problem: { code: 'run-failed' },
			run: { exitCode: 13 },
		})
		expect(outcome.run?.id).toBe(first?.id)
		expect(outcome.series).toHaveLength(2)
		expect(second?.outcome.status).toBe('succeeded')
		expect(outcome.commits.back).toEqual([])
	})

	test('what there is not is said before anything is sent or started', async () => {
		const { repositories, sshd, engine } = await setUp()
		await repositories.commit('model.txt', 'two\n', 'Not to be sent')
		const { operation } = await engine.call('go', { sets: [{ speed: '3' }] })
		expect(await engine.call('waitOperation', { operation })).toMatchObject({
			problem: { code: 'parameter-unknown', facts: { name: 'speed', known: 'lr' } },
			commits: { up: [] },
		})
		expect(await readdir(join(sshd.home, '.hawser/runs')).catch(() => [])).toEqual([])
	})

	test('cancelled, all of the series are; none that waits begins', async () => {
		const { hold, engine } = await setUp()
		await writeFile(hold, '')
		const { operation } = await engine.call('go', { sets: [{ lr: '1' }, { lr: '2' }, { lr: '3' }] })
		await engine.until((state) => Object.values(state.runs).some((run) => run.lastLine.startsWith('lr 1')))
		await engine.call('cancelOperation', { operation })
		expect(await engine.call('waitOperation', { operation })).toMatchObject({ status: 'cancelled' })
		await engine.until((state) =>
			Object.values(state.runs).every((run) => run.outcome.status === 'cancelled'),
		)
		expect(runsOf(engine).map((run) => run.lastLine)).toEqual(['lr 1 7 1/2', '', ''])
	})

	test.each([
		['a run', [{ lr: '1' }]],
		['a series', [{ lr: '1' }, { lr: '2' }]],
	])('cancelled before the answer of its start came, %s is cancelled all the same', async (_, sets) => {
		const { hold, sshd, engine } = await setUp()
		await writeFile(hold, '')
		const { operation } = await engine.call('go', { sets })
		await engine.until((state) =>
			state.operations[operation]?.steps.some(({ id, status }) => id === 'start' && status === 'running'),
		)
		await engine.call('cancelOperation', { operation })
		expect(await engine.call('waitOperation', { operation })).toMatchObject({ status: 'cancelled' })
		await expect
			.poll(() => runsOf(engine).map(({ outcome }) => outcome.status))
			.toEqual(sets.map(() => 'cancelled'))
		expect(await readdir(join(sshd.home, '.hawser/runs'))).toHaveLength(sets.length)
	})

	test('an interrupted go of a series is taken up again', async () => {
		const { hold, engine, start } = await setUp()
		await writeFile(hold, '')
		await engine.call('go', { sets: [{ lr: '1' }, { lr: '2' }] })
		await engine.until(({ runs }) => {
			const all = Object.values(runs)
			return all.length === 2 && all.some((run) => run.lastLine.startsWith('lr 1'))
		})
		const ids = runsOf(engine).map(({ id }) => id)
		await engine.dispose()
		const again = await start()
		const { operation } = await again.call('go', {})
		await again.until((state) =>
			state.operations[operation]?.steps.some(({ id, status }) => id === 'validate' && status === 'running'),
		)
		await rm(hold)
		const outcome = await again.call('waitOperation', { operation })
		expect(outcome).toMatchObject({ status: 'succeeded', series: ids })
		expect(runsOf(again).map(({ id }) => id)).toEqual(ids)
	})
})
