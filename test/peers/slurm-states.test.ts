import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cancelRun, listRuns, newRunId, removeRun } from '../../src/engine/runs/runs.ts'
import { type LocalLink, localLink } from './local-link.ts'
import { makeRunHome, type RunHome, startWatch, until } from './run-home.ts'

/**
 * What cannot be had from a real Slurm in a test (a node that fails, memory that runs out, a limit of minutes, accounts):
 * here `sbatch`, `squeue`, `sacct` and `scancel` are stand-ins that say what a test wrote into files. Their words are
 * those of Slurm 22.05.
 */
let at: RunHome
let link: LocalLink
beforeEach(async () => {
	at = await makeRunHome()
	await at.program('sbatch', '#!/bin/sh\necho x >>"$HOME/submitted"\necho 7\n')
	for (const name of ['squeue', 'sacct', 'scancel'])
		await at.program(
			name,
			`#!/bin/sh\ncat "$HOME/${name}.err" >&2 2>/dev/null\n[ ! -e "$HOME/${name}" ] || . "$HOME/${name}"\n`,
		)
	link = localLink(at.home, { PATH: await at.path('sbatch', 'squeue', 'sacct', 'scancel') })
})
afterEach(async () => await at.dispose())

const start = (more = {}) => at.start(link, 'true', { runner: 'slurm', ...more })
const says = (program: string, text: string) => writeFile(join(at.home, program), text)
/** `fields`: state, raw code, reason, start, end, limit. */
const squeue = (id: string, fields: string) => says('squeue', `printf '%s\\n' '7|${fields}|${id}|'`)
const folder = (id: string, name: string) => join(at.home, '.hawser/runs', id, name)
/** As the node would have left it. */
const began = async (id: string) => {
	for (const [name, text] of Object.entries({ boot: 'b', birth: '1', pid: '1', began: '1795430000000' }))
		await writeFile(folder(id, name), `${text}\n`)
	await rename(folder(id, 'queue'), folder(id, 'waited'))
}
/** As if Slurm had called it over for a long time. */
const long = (id: string) => writeFile(folder(id, 'over'), '1000\n')
const look = async (id: string) => (await listRuns(link, 'lab')).find((run) => run.id === id)

