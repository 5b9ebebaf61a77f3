import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Run } from '../../src/contract/state.ts'
import { cancelRun, listRuns, newRunId, type RunRequest } from '../../src/engine/runs/runs.ts'
import { startSeries } from '../../src/engine/runs/series.ts'
import { localLink } from './local-link.ts'
import { startWatch, until, whenEnded } from './run-home.ts'
import { type Slurm, slurmMissing, startSlurm } from './slurm.ts'
import { type LoginNode, startLoginNode } from './slurm-home.ts'
import { sshdMissing } from './sshd.ts'

const missing = slurmMissing ?? sshdMissing
if (missing) console.warn(`runs in a real Slurm are skipped: ${missing}`)

describe.skipIf(missing !== null)('runs in a real Slurm, over a real OpenSSH server', () => {
	let slurm: Slurm
	let node: LoginNode
	beforeAll(async () => {
		slurm = await startSlurm()
	})
	afterAll(async () => await slurm?.stop())
	beforeEach(async () => {
		node = await startLoginNode(slurm)
	})
	afterEach(async () => {
		await slurm.say('scancel', '--state=PENDING').catch(() => {})
		await slurm.say('scancel', '--state=RUNNING').catch(() => {})
		await node.dispose()
	})

	const start = (command: string, more: Partial<RunRequest> = {}) =>
		node.at.start(node.link, command, { runner: 'slurm', ...more })
	const options = (...words: string[]): Partial<RunRequest> => ({ slurm: { options: words } })
	const find = async (id: string): Promise<Run | undefined> =>
		(await listRuns(node.link, 'lab')).find((run) => run.id === id)
	const folder = (id: string, name = '') => join(node.at.home, '.hawser/runs', id, name)
	const go = () => writeFile(join(node.at.folder, 'go'), '')
	const awaits = 'until [ -e go ]; do sleep 0.05; done'
	const began = (id: string) => until(async () => (await find(id))?.queue === null)

	test('succeeds, with its metrics, its environment and a GPU', async () => {
		const watch = await startWatch(node.link)
		const run = await start(
			`cat; echo "$TEXT $CUDA_VISIBLE_DEVICES $(pwd)"; echo '{"MASE": 0.87}' > results/m.json; ${awaits}`,
			{ environment: { TEXT: "it's  “this”" }, slurm: { gres: 'gpu:2', partition: 'main', options: [] } },
		)
		expect(run).toMatchObject({ runner: 'slurm', outcome: { status: 'running' } })
		expect(run.job).toMatch(/^\d+$/)
		expect(run.queue?.reason).toBeDefined()
		await began(run.id)
		await go()
		await until(() => watch.ended.length === 1)
		const ended = await whenEnded(node.link, run.id)
		expect(ended).toMatchObject({
			outcome: { status: 'succeeded' },
			metrics: { MASE: 0.87 },
			lastLine: `it's  “this” 0,1 ${node.at.folder}`,
			job: run.job,
			queue: null,
		})
		expect(watch.ended).toMatchObject([{ id: run.id, outcome: { status: 'succeeded' } }])
		await until(
			async () =>
				(await slurm.say('squeue', '-h', '-t', 'all', '-j', run.job ?? '', '-o', '%T')).trim() ===
				'COMPLETED',
		)
		await watch.stop()
	})

	test('fails with its exit code, also for Slurm; is killed by a signal; takes longer than its limit', async () => {
		const three = await start('echo oh no; exit 3')
		const killed = await start('kill -KILL $$')
		const late = await start('sleep 600', { limitMs: 1500 })
		expect(await whenEnded(node.link, three.id)).toMatchObject({
			outcome: { status: 'failed', exitCode: 3 },
			lastLine: 'oh no',
		})
		expect((await whenEnded(node.link, killed.id)).outcome).toMatchObject({
			status: 'killed',
			signal: 'KILL',
		})
		expect((await whenEnded(node.link, late.id)).outcome).toMatchObject({
			status: 'timed-out',
			limitMs: 1500,
		})
		const sayOf = async (run: Run) => (await slurm.say('scontrol', 'show', 'job', '-o', run.job ?? '')).trim()
		await until(async () => (await sayOf(three)).includes(' ExitCode=3:0 '))
		expect(await sayOf(late)).toContain(' TimeLimit=00:02:00 ')
		expect(await sayOf(late)).toContain(' Requeue=0 ')
	})

	test('is cancelled while it runs, with all it started; again is safe', async () => {
		const run = await start('trap "" TERM; sleep 601 & sleep 602; wait')
		await until(() => node.at.living().some(({ command }) => command.includes('sleep 602')))
		await cancelRun(node.link, run.id)
		expect((await whenEnded(node.link, run.id)).outcome.status).toBe('cancelled')
		await until(() => !node.at.living().some(({ command }) => /sleep 60/.test(command)))
		await cancelRun(node.link, run.id)
		expect((await whenEnded(node.link, run.id)).outcome.status).toBe('cancelled')
	})

	test('waits with Slurm’s own reason; is cancelled while it is held', async () => {
		const watch = await startWatch(node.link)
		const held = await start('true', options('--hold'))
		await until(async () => (await find(held.id))?.queue?.reason === 'held by its user (JobHeldUser)')
		const later = await start('true', options('--begin=now+1hour'))
		await until(async () => (await find(later.id))?.queue?.reason === 'for its time to begin (BeginTime)')
		const startsAt = (await find(later.id))?.queue?.startsAt ?? 0
		expect(Math.abs(startsAt - Date.now() - 3_600_000)).toBeLessThan(120_000)
		await until(() => watch.changed.some(({ id, queue }) => id === held.id && queue?.reason.includes('held')))
		await cancelRun(node.link, held.id)
		expect((await find(held.id))?.outcome.status).toBe('cancelled')
		await until(() => watch.ended.some(({ id }) => id === held.id))
		await watch.stop()
	})

	test('what somebody ends with scancel is cancelled, not killed', async () => {
		const run = await start(`trap 'echo tidied; exit 0' TERM; echo up; while :; do sleep 0.05; done`)
		await until(async () => (await find(run.id))?.lastLine === 'up')
		const held = await start('true', options('--hold'))
		await slurm.say('scancel', run.job ?? '', held.job ?? '')
		expect(await whenEnded(node.link, run.id)).toMatchObject({
			outcome: { status: 'cancelled' },
			lastLine: 'tidied',
		})
		expect((await whenEnded(node.link, held.id)).outcome.status).toBe('cancelled')
	})

	test('its wrapper is killed: Slurm tells how it ended', async () => {
		const run = await start('sleep 600')
		await began(run.id)
		process.kill(await node.at.pidOf(run.id), 'SIGKILL')
		expect((await whenEnded(node.link, run.id)).outcome).toMatchObject({ status: 'killed', signal: 'KILL' })
	})

	test('a home that its node does not have: says so', async () => {
		const run = await start('true', options('--hold'))
		await rename(folder(run.id), folder(`.away-${run.id}`))
		await slurm.say('scontrol', 'release', run.job ?? '')
		await until(
			async () =>
				(await slurm.say('squeue', '-h', '-t', 'all', '-j', run.job ?? '', '-o', '%T')).trim() === 'FAILED',
		)
		await rename(folder(`.away-${run.id}`), folder(run.id))
		const ended = await whenEnded(node.link, run.id)
		expect(ended.outcome).toMatchObject({ status: 'failed', exitCode: 126 })
		expect(ended.lastLine).toContain('Is this home there on the nodes too?')
	})

	test('a job that nobody knows is forgotten, not at once', async () => {
		const run = await start('true', options('--hold'))
		const [own] = await Promise.all([readFile(folder(run.id, 'job'), 'utf8')])
		await writeFile(folder(run.id, 'job'), '99999\n')
		expect((await find(run.id))?.outcome.status).toBe('running')
		expect((await find(run.id))?.outcome.status).toBe('running')
		await writeFile(folder(run.id, 'over.gone'), '1000\n')
		expect((await find(run.id))?.outcome).toMatchObject({ status: 'lost', reason: 'forgotten' })
		await slurm.say('scancel', own.trim())
	})

	test('what Slurm does not take: its words, and nothing is left', async () => {
		await expect(start('true', { slurm: { gres: 'gpu:9', options: [] } })).rejects.toMatchObject({
			problem: { code: 'slurm-refused', facts: { said: 'Requested node configuration is not available' } },
		})
		await expect(start('true', { slurm: { partition: 'no; such', options: [] } })).rejects.toMatchObject({
			problem: { code: 'slurm-refused', facts: { said: expect.stringContaining('Invalid partition name') } },
		})
		const local = localLink(node.at.home, { PATH: await node.at.path('sbatch') })
		await expect(node.at.start(local, 'true', { runner: 'slurm' })).rejects.toMatchObject({
			problem: { code: 'slurm-missing', facts: { tool: 'sbatch' } },
		})
		expect(await listRuns(node.link, 'lab')).toEqual([])
	})

	test('a series is one array, so many at once as the settings say', async () => {
		const requests = ['echo "$CUDA_VISIBLE_DEVICES"', 'exit 3', awaits, 'true', 'true'].map(
			(command, index) => ({
				id: newRunId('nt', Date.now() + index),
				project: 'nt',
				workstation: 'lab',
				folder: node.at.folder,
				branch: 'gpu-validation',
				commit: 'abc',
				command,
				metrics: [],
				runner: 'slurm' as const,
				parameters: { seed: String(index) },
				slurm: { gres: 'gpu:1', atOnce: 1, options: [] },
			}),
		)
		const series = newRunId('nt-series', Date.now())
		const runs = await startSeries(node.link, requests, series)
		const base = runs[0]?.job?.split('_')[0] ?? ''
		expect(runs.map(({ job }) => job)).toEqual(requests.map((_, index) => `${base}_${index}`))
		const ids = requests.map(({ id }) => id)
		await until(async () => (await find(ids[2] ?? ''))?.queue === null)
		await until(async () => (await find(ids[3] ?? ''))?.queue?.reason.includes('JobArrayTaskLimit') ?? false)
		await cancelRun(node.link, ids[4] ?? '')
		await go()
		const ended = await Promise.all(ids.map((id) => whenEnded(node.link, id)))
		expect(ended.map(({ outcome }) => outcome.status)).toEqual([
			...['succeeded', 'failed', 'succeeded', 'succeeded', 'cancelled'],
		])
		expect(ended[0]?.lastLine).toBe('0')
		expect(ended.every((run) => run.series === series && run.runner === 'slurm')).toBe(true)
		const again = await startSeries(node.link, requests, series)
		expect(again.map(({ job }) => job)).toEqual(runs.map(({ job }) => job))
	})

	test('twenty at once are asked for in one question', async () => {
		await node.program('squeue', '#!/bin/sh\necho "$*" >>"$HOME/asked"\nexec /usr/bin/squeue "$@"\n')
		const runs = await Promise.all(
			Array.from({ length: 20 }, (_, index) => start(`${awaits}; exit ${index % 2}`)),
		)
		await until(async () => (await listRuns(node.link, 'lab')).every(({ queue }) => queue === null))
		await rm(join(node.at.home, 'asked'))
		expect(await listRuns(node.link, 'lab')).toHaveLength(20)
		const asked = (await readFile(join(node.at.home, 'asked'), 'utf8')).trim().split('\n')
		expect(asked).toHaveLength(1)
		for (const { job } of runs) expect(asked[0]).toContain(job)
		await go()
		for (const [index, run] of runs.entries())
			expect((await whenEnded(node.link, run.id)).outcome.status).toBe(index % 2 ? 'failed' : 'succeeded')
	})

	test('killed between sbatch and its answer: found by its name, never submitted twice', async () => {
		await node.program(
			'sbatch',
			'#!/bin/sh\n/usr/bin/sbatch "$@" >"$HOME/said"\nwhile [ ! -e "$HOME/free" ]; do sleep 0.1; done\n',
		)
		const id = newRunId('nt', Date.now())
		const lost = start(`${awaits}; exit 5`, { id, ...options('--hold') }).catch((error: unknown) => error)
		await until(
			async () => (await readFile(join(node.at.home, 'said'), 'utf8').catch(() => '')).trim() !== '',
		)
		expect(await find(id)).toBeUndefined()
		await node.sshd.stopCommands()
		expect(await lost).toMatchObject({
			problem: { code: expect.stringMatching(/link-lost|run-not-started|remote/) },
		})
		for (const { pid, command } of node.at.living())
			if (command.includes('sbatch') || command.includes('read -r s')) process.kill(pid, 'SIGKILL')
		await until(async () => (await find(id)) !== undefined)
		const job = (await readFile(join(node.at.home, 'said'), 'utf8')).trim()
		expect(await find(id)).toMatchObject({ job, outcome: { status: 'running' } })
		expect((await start('true', { id })).job).toBe(job)
		expect((await slurm.say('squeue', '-h', '-t', 'all', `--name=${id}`, '-o', '%A')).trim()).toBe(job)
		await slurm.say('scontrol', 'release', job)
		await go()
		expect((await whenEnded(node.link, id)).outcome).toMatchObject({ status: 'failed', exitCode: 5 })
	})

	test('the controller is down: nothing is taken for gone; then all of it is found', async () => {
		const held = await start('true', options('--hold'))
		const run = await start(`${awaits}; exit 4`)
		await began(run.id)
		const watch = await startWatch(node.link)
		await slurm.stopController()
		try {
			const [started, cancelled, runs] = await Promise.allSettled([
				start('true'),
				cancelRun(await node.newLink(), held.id),
				listRuns(await node.newLink(), 'lab'),
			])
			expect(started).toMatchObject({ status: 'rejected', reason: { problem: { code: 'slurm-silent' } } })
			expect(cancelled).toMatchObject({ status: 'rejected', reason: { problem: { code: 'slurm-silent' } } })
			expect(runs).toMatchObject({ status: 'fulfilled' })
			expect((await find(held.id))?.outcome.status).toBe('running')
			// What a run writes itself needs no controller.
			await go()
			await until(() => watch.ended.some(({ id }) => id === run.id))
			expect((await find(run.id))?.outcome).toMatchObject({ status: 'failed', exitCode: 4 })
		} finally {
			await slurm.startController()
		}
		expect(await listRuns(node.link, 'lab')).toHaveLength(2)
		await slurm.say('scontrol', 'release', held.job ?? '')
		expect((await whenEnded(node.link, held.id)).outcome.status).toBe('succeeded')
		await watch.stop()
	})
})
