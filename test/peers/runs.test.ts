import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cancelRun, listRuns, newRunId } from '../../src/engine/runs/runs.ts'
import { localLink } from './local-link.ts'
import { makeRunHome, type RunHome, startWatch, until, whenEnded } from './run-home.ts'

let at: RunHome
beforeEach(async () => {
	at = await makeRunHome({ name: "it's a “home”" })
})
afterEach(async () => await at.dispose())

const tmuxMissing = existsSync('/usr/bin/tmux') ? null : 'no tmux on this machine'
const both = [{ runner: 'tmux' as const }, { runner: 'detached' as const }]

describe.each(both)('a run, $runner', ({ runner }) => {
	const options = { runner }
	const skip = runner === 'tmux' && tmuxMissing !== null
	const link = () => localLink(at.home)

	test.skipIf(skip)('succeeds, with its metrics', async () => {
		const run = await at.start(
			link(),
			`echo "ÄÖ $HAWSER_RUN $(pwd)" 'it''s'; echo '{"MASE": 0.87, "best": {"x": 1}, "n": NaN}' > results/m.json; echo '`,
			options,
		)
		// An unclosed quote is the shell's to complain about.
		expect((await whenEnded(link(), run.id)).outcome.status).toBe('failed')
		const good = await at.start(
			link(),
			`cat; echo "ÄÖ $HAWSER_RUN $(pwd)" 'it''s'; echo '{"MASE": 0.87, "best": {"x": 1}, "n": NaN}' > results/m.json`,
			options,
		)
		expect(good).toMatchObject({ runner, workstation: 'lab', project: 'nt', branch: 'gpu-validation' })
		const ended = await whenEnded(link(), good.id)
		expect(ended).toMatchObject({
			outcome: { status: 'succeeded' },
			metrics: { MASE: 0.87 },
			lastLine: `ÄÖ ${good.id} ${at.folder} its`,
			startedAt: good.startedAt,
		})
		expect(await readdir(join(at.home, '.hawser/runs', good.id))).toEqual(
			expect.arrayContaining(['run', 'pid', 'boot', 'log', 'exit', 'metrics']),
		)
	})

	test.skipIf(skip)('fails with its exit code; is killed by a signal', async () => {
		const three = await at.start(link(), 'echo oh no; exit 3', options)
		const killed = await at.start(link(), 'kill -KILL $$', options)
		expect(await whenEnded(link(), three.id)).toMatchObject({
			outcome: { status: 'failed', exitCode: 3 },
			lastLine: 'oh no',
		})
		expect((await whenEnded(link(), killed.id)).outcome).toMatchObject({ status: 'killed', signal: 'KILL' })
	})

	test.skipIf(skip)('its wrapper is killed: it vanished, and that stays so', async () => {
		const run = await at.start(link(), 'sleep 600', options)
		process.kill(await at.pidOf(run.id), 'SIGKILL')
		const lost = await whenEnded(link(), run.id)
		expect(lost.outcome).toMatchObject({ status: 'lost', reason: 'vanished' })
		expect((await whenEnded(link(), run.id)).outcome).toEqual(lost.outcome)
	})

	test.skipIf(skip)('is cancelled with all it started, also what ignores TERM', async () => {
		const run = await at.start(
			link(),
			'trap "" TERM; sh -c \'trap "" TERM; echo deep; sleep 601\' & sleep 602; wait',
			options,
		)
		await until(() => at.living().some(({ command }) => command.includes('sleep 602')))
		await cancelRun(link(), run.id)
		expect((await whenEnded(link(), run.id)).outcome.status).toBe('cancelled')
		await until(() => !at.living().some(({ command }) => /sleep 60/.test(command)))
		// Again is safe, and changes nothing.
		await cancelRun(link(), run.id)
		expect((await whenEnded(link(), run.id)).outcome.status).toBe('cancelled')
	})

	test.skipIf(skip)('cancelled, it may still tidy up', async () => {
		const run = await at.start(
			link(),
			'trap "echo tidied; exit 0" TERM; echo up; while :; do sleep 0.05; done',
			options,
		)
		await until(async () => (await listRuns(link(), 'lab'))[0]?.lastLine === 'up')
		await cancelRun(link(), run.id)
		expect(await whenEnded(link(), run.id)).toMatchObject({
			outcome: { status: 'cancelled' },
			lastLine: 'tidied',
		})
	})

	test.skipIf(skip)('from before a restart of the workstation, it is lost', async () => {
		const run = await at.start(link(), 'sleep 600', options)
		await writeFile(join(at.home, '.hawser/runs', run.id, 'boot'), 'another\n')
		expect((await whenEnded(link(), run.id)).outcome).toMatchObject({ status: 'lost', reason: 'restarted' })
	})

	test.skipIf(skip)('a later process with its pid is not taken for it', async () => {
		const run = await at.start(link(), 'sleep 600', options)
		await writeFile(join(at.home, '.hawser/runs', run.id, 'birth'), '1\n')
		expect((await whenEnded(link(), run.id)).outcome).toMatchObject({ status: 'lost', reason: 'vanished' })
	})
})

