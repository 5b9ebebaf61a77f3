import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Run } from '../../src/contract/state.ts'
import { Ledger } from '../../src/engine/ledger.ts'
import { RunBook } from '../../src/engine/run-book.ts'
import { endOf } from '../../src/engine/run-notice.ts'
import { Store } from '../../src/engine/store.ts'
import { project } from './cli/states.ts'
import { emptyState, someRun, startedAt } from './states.ts'

let folder: string
let flush: () => Promise<void> = async () => {}
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'hawser-book-'))
})
afterEach(async () => {
	await flush()
	await rm(folder, { recursive: true })
})

const running = someRun({ outcome: { status: 'running' } })
const ended = someRun({ outcome: { status: 'succeeded', endedAt: startedAt + 1000 } })

async function setUp(more: { now?: () => number; patternOf?: () => string } = {}) {
	const store = new Store(emptyState(), (state) => state.summary)
	const ledger = await Ledger.open(folder)
	flush = () => ledger.flush()
	const told: Run[] = []
	const book = new RunBook({
		store,
		ledger,
		now: () => startedAt,
		ended: (run) => told.push(run),
		tell: (run) => {
			const { notice } = endOf(run, startedAt)
			store.put('notices', notice.id, notice)
		},
		...more,
	})
	const notice = async () => {
		if (Object.keys(store.state.notices).length > 0) return
		await new Promise<void>((resolve) => {
			const stop = store.onChanges((state) => {
				if (Object.keys(state.notices).length === 0) return
				stop()
				resolve()
			})
		})
	}
	return { store, ledger, book, told, notice }
}

const start = { workstation: 'lab', project: 'nt', operation: 'op', kind: 'run' } as const
const never = new AbortController().signal

