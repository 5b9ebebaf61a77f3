import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fillCommand } from '../../src/engine/runs/command.ts'
import { listRuns, newRunId, pruneRuns, removeRun } from '../../src/engine/runs/runs.ts'
import { localLink } from './local-link.ts'
import { makeRunHome, type RunHome, standInGpu, startWatch, until, whenEnded } from './run-home.ts'

/** What a run takes along and leaves behind: parameters, environment, what it held, its folder. */

let at: RunHome
beforeEach(async () => {
	at = await makeRunHome()
})
afterEach(async () => await at.dispose())

const folderOf = (run: string) => join(at.home, '.hawser/runs', run)
const noLinux = process.platform === 'linux' ? '' : ' (skipped: not on Linux)'

describe.each([{ runner: 'tmux' as const }, { runner: 'detached' as const }])('$runner', ({ runner }) => {
	test('parameters and environment arrive as they are, for the command alone', async () => {
		const link = localLink(at.home, { OUTER: 'stays' })
		const value = `it's $(id) "so"  -x * \\ größe`
		const command = 'printf "<%s>\\n" {v} "$A_B" "$OUTER" "$EMPTY"; printf "%s\\n" -n {v} > results/said'
		const validation = { command, parameters: { v: value } }
		const filled = fillCommand({ name: 'nt', validation } as unknown as Parameters<typeof fillCommand>[0])
		const environment = { A_B: `a 'b' $HOME`, EMPTY: '', HAWSER_RUN_FOLDER: '/nowhere' }
		const run = await at.start(link, filled.command, {
			...{ runner, environment, parameters: filled.parameters, series: '20261123T101500Z-nt-abc' },
		})
		const ended = await whenEnded(link, run.id)
		expect(ended).toMatchObject({
			outcome: { status: 'succeeded' },
			parameters: { v: value },
			environment,
			series: '20261123T101500Z-nt-abc',
			lastLine: '<>',
		})
		expect(await readFile(join(folderOf(run.id), 'log'), 'utf8')).toBe(
			`<${value}>\n<a 'b' $HOME>\n<stays>\n<>\n`,
		)
		expect(await readFile(join(at.folder, 'results/said'), 'utf8')).toBe(`-n\n${value}\n`)
	})

	test.skipIf(noLinux !== '')(
		`what its processes hold of the GPUs, and nobody else’s${noLinux}`,
		async () => {
			await at.program('nvidia-smi', standInGpu)
			const link = localLink(at.home, { PATH: await at.path('nvidia-smi') })
			const run = await at.start(link, 'until [ -e go ]; do sleep 0.05; done', { runner })
			const wrapper = await at.pidOf(run.id)
			const own = at.living().find(({ command }) => command.includes('until') && !command.includes('tmux'))
			expect(own?.pid).not.toBe(wrapper)
			// The test's own process holds some too, and is not the run's.
			await writeFile(join(at.home, 'gpu-pids'), `${process.pid}\n${own?.pid}\n`)
			const watch = await startWatch(link)
			await until(() => watch.updates.some((update) => update.gpu))
			const told = watch.updates.find((update) => update.gpu)
			expect(told?.gpu).toMatchObject({ peakMemoryMiB: 1500 })
			await watch.stop()
			await writeFile(join(at.folder, 'go'), '')
			const { gpu, outcome } = await whenEnded(link, run.id)
			expect(outcome.status).toBe('succeeded')
			expect(gpu?.peakMemoryMiB).toBe(1500)
			expect(gpu?.seconds).toBeGreaterThan(0)
			expect(gpu?.seconds).toBeLessThan(60)
			await until(() => at.living().length === 0)
		},
	)
})

test.skipIf(noLinux !== '')(`a nvidia-smi that hangs does not hold up the end${noLinux}`, async () => {
	await at.program('nvidia-smi', '#!/bin/sh\nexec sleep 600\n')
	const link = localLink(at.home, { PATH: await at.path('nvidia-smi') })
	const run = await at.start(link, 'until [ -e go ]; do sleep 0.05; done')
	await until(() => at.living().some(({ command }) => command === 'sleep 600 '))
	await writeFile(join(at.folder, 'go'), '')
	const from = performance.now()
	expect((await whenEnded(link, run.id)).gpu).toBeNull()
	expect(performance.now() - from).toBeLessThan(8000)
	await until(() => at.living().length === 0)
})

test('a run of another version is read as far as it goes', async () => {
	const link = localLink(at.home)
	const run = await at.start(link, 'true')
	await whenEnded(link, run.id)
	const file = join(folderOf(run.id), 'run')
	await writeFile(file, `${await readFile(file, 'utf8')}colour blue\nparam lr 0.1\n`)
	for (const name of ['began', 'oom', 'cgroup'])
		await rename(join(folderOf(run.id), name), join(at.home, name))
	expect((await listRuns(link, 'lab'))[0]).toMatchObject({
		outcome: { status: 'succeeded' },
		parameters: { lr: '0.1' },
	})
})