describe('what squeue says of a run that began', () => {
	test.each([
		['TIMEOUT|15|TimeLimit|1|1795431000|1:00', { status: 'timed-out', limitMs: 60_000 }],
		['TIMEOUT|15|TimeLimit|1|1795431000|1-02:03:04', { status: 'timed-out', limitMs: 93_784_000 }],
		['DEADLINE|0|None|1|1795431000|5', { status: 'timed-out', limitMs: 300_000 }],
		['NODE_FAIL|0|NodeDown|1|1795431000|10:00', { status: 'lost', reason: 'node-failed' }],
		['BOOT_FAIL|0|None|1|1795431000|10:00', { status: 'lost', reason: 'node-failed' }],
		[
			'OUT_OF_MEMORY|125|OutOfMemory|1|1795431000|10:00',
			{ status: 'killed', signal: 'KILL', cause: 'out-of-memory' },
		],
		['PREEMPTED|0|None|1|1795431000|10:00', { status: 'killed', signal: 'TERM', cause: 'signal' }],
		['CANCELLED|15|None|1|1795431000|10:00', { status: 'cancelled' }],
	])('%s', async (fields, outcome) => {
		const run = await start()
		await began(run.id)
		await squeue(run.id, fields)
		expect((await look(run.id))?.outcome).toEqual({
			...outcome,
			endedAt: 1_795_431_000_000,
		})
	})

	test.each([
		['FAILED|768|NonZeroExitCode|1|1795431000|10:00', { status: 'failed', exitCode: 3 }],
		['FAILED|9|JobLaunchFailure|1|1795431000|10:00', { status: 'killed', signal: 'KILL' }],
		// Nothing is said to have succeeded without its own word.
		['COMPLETED|0|None|1|1795431000|10:00', { status: 'lost', reason: 'vanished' }],
	])('%s: only after some time, in which its own word may come', async (fields, outcome) => {
		const run = await start()
		await began(run.id)
		await squeue(run.id, fields)
		expect((await look(run.id))?.outcome.status).toBe('running')
		await long(run.id)
		expect((await look(run.id))?.outcome).toMatchObject(outcome)
	})

	test.each(['RUNNING', 'COMPLETING', 'CONFIGURING', 'SUSPENDED', 'SOMETHING_NEW'])(
		'%s: it goes on',
		async (state) => {
			const run = await start()
			await began(run.id)
			await squeue(run.id, `${state}|0|None|1|N/A|10:00`)
			expect((await look(run.id))?.outcome.status).toBe('running')
		},
	)

	test('a signal told it to end: Slurm says why, also when only the accounts know it any more', async () => {
		const [one, two] = [await start(), await start()]
		for (const { id } of [one, two]) {
			await began(id)
			await writeFile(folder(id, 'left'), '143\n')
		}
		await squeue(one.id, 'TIMEOUT|0|TimeLimit|1|1795431000|2:00')
		expect((await look(one.id))?.outcome).toMatchObject({ status: 'timed-out', limitMs: 120_000 })
		await says('squeue', 'echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1')
		await says('sacct', `echo '7|CANCELLED by 1000|0:15|None|1795431000|10|${two.id}'`)
		expect((await look(two.id))?.outcome).toMatchObject({ status: 'cancelled' })
	})

	test('a signal told it to end, and Slurm knows of no reason: it is told as it ended, at once', async () => {
		const run = await start()
		await began(run.id)
		await writeFile(folder(run.id, 'left'), '143\n')
		await squeue(run.id, 'FAILED|36608|NonZeroExitCode|1|1795431000|10:00')
		expect((await look(run.id))?.outcome).toMatchObject({ status: 'killed', signal: 'TERM', cause: 'signal' })
	})

	test('a signal told it to end, and nobody knows the job any more: it is told as it ended', async () => {
		const run = await start()
		await began(run.id)
		await writeFile(folder(run.id, 'left'), '143\n')
		await writeFile(folder(run.id, 'over.gone'), '1000\n')
		expect((await look(run.id))?.outcome).toMatchObject({ status: 'killed', signal: 'TERM' })
	})
})

describe('what cannot be judged', () => {
	test.each([
		[
			'squeue that does not answer',
			{ squeue: 'echo "Unable to contact slurm controller (connect failure)" >&2; exit 1' },
		],
		['squeue that hangs', { squeue: 'exec sleep 60' }],
		['accounts that do not answer', { sacct: 'echo "Connection refused" >&2; exit 1' }],
	])('%s: it goes on, however long it is not known', async (_, answers) => {
		const run = await start()
		await began(run.id)
		await writeFile(folder(run.id, 'over.gone'), '1000\n')
		for (const [program, text] of Object.entries(answers)) await says(program, text)
		expect((await look(run.id))?.outcome.status).toBe('running')
	})

	test.each([
		['lines of another job', "echo '8|CANCELLED|0|None|1|1|1|x|'"],
		['another job of the same number', "echo '7|CANCELLED|0|None|1|1|1|another|'"],
		['garbage', 'echo "||||7|||"; head -c 3000 /dev/urandom'],
	])('%s: it is not taken for its end', async (_, text) => {
		const run = await start()
		await began(run.id)
		await says('squeue', text)
		expect((await look(run.id))?.outcome.status).toBe('running')
		expect((await look(run.id))?.outcome.status).toBe('running')
	})

	test('what waits is said to wait for word of Slurm, and no more once that came', async () => {
		const run = await start()
		await squeue(run.id, 'PENDING|0|Resources|1795431000|N/A|10:00')
		expect((await look(run.id))?.queue).toEqual({
			reason: 'for free resources (Resources)',
			startsAt: 1_795_431_000_000,
		})
		await says('squeue', 'echo "Unable to contact slurm controller (connect failure)" >&2; exit 1')
		expect((await look(run.id))?.queue?.reason).toBe('for word of Slurm’s controller, which does not answer')
		await squeue(run.id, 'PENDING|0|Priority|N/A|N/A|10:00')
		expect((await look(run.id))?.queue).toEqual({
			reason: 'behind jobs of higher priority (Priority)',
			startsAt: null,
		})
	})

	test('scancel that fails: it is not taken for cancelled', async () => {
		const run = await start()
		await squeue(run.id, 'RUNNING|0|None|1|N/A|10:00')
		await says('scancel', 'echo "scancel: error: Access/permission denied" >&2; exit 1')
		await expect(cancelRun(link, run.id)).rejects.toMatchObject({
			problem: { code: 'slurm-refused', facts: { said: expect.stringContaining('permission denied') } },
		})
		await began(run.id)
		await squeue(run.id, 'FAILED|768|NonZeroExitCode|1|1795431000|10:00')
		await long(run.id)
		expect((await look(run.id))?.outcome).toMatchObject({ status: 'failed', exitCode: 3 })
	})
})