describe('starting', () => {
	test('without the folder: says so, and nothing is left', async () => {
		const link = localLink(at.home)
		await expect(at.start(link, 'true', { folder: '~/not here' })).rejects.toMatchObject({
			problem: { code: 'run-not-started', facts: { reason: `there is no folder ${at.home}/not here` } },
		})
		expect(await listRuns(link, 'lab')).toEqual([])
	})

	test('twice with one id starts it once', async () => {
		const link = localLink(at.home)
		const id = newRunId('nt', Date.now())
		const command = `echo once >> "${at.home}/count"; sleep 1`
		const [one, two] = await Promise.all([at.start(link, command, { id }), at.start(link, command, { id })])
		expect([one.id, two.id]).toEqual([id, id])
		await whenEnded(link, id)
		expect((await at.start(link, command, { id })).outcome.status).toBe('succeeded')
		expect(await readFile(join(at.home, 'count'), 'utf8')).toBe('once\n')
	})

	test('an id that is no folder name never reaches the workstation', async () => {
		const link = localLink(at.home)
		await expect(at.start(link, 'true', { id: '../x' })).rejects.toMatchObject({
			problem: { code: 'run-unknown' },
		})
		await expect(cancelRun(link, newRunId('nt', 0))).rejects.toMatchObject({
			problem: { code: 'run-unknown' },
		})
	})

	test.each([
		['without tmux', ['tmux']],
		['without tmux and setsid', ['tmux', 'setsid']],
		['without tmux, setsid and perl', ['tmux', 'setsid', 'perl']],
	])('%s it runs detached, and can be cancelled', async (_, without) => {
		const link = localLink(at.home, { PATH: await at.path(...without) })
		const run = await at.start(link, 'sleep 600 & sleep 601')
		expect(run.runner).toBe('detached')
		link.drop()
		await cancelRun(link, run.id)
		expect((await whenEnded(link, run.id)).outcome.status).toBe('cancelled')
		await until(() => !at.living().some(({ command }) => /sleep 60/.test(command)))
	})

	const noProc = existsSync('/proc/self/stat') ? '' : ' (skipped: this machine has no /proc)'
	test.skipIf(noProc !== '')(`works without ps, by /proc${noProc}`, async () => {
		const link = localLink(at.home, { PATH: await at.path('ps') })
		const run = await at.start(link, 'sleep 600 & sleep 601')
		await cancelRun(link, run.id)
		await until(() => !at.living().some(({ command }) => /sleep 60/.test(command)))
	})

	for (const shell of ['/bin/bash', '/bin/sh', '/usr/bin/zsh', '/usr/bin/fish', '/bin/false']) {
		const missing = existsSync(shell) ? '' : ` (skipped: there is no ${shell} on this machine)`
		test.skipIf(missing !== '')(`under the login shell ${shell}${missing}`, async () => {
			const link = localLink(at.home, { SHELL: shell })
			const run = await at.start(link, 'echo "a  b"; exit 7')
			expect(await whenEnded(link, run.id)).toMatchObject({
				outcome: { status: 'failed', exitCode: 7 },
				lastLine: 'a b'.replace(' ', '  '),
			})
		})
	}

	test('twenty at once', async () => {
		const link = localLink(at.home)
		const watch = await startWatch(link)
		const started = await Promise.all(
			Array.from({ length: 20 }, (_, index) =>
				at.start(link, `sleep 0.${index % 5}; exit ${index % 2}`, {
					runner: index % 3 ? 'tmux' : 'detached',
				}),
			),
		)
		const ids = started.map((run) => run.id).sort()
		await until(() => watch.ended.length === 20)
		expect(watch.ended.map((run) => run.id).sort()).toEqual(ids)
		expect((await listRuns(link, 'lab')).map((run) => run.outcome.status).sort()).toEqual([
			...Array(10).fill('failed'),
			...Array(10).fill('succeeded'),
		])
		await watch.stop()
	})
})

