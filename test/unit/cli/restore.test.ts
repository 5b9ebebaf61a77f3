import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../../src/contract/client.ts'
import type { Backup } from '../../../src/contract/code.ts'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { linkAsksForKey } from '../states.ts'
import { call, finished, jsonLines, now } from './call.ts'
import { operation, outcome, state, workstation } from './states.ts'

const backup = (change: Partial<Backup> = {}): Backup => ({
	id: '20261123T093000.000Z-up',
	machine: 'workstation',
	kind: 'up',
	at: now - 45 * 60_000,
	count: 2,
	bytes: 4096,
	...change,
})
const older = backup({
	id: '20261121T180000.000Z-back',
	machine: 'laptop',
	kind: 'back',
	at: now - 40 * 3_600_000,
	count: 1,
	bytes: 812,
})
const files = [
	{ path: 'config/mödel.yaml', bytes: 812, changedAt: now },
	{ path: 'train\u001b[31m.py', bytes: 3284, changedAt: now },
]

/** An engine with these backups, that remembers what it was asked. */
function keeping(backups: Backup[] = [backup(), older], ended = outcome()) {
	const asked: [string, unknown][] = []
	const engine: FakeEngine = new FakeEngine(
		{
			listBackups: () => ({ backups }),
			listBackupFiles: (input) => {
				asked.push(['listBackupFiles', input])
				return { files, more: false }
			},
			restore: (input) => {
				asked.push(['restore', input])
				const steps = [
					{
						id: 'restore',
						title: 'Put the files back',
						status: 'done' as const,
						detail: '2 restored',
						startedAt: now - 1000,
						endedAt: now,
					},
				]
				engine.change({ slice: 'operations', key: 'op-restore', value: operation('restore', { steps }) })
				return { operation: 'op-restore' }
			},
			waitOperation: () => ended,
		},
		state(),
	)
	return { engine, asked }
}

