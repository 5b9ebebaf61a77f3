import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Plan } from '../../../src/contract/code.ts'
import type { FilesPending, ProjectState, Step } from '../../../src/contract/state.ts'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { call, finished, jsonLines, now } from './call.ts'
import { operation, outcome, project, state } from './states.ts'

type Read = Extract<FilesPending, { status: 'read' }>
const read = (change: Partial<Read> = {}): Read => ({
	status: 'read',
	at: now,
	syncedAt: now - 3_600_000,
	toWorkstation: { count: 12, bytes: 3_565_158, paths: ['data/ett h1.csv', 'tr\u001b[31main.py'] },
	toLaptop: { count: 1, bytes: 812, paths: ['results/metrics.json'] },
	remoteAt: now - 180_000,
	conflictCount: 0,
	...change,
})
const ofFiles = (files: ProjectState['files'], change: Partial<ProjectState> = {}) =>
	project({ strategy: 'files', pending: { status: 'unused' }, files, ...change })
const engineOf = (one: ProjectState) =>
	new FakeEngine({ readPending: () => ({}) }, state({ projects: { nt: one } }))

const plan: Plan = {
	id: 'f11e5000f11e5000f11e5000',
	kind: 'up',
	project: 'nt',
	at: now,
	steps: [
		{
			id: 'up-files',
			machine: 'workstation',
			title: 'Receive files',
			commits: null,
			files: [
				{ path: 'data/etth1.csv', change: 'added', bytes: 2_589_657 },
				{ path: 'train.py', change: 'modified', bytes: 812 },
				{ path: 'old.py', change: 'deleted' },
			],
			fileCount: 12,
			bytes: 3_565_158,
		},
	],
	conflicts: [
		{
			path: 'config.yaml',
			laptop: [],
			workstation: [],
			versions: { laptop: { bytes: 812, changedAt: now - 60_000 }, workstation: null },
		},
	],
	notes: ['3 sockets stay.'],
	leftOut: [
		{ rule: '*.ckpt (.gitignore, line 3)', paths: ['a.ckpt', 'b.ckpt'], count: 12, tracked: 2 },
		{ rule: '/data/raw/ (the settings)', paths: ['data/raw/'], count: 1, tracked: 0 },
	],
	problem: null,
}

describe('a preview of files', () => {
	test('says sizes, what stays by which rule, and both versions of a conflict', async () => {
		const engine = new FakeEngine({ preview: () => plan }, state({ projects: { nt: ofFiles(read()) } }))
		const { code, text } = await finished(engine, ['up', '--dry-run'])
		expect(text).toMatchInlineSnapshot(`
			"workstation: Receive files (12 files, 3.4 MiB)
			    + data/etth1.csv (2.5 MiB)
			    ~ train.py (812 B)
			    − old.py
			    and 9 more files
			3 sockets stay.
			13 files and folders stay, by 2 rules:
			    *.ckpt (.gitignore, line 3): a.ckpt, b.ckpt, 10 more; git tracks 2 of them
			    /data/raw/ (the settings): data/raw/
			conflict: config.yaml
			    laptop: 812 B, changed 2026-11-23 10:14 UTC
			    workstation: deleted there
			Nothing was changed. With --plan f11e5000f11e it is done only as shown here.
			"
		`)
		expect(code).toBe(0)
	})

	test('so many that they wait for a word: how to say it', async () => {
		const many = problem('files-many', { count: '12000', limit: '10000' })
		const stopped = { ...plan, steps: [], conflicts: [], notes: [], leftOut: [], problem: many }
		const engine = new FakeEngine({ preview: () => stopped }, state({ projects: { nt: ofFiles(read()) } }))
		const { code, text, error } = await finished(engine, ['up', '-n'])
		expect(text).toBe('')
		expect(error).toContain('--big')
		expect(code).toBe(4)
	})
})

