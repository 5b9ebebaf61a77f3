import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cancelRun, listRuns, newRunId, pruneRuns, type RunRequest } from '../../src/engine/runs/runs.ts'
import { startSeries } from '../../src/engine/runs/series.ts'
import { localLink } from './local-link.ts'
import { makeRunHome, type RunHome, startWatch, until, whenEnded } from './run-home.ts'

let at: RunHome
beforeEach(async () => {
	at = await makeRunHome({ name: "it's a “home”" })
})
afterEach(async () => await at.dispose())

const tmuxMissing = existsSync('/usr/bin/tmux') ? null : 'no tmux on this machine'
if (tmuxMissing) console.warn(`series in tmux are skipped: ${tmuxMissing}`)
const both = [{ runner: 'tmux' as const }, { runner: 'detached' as const }]

/** One request for each command. */
function requests(commands: readonly string[], runner: RunRequest['runner'] = 'detached'): RunRequest[] {
	return commands.map((command, index) => ({
		id: newRunId('nt', Date.now()),
		project: 'nt',
		workstation: 'lab',
		folder: at.folder,
		branch: 'gpu-validation',
		commit: 'abc',
		command,
		metrics: ['results/*.json'],
		runner,
		parameters: { seed: String(index), text: "it's  “this”" },
	}))
}

const newSeries = () => newRunId('nt-series', Date.now())
const go = (name = 'go') => writeFile(join(at.folder, name), '')
const awaits = (name = 'go') => `until [ -e ${name} ]; do sleep 0.05; done`
const statuses = async (ids: readonly string[]) => {
	const runs = new Map((await listRuns(localLink(at.home), 'lab')).map((run) => [run.id, run]))
	return ids.map((id) => runs.get(id)?.outcome.status)
}
const hidden = async () =>
	(await readdir(join(at.home, '.hawser/runs'))).filter((name) => name.startsWith('.series-'))

describe.each(both)('a series, $runner', ({ runner }) => {
	const skip = runner === 'tmux' && tmuxMissing !== null
	const link = () => localLink(at.home)

	test.skipIf(skip)(
		'one after another, each with its own parameters; what fails does not stop the next',
		async () => {
			const series = newSeries()
			const line = 'echo "$HAWSER_RUN" >> "$HOME/order"'
			const wishes = requests(
				[`${awaits()}; ${line}`, `${line}; exit 3`, `cat; ${line}; kill -KILL $$`, line],
				runner,
			)
			const runs = await startSeries(link(), wishes, series)
			const ids = wishes.map(({ id }) => id)
			expect(runs.map(({ id }) => id)).toEqual(ids)
			await until(async () =>
				(await listRuns(link(), 'lab')).every((run) => run.queue === null || run.id !== ids[0]),
			)
			const listed = await listRuns(link(), 'lab')
			expect(listed.find(({ id }) => id === ids[1])).toMatchObject({
				series,
				runner,
				outcome: { status: 'running' },
				queue: { reason: 'for the run before it', startsAt: null },
				parameters: { seed: '1', text: "it's  “this”" },
			})
			await go()
			const ended = await Promise.all(ids.map((id) => whenEnded(link(), id)))
			expect(ended.map(({ outcome }) => outcome.status)).toEqual([
				'succeeded',
				'failed',
				'killed',
				'succeeded',
			])
			expect((await readFile(join(at.home, 'order'), 'utf8')).trim().split('\n')).toEqual(ids)
			expect(ended.every((run) => run.queue === null && run.series === series)).toBe(true)
			for (const [index, run] of ended.entries())
				expect(run.startedAt).toBeGreaterThanOrEqual(ended[index - 1]?.startedAt ?? 0)
			await until(async () => (await hidden()).length === 0)
		},
	)

	test.skipIf(skip)('one that waits is cancelled: it is passed over', async () => {
		const wishes = requests([awaits(), 'echo never > "$HOME/never"', 'true'], runner)
		const ids = wishes.map(({ id }) => id)
		await startSeries(link(), wishes, newSeries())
		await cancelRun(link(), ids[1] ?? '')
		await cancelRun(link(), ids[1] ?? '')
		expect(await statuses(ids)).toEqual(['running', 'cancelled', 'running'])
		await go()
		await whenEnded(link(), ids[2] ?? '')
		expect(await statuses(ids)).toEqual(['succeeded', 'cancelled', 'succeeded'])
		expect(existsSync(join(at.home, 'never'))).toBe(false)
	})

	test.skipIf(skip)('one that runs is cancelled: the next one begins', async () => {
		const wishes = requests(['sleep 600', 'exit 4'], runner)
		const ids = wishes.map(({ id }) => id)
		await startSeries(link(), wishes, newSeries())
		await until(async () => existsSync(join(at.home, '.hawser/runs', ids[0] ?? '', 'pid')))
		await cancelRun(link(), ids[0] ?? '')
		await whenEnded(link(), ids[1] ?? '')
		expect(await statuses(ids)).toEqual(['cancelled', 'failed'])
	})

	test.skipIf(skip)(
		'what runs them is killed: the one that runs goes on, the others are told as lost',
		async () => {
			const wishes = requests([awaits(), 'true', 'true'], runner)
			const ids = wishes.map(({ id }) => id)
			const series = newSeries()
			const watch = await startWatch(link())
			await startSeries(link(), wishes, series)
			// Also what began before the watch saw it wait waits no more.
			await until(() => watch.changed.some(({ id, queue }) => id === ids[0] && queue === null))
			await cancelRun(link(), ids[1] ?? '')
			const pid = Number(await readFile(join(at.home, '.hawser/runs', `.series-${series}`, 'pid'), 'utf8'))
			process.kill(pid, 'SIGKILL')
			expect((await whenEnded(link(), ids[2] ?? '')).outcome).toMatchObject({
				status: 'lost',
				reason: 'vanished',
			})
			expect(await statuses(ids)).toEqual(['running', 'cancelled', 'lost'])
			await go()
			await until(() => watch.ended.length === 3)
			expect(await statuses(ids)).toEqual(['succeeded', 'cancelled', 'lost'])
			await watch.stop()
		},
	)

	test.skipIf(skip)('the workstation restarts: all of it is lost for that reason', async () => {
		const wishes = requests(['sleep 600', 'true'], runner)
		const ids = wishes.map(({ id }) => id)
		const series = newSeries()
		await startSeries(link(), wishes, series)
		await until(() => existsSync(join(at.home, '.hawser/runs', ids[0] ?? '', 'pid')))
		for (const { pid } of at.living()) process.kill(pid, 'SIGKILL')
		for (const name of [ids[0] ?? '', `.series-${series}`])
			await writeFile(join(at.home, '.hawser/runs', name, 'boot'), 'another\n')
		for (const id of ids)
			expect((await whenEnded(link(), id)).outcome).toMatchObject({ status: 'lost', reason: 'restarted' })
	})

	test.skipIf(skip)('again with the same id starts nothing, also when it is over', async () => {
		const wishes = requests(['echo one >> "$HOME/count"', 'echo two >> "$HOME/count"'], runner)
		const series = newSeries()
		const [first, second] = await Promise.all([
			startSeries(link(), wishes, series),
			startSeries(link(), wishes, series),
		])
		expect(first.map(({ id }) => id)).toEqual(second.map(({ id }) => id))
		await whenEnded(link(), wishes[1]?.id ?? '')
		await until(async () => (await hidden()).length === 0)
		const again = await startSeries(link(), wishes, series)
		expect(again.map(({ outcome }) => outcome.status)).toEqual(['succeeded', 'succeeded'])
		expect(await readFile(join(at.home, 'count'), 'utf8')).toBe('one\ntwo\n')
	})
})