describe('submitting', () => {
	test('sbatch that was taken but did not say so in time is found by its name', async () => {
		await at.program(
			'sbatch',
			'#!/bin/sh\necho x >>"$HOME/submitted"\necho "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation" >&2\nexit 1\n',
		)
		await says('squeue', 'echo 7')
		expect((await start()).job).toBe('7')
	})

	test('sbatch that says something else than a number', async () => {
		await at.program('sbatch', '#!/bin/sh\necho Welcome to the cluster\n')
		await expect(start()).rejects.toMatchObject({ problem: { code: 'slurm-refused' } })
		expect(await listRuns(link, 'lab')).toEqual([])
	})

	test('sbatch of a federation names the cluster too', async () => {
		await at.program('sbatch', '#!/bin/sh\necho "12;south"\n')
		expect((await start()).job).toBe('12')
	})

	test('each option is one word, whatever it holds', async () => {
		await at.program('sbatch', '#!/bin/sh\nfor word in "$@"; do echo "$word" >>"$HOME/words"; done\necho 7\n')
		await start({
			slurm: {
				partition: 'a b',
				gres: 'gpu:1',
				account: "it's; echo $HOME",
				options: ['--constraint=x&y', '--comment=*'],
			},
			limitMs: 90_000,
		})
		const words = (await readFile(join(at.home, 'words'), 'utf8')).split('\n')
		expect(words).toEqual(
			expect.arrayContaining([
				'--no-requeue',
				'--partition=a b',
				'--gres=gpu:1',
				"--account=it's; echo $HOME",
				'--constraint=x&y',
				'--comment=*',
				'--time=3',
			]),
		)
	})

	test('one that is going on cannot be taken away', async () => {
		const run = await start()
		await squeue(run.id, 'RUNNING|0|None|1|N/A|10:00')
		await expect(removeRun(link, run.id)).rejects.toMatchObject({ problem: { code: 'run-going' } })
	})

	test('from another login node it is seen too, and only the first may forget it', async () => {
		const run = await start()
		const own = (await readdir(folder(run.id, ''))).find((name) => name.startsWith('on-'))
		await rm(folder(run.id, own ?? ''))
		await writeFile(folder(run.id, 'over.gone'), '1000\n')
		expect((await look(run.id))?.outcome.status).toBe('running')
		await squeue(run.id, 'CANCELLED|0|None|1|1795431000|10:00')
		expect((await look(run.id))?.outcome.status).toBe('cancelled')
	})
})

test('a watch tells why a run waits, and that it waits no more', async () => {
	const run = await start({ id: newRunId('nt', Date.now()) })
	await squeue(run.id, 'PENDING|0|Resources|N/A|N/A|10:00')
	const watch = await startWatch(link)
	await until(() => watch.changed.some(({ queue }) => queue?.reason.includes('Resources')))
	await began(run.id)
	await squeue(run.id, 'RUNNING|0|None|1|N/A|10:00')
	await until(() => watch.changed.some(({ queue }) => queue === null))
	await squeue(run.id, 'NODE_FAIL|0|NodeDown|1|1795431000|10:00')
	await until(() => watch.ended.length === 1)
	await watch.stop()
})