describe('the run book', () => {
	test('an end that overtakes the answer of its own start is still the end, and is told', async () => {
		const { store, book, notice } = await setUp()
		book.seen(ended)
		await book.started(running, null)
		expect(store.state.runs.r1?.outcome.status).toBe('succeeded')
		expect((await book.whenEnded('r1', never, () => {})).outcome.status).toBe('succeeded')
		await notice()
		expect(Object.keys(store.state.notices)).toEqual(['run:r1'])
	})

	test('an old list that comes late does not set an ended run going again', async () => {
		const { store, book, notice } = await setUp()
		await book.started(running, null)
		book.seen(ended)
		book.seen(running)
		await notice()
		expect(store.state.runs.r1?.outcome.status).toBe('succeeded')
	})

	test('what has begun does not wait again for an answer of its start that comes late', async () => {
		const { store, book } = await setUp()
		const waiting: Run = { ...running, queue: { reason: 'in the queue', startsAt: null } }
		const begun: Run = { ...running, startedAt: startedAt + 60 }
		book.seen(begun)
		await book.started(waiting, null)
		expect(store.state.runs.r1).toMatchObject({ queue: null, startedAt: begun.startedAt })
		// What Slurm holds up later does wait.
		const held: Run = { ...begun, queue: { reason: 'suspended', startsAt: null } }
		book.seen(held)
		expect(store.state.runs.r1?.queue).toEqual(held.queue)
	})

	test('what waits is told to wait, and for what', async () => {
		const { store, book } = await setUp()
		const waiting: Run = { ...running, queue: { reason: 'in the queue', startsAt: null } }
		await book.started(waiting, null)
		const longer: Run = { ...waiting, queue: { reason: 'no free node', startsAt: null } }
		book.seen(longer)
		expect(store.state.runs.r1?.queue).toEqual(longer.queue)
		book.seen({ ...running, startedAt: startedAt + 60 })
		expect(store.state.runs.r1?.queue).toBeNull()
	})

	test('an end that was seen but told by nobody is told after a restart; once claimed, never again', async () => {
		const first = await setUp()
		await first.book.started(running, null)
		first.book.seen(ended)
		await first.notice()
		await first.ledger.flush()
		const second = await setUp()
		second.book.seen(ended)
		expect(Object.keys(second.store.state.notices)).toEqual(['run:r1'])
		expect(await second.ledger.claim('run:r1')).toBe(true)
		const third = await setUp()
		third.book.seen(ended)
		expect(third.store.state.notices).toEqual({})
	})

	test('the end of a run whose start was never answered is told, by a later engine too', async () => {
		const first = await setUp()
		await first.book.starting('r1', { ...start, kind: 'go' })
		const second = await setUp()
		second.book.seen(ended)
		await second.notice()
		expect(Object.keys(second.store.state.notices)).toEqual(['run:r1'])
		expect(second.ledger.projectToBringBack('r1')).toBe('nt')
		expect(second.ledger.isUntold('r1')).toBe(true)
	})

	test('a start whose answer is lost is known, by a later engine too, until it is told of or never was', async () => {
		const { book, ledger } = await setUp()
		for (const id of ['r1', 'r2', 'r3']) await book.starting(id, start)
		expect(book.lostStarts('lab')).toEqual([])
		book.startLost('r1')
		expect(book.lostStarts('lab')).toEqual([['r1', start]])
		expect(book.lostStarts('other')).toEqual([])
		await book.started(someRun({ id: 'r3', outcome: { status: 'running' } }), null)
		await ledger.flush()
		const later = await setUp()
		expect(later.book.lostStarts('lab').map(([id]) => id)).toEqual(['r1', 'r2'])
		later.book.seen(running)
		await later.book.notStarted('r2')
		expect(later.book.lostStarts('lab')).toEqual([])
		await later.ledger.flush()
		expect((await setUp()).ledger.pending().sort()).toEqual(['r1', 'r3'])
	})

	test('those who wait hear of its progress and of its end', async () => {
		const { book } = await setUp()
		await book.started(running, null)
		const seen: string[] = []
		const end = book.whenEnded('r1', never, (run) => seen.push(run.lastLine))
		book.seen({ ...running, lastLine: 'half way' })
		book.seen(ended)
		expect((await end).id).toBe('r1')
		expect(seen).toEqual(['half way'])
	})

	test('a run nobody here waited for is history: no notice, nothing to look at', async () => {
		const { store, book } = await setUp()
		book.seen(someRun({ outcome: { status: 'failed', endedAt: startedAt, exitCode: 1 } }))
		expect(store.state.notices).toEqual({})
		expect(store.state.runs.r1?.looked).toBe(true)
	})

	test('a failed run of ours waits to be looked at, also after a restart', async () => {
		const { ledger, book, notice } = await setUp()
		await book.started(running, null)
		book.seen(someRun({ outcome: { status: 'failed', endedAt: startedAt, exitCode: 1 } }))
		await notice()
		await ledger.flush()
		const again = await setUp()
		again.book.seen(someRun({ outcome: { status: 'failed', endedAt: startedAt, exitCode: 1 } }))
		expect(again.store.state.runs.r1?.looked).toBe(false)
		await again.book.look('r1')
		expect(again.store.state.runs.r1?.looked).toBe(true)
	})

	test('progress by the project’s own pattern, with the time left; a line without any keeps it', async () => {
		let now = startedAt
		const { store, book } = await setUp({
			now: () => now,
			patternOf: () => 'step (?<done>\\d+) von (?<all>\\d+)',
		})
		const says = (lastLine: string) => {
			book.seen({ ...running, lastLine, progress: null })
			return store.state.runs.r1?.progress
		}
		await book.started({ ...running, lastLine: '', progress: null }, null)
		expect(says('step 1 von 10')).toEqual({ fraction: 0.1, text: '1 of 10', leftMs: null })
		now += 20_000
		expect(says('step 3 von 10')).toEqual({ fraction: 0.3, text: '3 of 10', leftMs: 70_000 })
		now += 10_000
		expect(says('saved a checkpoint')).toEqual({ fraction: 0.3, text: '3 of 10', leftMs: 60_000 })
		book.seen(ended)
		expect(store.state.runs.r1?.progress).toBeNull()
	})

	test('what was taken off its workstation is no more shown', async () => {
		const { store, book } = await setUp()
		book.seen(ended)
		book.gone(['r1', 'r2'])
		expect(store.state.runs).toEqual({})
	})

	test('metrics are compared by the project’s directions, also when an earlier run is told of last', async () => {
		const { store, book } = await setUp()
		store.put('projects', 'nt', { ...project(), directions: { rows: 'higher' } })
		const at = (id: string, minute: number, rows: number) =>
			someRun({ id, startedAt: startedAt + minute * 60_000, metrics: { rows } })
		book.seen(at('third', 3, 5))
		expect(store.state.runs.third).toMatchObject({ change: null, best: null })
		book.seen(at('first', 1, 8))
		book.seen(at('second', 2, 6))
		expect(store.state.runs.third).toMatchObject({ change: { rows: -1 }, best: { rows: 8 } })
		expect(store.state.runs.second).toMatchObject({ change: { rows: -2 }, best: { rows: 8 } })
		expect(store.state.runs.first).toMatchObject({ change: null, best: null })
		const before = store.state.runs.third
		book.seen(at('first', 1, 8))
		expect(store.state.runs.third).toBe(before)
	})
})