describe('a series', () => {
	test('the connection goes right after: it goes on to its end', async () => {
		const link = localLink(at.home)
		const wishes = requests([awaits(), 'true'])
		await startSeries(link, wishes, newSeries())
		link.drop()
		await go()
		for (const { id } of wishes)
			expect((await whenEnded(localLink(at.home), id)).outcome.status).toBe('succeeded')
	})

	test.skipIf(tmuxMissing !== null)('without tmux it runs detached, and says so', async () => {
		const link = localLink(at.home, { PATH: await at.path('tmux') })
		const runs = await startSeries(link, requests(['true', 'true'], 'tmux'), newSeries())
		expect(runs.map(({ runner }) => runner)).toEqual(['detached', 'detached'])
		for (const { id } of runs) await whenEnded(link, id)
	})

	test('a start that was killed before it counted is taken away by pruning, a day later', async () => {
		const link = localLink(at.home)
		const [run] = await startSeries(link, requests(['true']), newSeries())
		await whenEnded(link, run?.id ?? '')
		const runs = join(at.home, '.hawser/runs')
		for (const name of ['20200101T000000Z-nt-0', '20200101T000000Z-nt-1', '.series-old']) {
			await mkdir(join(runs, name))
			await writeFile(join(runs, name, 'run'), '')
			if (!name.endsWith('1')) await utimes(join(runs, name), 1, 1)
		}
		await pruneRuns(link, { days: 90, mebibytes: 1000 }, [])
		expect((await readdir(runs)).sort()).toEqual(['20200101T000000Z-nt-1', run?.id])
	})

	test('without the folder: says so, and nothing is left', async () => {
		const link = localLink(at.home)
		await rm(at.folder, { recursive: true })
		await expect(startSeries(link, requests(['true', 'true']), newSeries())).rejects.toMatchObject({
			problem: { code: 'run-not-started', facts: { reason: `there is no folder ${at.folder}` } },
		})
		expect(await listRuns(link, 'lab')).toEqual([])
	})

	test('of thirty', async () => {
		const link = localLink(at.home)
		const wishes = requests(Array.from({ length: 30 }, (_, index) => `exit ${index % 2}`))
		const runs = await startSeries(link, wishes, newSeries())
		expect(runs).toHaveLength(30)
		await whenEnded(link, runs.at(-1)?.id ?? '')
		const all = await statuses(wishes.map(({ id }) => id))
		expect(all).toEqual(wishes.map((_, index) => (index % 2 ? 'failed' : 'succeeded')))
	})
})