test('a run that waits, and what for, is told by the watch and by the list', async () => {
	const link = localLink(at.home)
	const run = await at.start(link, 'until [ -e go ]; do sleep 0.05; done')
	const watch = await startWatch(link)
	await writeFile(join(folderOf(run.id), 'queue'), 'reason Resources\nstarts 1795430400000\n')
	await until(() => watch.changed.some(({ queue }) => queue?.reason.includes('Resources')))
	expect((await listRuns(link, 'lab'))[0]?.queue?.reason).toContain('Resources')
	await writeFile(join(folderOf(run.id), 'queue'), 'reason Priority\n')
	await until(() =>
		watch.changed.some(({ queue }) => queue?.reason.includes('Priority') && queue.startsAt === null),
	)
	// As its wrapper does when its turn has come.
	await rename(join(folderOf(run.id), 'queue'), join(folderOf(run.id), 'waited'))
	await until(() => watch.changed.at(-1)?.queue === null)
	await writeFile(join(at.folder, 'go'), '')
	await until(() => watch.ended.length === 1)
	// Told when it changed, not again and again.
	expect(watch.changed).toHaveLength(3)
	await watch.stop()
})

describe('what is let go', () => {
	const day = 86_400_000
	/** Runs that have ended, oldest first, each so many days ago and of so many KiB. */
	async function ended(...runs: { days: number; kib?: number; host?: string }[]): Promise<string[]> {
		const link = localLink(at.home)
		const model = await at.start(link, 'true')
		await whenEnded(link, model.id)
		const host = (await readdir(folderOf(model.id))).find((name) => name.startsWith('on-')) ?? ''
		const now = Date.now()
		const ids: string[] = []
		for (const { days, kib = 1, host: other } of runs) {
			const id = newRunId('nt', now - days * day)
			await mkdir(join(folderOf(id), 'metrics'), { recursive: true })
			const write = (name: string, text: string | Buffer) => writeFile(join(folderOf(id), name), text)
			await write('run', `project nt\nrunner tmux\nstarted ${now - days * day}\n`)
			await write(other ?? host, '')
			await write('log', Buffer.alloc(kib * 1024, 'x'))
			await write('pid', '1\n')
			await write('exit', `how exited\ncode 0\nended ${now - days * day}\nsize 1\n`)
			ids.push(id)
		}
		return ids
	}
	const left = async () => new Set(await readdir(join(at.home, '.hawser/runs')))
	const keep = { days: 90, mebibytes: 10_000 }

	test('the old ones; never one that runs, is spared, or is another machine’s', async () => {
		const link = localLink(at.home)
		const [old = '', spared = '', young = '', elsewhere = ''] = await ended(
			{ days: 100 },
			{ days: 95 },
			{ days: 80 },
			{ days: 100, host: 'on-elsewhere' },
		)
		const going = await at.start(link, 'sleep 601', { id: '20200101T000000Z-nt-abcdef' })
		expect(await pruneRuns(link, keep, [spared, '../..'])).toEqual([old])
		const after = await left()
		for (const id of [spared, young, elsewhere, going.id]) expect(after).toContain(id)
		expect(after).not.toContain(old)
		expect(await pruneRuns(link, keep, [spared])).toEqual([])
	})

	test('the oldest, until all are under the size', async () => {
		const link = localLink(at.home)
		const [one = '', two = '', three = '', four = ''] = await ended(
			{ days: 4, kib: 400 },
			{ days: 3, kib: 2000 },
			{ days: 2, kib: 400 },
			{ days: 1, kib: 400 },
		)
		expect(await pruneRuns(link, { days: 90, mebibytes: 1 }, [one])).toEqual([two, three])
		expect((await left()).has(four)).toBe(true)
		expect((await listRuns(link, 'lab')).map(({ id }) => id)).toEqual(expect.arrayContaining([one, four]))
	})

	test('killed in the middle, it is done by the next one; a link in place of a folder takes nothing else along', async () => {
		const link = localLink(at.home)
		const [old = ''] = await ended({ days: 100 })
		// As it lies when the process is ended between the two steps.
		await rename(folderOf(old), join(at.home, '.hawser/runs', `.gone-${old}`))
		await mkdir(join(at.home, 'precious'))
		await writeFile(join(at.home, 'precious/file'), 'x')
		await symlink(join(at.home, 'precious'), join(at.home, '.hawser/runs/.gone-link'))
		expect((await listRuns(link, 'lab')).some(({ id }) => id === old)).toBe(false)
		expect(await pruneRuns(link, keep, [])).toEqual([])
		expect((await left()).has(`.gone-${old}`)).toBe(false)
		expect(existsSync(join(at.home, 'precious/file'))).toBe(true)
	})

	test('one that a person takes away; a run that goes on is not', async () => {
		const link = localLink(at.home)
		const run = await at.start(link, 'until [ -e go ]; do sleep 0.05; done')
		await expect(removeRun(link, run.id)).rejects.toMatchObject({ problem: { code: 'run-going' } })
		await writeFile(join(at.folder, 'go'), '')
		await whenEnded(link, run.id)
		await removeRun(link, run.id)
		expect(await readdir(join(at.home, '.hawser/runs'))).toEqual([])
		await expect(removeRun(link, run.id)).rejects.toMatchObject({ problem: { code: 'run-unknown' } })
	})

	test('a run that is waited for is told however old it is', async () => {
		const link = localLink(at.home)
		const old = Array.from({ length: 103 }, (_, index) => ({ days: 50 - index / 10 }))
		const ids = await ended(...old)
		const listed = async (wanted: string[]) => (await listRuns(link, 'lab', wanted)).map(({ id }) => id)
		expect(await listed([])).toHaveLength(100)
		expect(await listed([])).not.toContain(ids[0])
		expect(await listed([ids[0] ?? ''])).toContain(ids[0])
	})
})