describe('restore', () => {
	test('alone lists the backups of both machines', async () => {
		const { code, text } = await finished(keeping().engine, ['restore'])
		expect(text).toMatchInlineSnapshot(`
			"BACKUP                     ON           BY    MADE
			20261123T093000.000Z-up    workstation  up    45 min ago  2 files, 4.0 KiB
			20261121T180000.000Z-back  laptop       back  40 h ago    1 file, 812 B
			"
		`)
		expect(code).toBe(0)
	})

	test('without any says so', async () => {
		const { code, text } = await finished(keeping([]).engine, ['restore'])
		expect(text).toBe('There are no backups: no sync has replaced or deleted a file.\n')
		expect(code).toBe(0)
	})

	test('--on one machine lists its own, and for the laptop’s the workstation is not needed', async () => {
		const away = state({ workstations: { lab: workstation({ link: linkAsksForKey }) } })
		const { engine } = keeping()
		engine.change({ slice: 'workstations', value: away.workstations })
		const { code, text } = await finished(engine, ['restore', '--on', 'laptop', '--json'])
		expect(JSON.parse(text)).toEqual({ backups: [older] })
		expect(code).toBe(0)
	})

	test('--backup lists its files, by the beginning of its id', async () => {
		const { engine, asked } = keeping()
		const { code, text } = await finished(engine, ['restore', '--backup', '20261123'])
		expect(text).toMatchInlineSnapshot(`
			"config/mödel.yaml  812 B
			train.py           3.2 KiB
			"
		`)
		expect(asked).toEqual([
			['listBackupFiles', { machine: 'workstation', backup: backup().id, most: 10_000 }],
		])
		expect(code).toBe(0)
	})

	test('all of its files, page by page', async () => {
		const { engine, asked } = keeping()
		const pages = [files.slice(0, 1), files.slice(1)]
		engine.handlers.listBackupFiles = (input) => {
			asked.push(['listBackupFiles', input])
			return { files: pages[asked.length - 1] ?? [], more: asked.length < 2 }
		}
		const { text } = await finished(engine, ['restore', '--backup', backup().id, '--json'])
		expect(JSON.parse(text)).toEqual({ backup: backup(), files, more: false })
		expect(asked.at(-1)?.[1]).toMatchObject({ after: 'config/mödel.yaml' })
	})

	test('one file, several, or all: what came of it', async () => {
		const { engine, asked } = keeping()
		const place = { machine: 'workstation', backup: backup().id }
		const one = await finished(engine, ['restore', 'nt', '--backup', backup().id, '--file', 'a b.py'])
		expect(one.text).toBe('✓ Put the files back · 2 restored (1.0 s)\nDone.\n')
		expect(one.code).toBe(0)
		await finished(engine, ['restore', '--backup', backup().id, '--file', 'a', '--file', '-b'])
		await finished(engine, ['restore', '--backup', backup().id, '--all'])
		expect(asked).toEqual([
			['restore', { project: 'nt', ...place, paths: ['a b.py'] }],
			['restore', { ...place, paths: ['a', '-b'] }],
			['restore', place],
		])
	})

	test('--json: the outcome is the last line', async () => {
		const { text } = await finished(keeping().engine, [
			'restore',
			'--backup',
			'2026112',
			'--on',
			'laptop',
			'--all',
			'--json',
		])
		expect(jsonLines(text).at(-1)).toMatchObject({ outcome: 'succeeded' })
	})

	test('what could not be restored is said, and waits for a person', async () => {
		const left = problem('restore-incomplete', { files: ['a.py: a folder is there'] })
		const { engine } = keeping([backup()], outcome({ status: 'stopped', problem: left }))
		const { code, error } = await finished(engine, ['restore', '--backup', backup().id, '--all'])
		expect(error).toContain(left.title)
		expect(error).toContain('a.py: a folder is there')
		expect(code).toBe(4)
	})

	test('the engine’s refusal is shown in its words', async () => {
		const { engine } = keeping()
		engine.handlers.restore = () => {
			throw new ProblemError(problem('operation-busy', { project: 'nt', operation: 'Up' }))
		}
		const { code, error } = await finished(engine, ['restore', '--backup', backup().id, '--all'])
		expect(error).toContain('nt is busy')
		expect(code).not.toBe(0)
	})

	test('Ctrl-C leaves it, and says what that means', async () => {
		const { engine } = keeping()
		let isAsked = () => {}
		const asked = new Promise<void>((settle) => {
			isAsked = settle
		})
		engine.handlers.waitOperation = () => {
			isAsked()
			return new Promise(() => {})
		}
		const running = call(engine, ['restore', '--backup', backup().id, '--all'])
		await asked
		running.interrupt()
		expect(await running.done).toBe(130)
		expect(running.err()).toContain('What was restored stays')
	})

	const same = backup({ machine: 'laptop' })
	test.each([
		[['--all'], 'say which backup with --backup', [backup()]],
		[['--file', 'x'], 'say which backup with --backup', [backup()]],
		[['--backup', '2030'], 'there is no backup 2030', [backup()]],
		[['--backup', ''], 'there is no backup', [backup()]],
		[['--backup', '2026'], '2026 names 2 backups: say more of it, or --on', [backup(), older]],
		[['--backup', backup().id], 'names 2 backups', [backup(), same]],
		[['--backup', backup().id, '--on', 'hub'], 'Allowed choices are laptop, workstation', [backup()]],
		[['--backup', backup().id, '--all', '--file', 'x'], 'cannot be used with', [backup()]],
	])('%j is refused', async (argv, words, backups) => {
		const { engine, asked } = keeping(backups)
		const { code, error } = await finished(engine, ['restore', ...argv])
		expect(error).toContain(words)
		expect(code).toBe(2)
		expect(asked).toEqual([])
	})

	test('an id that is whole is that one, though another begins with it', async () => {
		const longer = backup({ id: `${backup().id}-2` })
		const { engine, asked } = keeping([longer, backup()])
		await finished(engine, ['restore', '--backup', backup().id, '--all'])
		expect(asked).toEqual([['restore', { machine: 'workstation', backup: backup().id }]])
	})
})