describe('while it runs', () => {
	test.skipIf(tmuxMissing !== null)('it outlives its tmux server', async () => {
		const link = localLink(at.home)
		const run = await at.start(link, 'until [ -e go ]; do sleep 0.05; done; exit 4')
		const [socket] = execFileSync('sh', ['-c', 'ps -A -o args= | grep "[t]mux -S" || true'])
			.toString()
			.split('\n')
			.filter((line) => line.includes(run.id))
			.map((line) => /-S (.*?) -f/.exec(line)?.[1])
		expect(socket).toBeDefined()
		execFileSync('tmux', ['-S', socket ?? '', 'kill-server'])
		await writeFile(join(at.folder, 'go'), '')
		expect((await whenEnded(link, run.id)).outcome).toMatchObject({ status: 'failed', exitCode: 4 })
	})

	test('the link may go: its end is found at the next connection', async () => {
		const first = localLink(at.home)
		const watch = await startWatch(first)
		const run = await at.start(first, 'until [ -e go ]; do sleep 0.05; done; echo done')
		first.drop()
		expect(await watch.end).toMatchObject({ problem: { code: 'link-lost' } })
		await until(() => !at.living().some(({ command }) => command.includes('read -r s')))
		expect(await at.fifos()).toEqual([])
		await writeFile(join(at.folder, 'go'), '')
		expect(await whenEnded(localLink(at.home), run.id)).toMatchObject({
			outcome: { status: 'succeeded' },
			lastLine: 'done',
		})
	})

	test('its end is pushed to every watch, once, with all that is known', async () => {
		const link = localLink(at.home)
		const watches = [await startWatch(link), await startWatch(localLink(at.home))]
		await writeFile(join(at.folder, 'results/old.json'), '{"stale": 1}')
		await utimes(join(at.folder, 'results/old.json'), 1, 1)
		const run = await at.start(
			link,
			`echo 1/2; until [ -e go ]; do sleep 0.05; done; echo '{"a":2}' > results/new.json`,
		)
		await until(() =>
			watches.every((watch) => watch.updates.some((update) => update.progress?.fraction === 0.5)),
		)
		await writeFile(join(at.folder, 'go'), '')
		await until(() => watches.every((watch) => watch.ended.length > 0))
		const ticks = watches.map((watch) => watch.ticks)
		await until(() => watches.every((watch, index) => watch.ticks > (ticks[index] ?? 0)))
		for (const watch of watches) {
			expect(watch.ended).toMatchObject([
				{ id: run.id, outcome: { status: 'succeeded' }, metrics: { a: 2 }, project: 'nt' },
			])
			await watch.stop()
		}
	})

	test.skipIf(process.platform !== 'linux')(
		'the push alone tells it, without the look of every second',
		async () => {
			const link = localLink(at.home)
			const watch = await startWatch(link)
			const shells = at.living().filter(({ command }) => command.includes('read -r s'))
			const helpers = shells.filter(({ pid }) => !link.running().includes(pid))
			expect(helpers.length).toBeGreaterThan(1)
			for (const { pid } of helpers) process.kill(pid, 'SIGSTOP')
			const run = await at.start(link, 'exit 5')
			await until(() => watch.ended.length > 0)
			expect(watch.ended).toMatchObject([{ id: run.id, outcome: { status: 'failed', exitCode: 5 } }])
			for (const { pid } of helpers) process.kill(pid, 'SIGCONT')
			await watch.stop()
		},
	)

	test('a watch finds out that a wrapper was killed', async () => {
		const link = localLink(at.home)
		const watch = await startWatch(link)
		const run = await at.start(link, 'sleep 600')
		process.kill(await at.pidOf(run.id), 'SIGKILL')
		await until(() => watch.ended.length > 0)
		expect(watch.ended).toMatchObject([{ id: run.id, outcome: { status: 'lost', reason: 'vanished' } }])
		await watch.stop()
	})

	test('runs of another machine that shares the home are left alone', async () => {
		const link = localLink(at.home)
		const run = await at.start(link, 'sleep 600')
		const folder = join(at.home, '.hawser/runs', run.id)
		const own = (await readdir(folder)).find((name) => name.startsWith('on-')) ?? ''
		await rename(join(folder, own), join(folder, 'on-elsewhere'))
		process.kill(await at.pidOf(run.id), 'SIGKILL')
		expect(await listRuns(link, 'lab')).toEqual([])
		expect(existsSync(join(folder, 'exit'))).toBe(false)
	})
})

describe('metrics', () => {
	test('globs with ** and blanks; what is too big or not JSON counts for nothing', async () => {
		const link = localLink(at.home)
		await mkdir(join(at.folder, 'results/deep er/er'), { recursive: true })
		const run = await at.start(
			link,
			[
				`echo '{"deep": 1, "text": "a,\\"b\\": 2"}' > 'results/deep er/er/m.json'`,
				`printf '{\\n  "top": 1.5,\\n  "list": [1, {"x": 2}],\\n  "[af,t}er": -2e-3\\n}\\n' > results/top.json`,
				`echo 'not json, "bad": 1' > results/bad.json`,
				`{ printf '{"big": 1, "x": "'; head -c 2000000 /dev/zero | tr '\\0' x; echo '"}'; } > results/big.json`,
			].join('; '),
			{ metrics: ['results/**/*.json', 'no such/*.json'] },
		)
		expect((await whenEnded(link, run.id)).metrics).toEqual({ deep: 1, top: 1.5, '[af,t}er': -0.002 })
	})

	test('a folder that went meanwhile is no reason to lose the end', async () => {
		const link = localLink(at.home)
		const run = await at.start(link, 'until [ -e ~/go ]; do sleep 0.05; done')
		await rm(at.folder, { recursive: true, force: true })
		await writeFile(join(at.home, 'go'), '')
		expect((await whenEnded(link, run.id)).metrics).toBeNull()
	})
})
