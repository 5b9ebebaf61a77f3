import { existsSync } from 'node:fs'
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { newRunId, startRun } from '../../src/engine/runs/runs.ts'
import { startFaultProxy } from './fault-proxy.ts'
import { makeHostileBed, temporaryFolder, writeProgram } from './hostile-bed.ts'
import { localLink } from './local-link.ts'
import { until } from './run-home.ts'
import { sshdMissing } from './sshd.ts'

const why = sshdMissing ? ` (skipped: ${sshdMissing})` : ''

/** Holds back what starts a run, for as long as file `hold` is in the home; lets everything else through. */
const holding = `[ -e "$HOME/hold" ] || exec /bin/sh "$@"
case $2 in *'s=$(cat)'*) ;; *) exec /bin/sh "$@" ;; esac
script=$(cat)
case $script in *'it did not come up within'*) : >"$HOME/held"; exec sleep 60 ;; esac
printf '%s\\n' "$script" | /bin/sh "$@"`

async function makeBed() {
	const shell = await writeProgram(join(await temporaryFolder(), 'shell'), holding)
	const bed = await makeHostileBed({ env: { SHELL: shell } })
	const line = await startFaultProxy(bed.sshd)
	onTestFinished(() => line.stop())
	const { home, ssh, hostKeys, knownHostsFile } = bed.sshd
	await appendFile(knownHostsFile, `[127.0.0.1]:${line.port} ${hostKeys.ed25519}\n`)
	await bed.configure((config) => ({
		...config,
		workstations: [{ name: 'lab', ssh: { ...ssh, port: line.port, deadAfter: 3 } }],
	}))
	const runs = join(home, '.hawser/runs')
	/** What its start would have been asked for, had it come. */
	const comesLate = (id: string) =>
		startRun(localLink(home), {
			...{ id, project: 'nt', workstation: 'lab', folder: '~', branch: 'gpu-validation', commit: '' },
			...{ command: 'true', metrics: [], runner: 'detached' },
		})
	const expected = async (): Promise<string[]> => {
		const { expected, starts } = JSON.parse(await readFile(join(bed.dataFolder, 'ledger.json'), 'utf8'))
		return [...expected, ...Object.keys(starts)]
	}
	return { ...bed, home, line, runs, comesLate, expected }
}

describe.skipIf(sshdMissing)(`a start that was lost on its way${why}`, () => {
	test('with the link: once that is up again its operation tells that it never began', async () => {
		const { home, line, start, runs, expected, comesLate } = await makeBed()
		const engine = await start()
		await engine.call('connect', { workstation: 'lab' })
		await engine.call('check', {})
		await writeFile(join(home, 'hold'), '')
		const { operation } = await engine.call('run', {})
		await until(() => existsSync(join(home, 'held')))
		const [id = ''] = await expected()
		line.reset()
		await until(() => engine.state().operations[operation]?.outcome?.problem?.code === 'run-never-began')
		expect(engine.state().operations[operation]).toMatchObject({
			kind: 'run',
			outcome: { status: 'failed', problem: { facts: { run: id } } },
		})
		await until(async () => (await expected()).length === 0)
		expect(engine.state().runs).toEqual({})
		// What was held back comes after all.
		await expect(comesLate(id)).rejects.toMatchObject({ problem: { code: 'run-not-started' } })
		expect(await readdir(join(runs, id))).toEqual(['never'])
		await rm(join(home, 'hold'))
		const again = await engine.call('run', {})
		expect(await engine.call('waitOperation', again)).toMatchObject({ status: 'succeeded' })
		expect(engine.state().operations[operation]).toBeUndefined()
	})

	test('with the engine: the next one tells it, and of one that began it tells that', async () => {
		const { start, dataFolder, expected, comesLate, runs } = await makeBed()
		const [lost, begun] = [newRunId('nt', Date.now()), newRunId('nt', Date.now() + 1000)]
		await comesLate(begun)
		const by = { workstation: 'lab', project: 'nt', operation: 'before', kind: 'go' }
		await writeFile(
			join(dataFolder, 'ledger.json'),
			JSON.stringify({
				expected: [lost, begun],
				starts: { [lost]: by, [begun]: by },
				toBringBack: { [lost]: 'nt' },
			}),
		)
		const engine = await start()
		await engine.call('connect', { workstation: 'lab' })
		await until(() => engine.state().operations.before !== undefined)
		expect(engine.state().operations.before).toMatchObject({
			...{ kind: 'go', project: 'nt', workstation: 'lab', steps: [{ id: 'start', status: 'failed' }] },
			outcome: { status: 'failed', problem: { code: 'run-never-began', facts: { run: lost } } },
		})
		await until(() => engine.state().runs[begun]?.outcome.status === 'succeeded')
		await until(async () => (await expected()).length === 0)
		expect(JSON.parse(await readFile(join(dataFolder, 'ledger.json'), 'utf8'))).toMatchObject({
			toBringBack: {},
			untold: [begun],
		})
		expect(await readdir(join(runs, lost))).toEqual(['never'])
	})

	test('and was cut off on the workstation: what was begun there never comes to be', async () => {
		const { start, dataFolder, runs } = await makeBed()
		const id = newRunId('nt', Date.now())
		await mkdir(join(runs, id), { recursive: true })
		await writeFile(join(runs, id, 'run'), 'project nt\n')
		const starts = { [id]: { workstation: 'lab', project: 'nt', operation: 'before', kind: 'run' } }
		await writeFile(join(dataFolder, 'ledger.json'), JSON.stringify({ expected: [id], starts }))
		const engine = await start()
		await engine.call('connect', { workstation: 'lab' })
		await until(() => engine.state().operations.before !== undefined)
		// A wrapper that comes late finds that it may not.
		expect((await readdir(join(runs, id))).sort()).toEqual(['go', 'never', 'run'])
		expect(engine.state().runs).toEqual({})
	})
})