describe('what came of it', () => {
	const none = { count: 0, deleted: 0, bytes: 0 }
	const moved = { up: { count: 12, deleted: 2, bytes: 3_565_158 }, back: none }
	const ending = (files = moved) =>
		new FakeEngine(
			{ up: () => ({ operation: 'op-up' }), waitOperation: () => outcome({ files }) },
			state({ projects: { nt: ofFiles(read()) } }),
		)
	test('is said with its size', async () => {
		const { text } = await finished(ending(), ['up', '--wait'])
		expect(text).toBe('Done: 12 files up (3.4 MiB), 2 deleted on the workstation\n')
	})
	test('both ways, one of them', async () => {
		const { text } = await finished(ending({ up: none, back: { count: 1, deleted: 1, bytes: 0 } }), [
			'up',
			'--wait',
		])
		expect(text).toBe('Done: 1 file back, 1 deleted on the laptop\n')
	})
	test('nothing moved is no more than done', async () => {
		expect((await finished(ending({ up: none, back: none }), ['up', '--wait'])).text).toBe('Done.\n')
	})
	test('as JSON', async () => {
		const { text } = await finished(ending(), ['up', '--wait', '--json'])
		expect(jsonLines(text).at(-1)).toMatchObject({ outcome: 'succeeded', files: moved })
	})
})

describe('what is pending', () => {
	test('each way, with its size and the first few names', async () => {
		const { code, text } = await finished(engineOf(ofFiles(read())), ['pending'])
		expect(text).toMatchInlineSnapshot(`
			"nt → lab: 12 files to send (3.4 MiB), 1 file to bring back (812 B) · 3 min ago
			  Files to send
			    data/ett h1.csv
			    train.py
			    and 10 more
			  Files to bring back
			    results/metrics.json
			"
		`)
		expect(code).toBe(0)
	})
	test.each<[string, FilesPending]>([
		['not read yet', { status: 'unknown' }],
		['nothing pending · 3 min ago', read({ toWorkstation: empty(), toLaptop: empty() })],
		[
			'nothing changed here; the workstation was not read yet',
			read({ toWorkstation: empty(), toLaptop: null, remoteAt: null }),
		],
		[
			'2 files changed on both sides · 3 min ago',
			read({ toWorkstation: empty(), toLaptop: empty(), conflictCount: 2 }),
		],
	])('%s', async (words, files) => {
		const { text } = await finished(engineOf(ofFiles(files)), ['status'])
		expect(text).toContain(`nt → lab: ${words}\n`)
	})
	function empty() {
		return { count: 0, bytes: 0, paths: [] }
	}
	test('files that both sides changed need care', async () => {
		const { text } = await finished(engineOf(ofFiles(read({ conflictCount: 1 }))), ['pending'])
		expect(text).toContain('  Needs care\n    1 file changed on both sides. Choose in the preview')
	})
	test('that cannot be read says why', async () => {
		const missing = problem('files-root-missing', { side: 'The laptop', path: '~/nt' })
		const files: FilesPending = { status: 'unreadable', at: now, problem: missing }
		const { code, text, error } = await finished(engineOf(ofFiles(files)), ['pending'])
		expect(text).toContain(missing.title)
		expect(error).toContain(missing.meaning)
		expect(code).toBe(4)
	})
	test('beside git’s commits', async () => {
		const { text } = await finished(engineOf(project({ files: read({ conflictCount: 1 }) })), ['pending'])
		expect(text).toContain('12 commits to send')
		expect(text).toContain(
			'12 files to send (3.4 MiB), 1 file to bring back (812 B), 1 file changed on both sides',
		)
		expect(text).toContain('  Files to send\n    data/ett h1.csv\n')
	})
})

describe('how far a step is', () => {
	const step = (share?: number): Step => ({
		id: 'move',
		title: 'Send the files',
		status: 'running',
		detail: '1.2 of 3.4 MiB',
		...(share === undefined ? {} : { share }),
		startedAt: now - 2000,
		endedAt: null,
	})
	test.each([
		[undefined, ''],
		[0.5, '██████░░░░░░  50 % · '],
		[0.999, '████████████  99 % · '],
		[2, '████████████ 100 % · '],
	])('%s is shown beside its words, on the same line', async (share, bar) => {
		const engine: FakeEngine = new FakeEngine(
			{
				up: () => {
					const value = operation('up', { id: 'op-up', steps: [step(share)] })
					engine.change({ slice: 'operations', key: 'op-up', value })
					return { operation: 'op-up' }
				},
				waitOperation: () => outcome(),
			},
			state({ projects: { nt: ofFiles(read()) } }),
		)
		const running = call(engine, ['up', '--wait'], { tty: true })
		expect(await running.done).toBe(0)
		const shown = stripVTControlCharacters(running.out())
		expect(shown).toContain(`● Send the files  ${bar}1.2 of 3.4 MiB · 2.0 s\n`)
	})
})
