import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type EngineUnderTest, startEngine } from './engine.ts'
import { plainNames } from './git-project.ts'
import { makeRepositories } from './repositories.ts'
import { until } from './run-home.ts'
import { type Slurm, slurmMissing, startSlurm } from './slurm.ts'
import { type LoginNode, startLoginNode } from './slurm-home.ts'
import { sshdMissing } from './sshd.ts'

const missing = slurmMissing ?? sshdMissing
if (missing) console.warn(`the engine with a real Slurm is skipped: ${missing}`)

const validate = `seed=\${1-0}
until [ -e "$HOME/go" ]; do sleep 0.05; done
mkdir -p results
printf '{"mase": 0.%s}\\n' "$seed" > "results/$seed.json"
`

describe.skipIf(missing !== null)('the engine, with a real Slurm behind a real OpenSSH server', () => {
	let slurm: Slurm
	let node: LoginNode
	let folder: string
	const engines: EngineUnderTest[] = []
	beforeAll(async () => {
		slurm = await startSlurm()
	})
	afterAll(async () => await slurm?.stop())
	beforeEach(async () => {
		node = await startLoginNode(slurm)
		folder = await mkdtemp(join(tmpdir(), 'hawser-slurm-'))
	})
	afterEach(async () => {
		for (const engine of engines.splice(0)) await engine.dispose()
		await node.dispose()
		await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
	})

	async function setUp(slurmSettings: object) {
		const { sshd } = node
		const repositories = await makeRepositories(folder, sshd.home, plainNames, { 'validate.sh': validate })
		const dataFolder = join(folder, 'data')
		await mkdir(dataFolder)
		const config = {
			workstations: [{ name: 'lab', ssh: sshd.ssh, runner: 'slurm', slurm: slurmSettings }],
			projects: [
				{
					...{ name: 'nt', workstation: 'lab', local: repositories.laptop, remote: `~/${plainNames.clone}` },
					git: { remoteWorktree: `~/${plainNames.worktree}` },
					validation: { command: 'sh validate.sh {seed}', parameters: { seed: '7' } },
				},
			],
		}
		await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
		const start = async () => {
			const engine = await startEngine({ dataFolder })
			engines.push(engine)
			return engine
		}
		return { start, laptop: repositories.laptop }
	}
	const release = () => writeFile(join(node.at.home, 'go'), '')

	test('the same button: go submits, waits and brings back; a series is one array', async () => {
		const { start, laptop } = await setUp({ gres: 'gpu:1', atOnce: 1 })
		const engine = await start()
		await release()
		const sets = ['1', '2', '3'].map((seed) => ({ seed }))
		const { operation } = await engine.call('go', { sets })
		const outcome = await engine.call('waitOperation', { operation })
		expect(outcome).toMatchObject({ status: 'succeeded', problem: null })
		expect(outcome.series).toHaveLength(3)
		const runs = outcome.series.map((id) => engine.state().runs[id])
		expect(runs.map((run) => run?.parameters)).toEqual(sets)
		expect(new Set(runs.map((run) => run?.job?.split('_')[0])).size).toBe(1)
		expect(await readFile(join(laptop, 'results/3.json'), 'utf8')).toBe('{"mase": 0.3}\n')
	})

	test('the engine ends while a run waits and runs: the next one learns its end, and tells it once', async () => {
		const { start } = await setUp({})
		const first = await start()
		const { operation } = await first.call('run', {})
		const outcome = await first.call('waitOperation', { operation })
		expect(outcome).toMatchObject({ status: 'succeeded' })
		const id = outcome.run?.id ?? ''
		expect(first.state().runs[id]).toMatchObject({ runner: 'slurm', parameters: { seed: '7' } })
		await first.until(({ runs }) => runs[id]?.queue === null)
		await first.dispose()
		engines.splice(0)
		await release()
		const job = first.state().runs[id]?.job ?? ''
		await until(
			async () =>
				(await slurm.say('squeue', '-h', '-t', 'all', '-j', job, '-o', '%T')).trim() === 'COMPLETED',
		)
		const second = await start()
		await second.call('check', {})
		const run = await second.until(({ runs }) => runs[id]?.outcome.status === 'succeeded' && runs[id])
		expect(run.metrics).toEqual({ mase: 0.7 })
		const notice = await second.until((state) => Object.values(state.notices)[0])
		expect(notice.id).toBe(`run:${id}`)
		expect(await second.call('claimNotice', { notice: notice.id })).toEqual({ first: true })
		await second.dispose()
		engines.splice(0)
		const third = await start()
		await third.call('check', {})
		expect(third.state().notices).toEqual({})
	})
})
