import { describe, expect, test } from 'vitest'
import type { Backup } from '../../../src/contract/code.ts'
import { backupBeside, outlived, readBackupId } from '../../../src/engine/files/backups.ts'
import { leftWords, Numbered, word } from '../../../src/engine/files/keeping.ts'
import { backupId } from '../../../src/engine/files/places.ts'

const day = 86_400_000
const now = Date.UTC(2026, 10, 23)
const mebibyte = 1_048_576
const made = (daysAgo: number, mebibytes: number, n = 1): Backup => {
	const at = now - daysAgo * day
	return {
		...{ id: backupBeside(backupId('back', at), n), machine: 'laptop', kind: 'back' },
		...{ at, count: 1, bytes: mebibytes * mebibyte },
	}
}

test('a name says when and of what', () => {
	expect(readBackupId(backupId('restore', now + 123))).toEqual({ kind: 'restore', at: now + 123 })
	expect(readBackupId(backupBeside(backupId('up', now), 2))).toEqual({ kind: 'up', at: now })
	for (const name of [
		'',
		'..',
		'x',
		'20261123T000000.000Z-other',
		'20261323T000000.000Z-up',
		'2026-up',
		'20261123T000000.000Z-up/..',
	])
		expect(readBackupId(name)).toBeNull()
})

describe('what is let go', () => {
	const ids = (...backups: Backup[]) => backups.map(({ id }) => id)
	const keep = { days: 30, mebibytes: 100 }

	test('what is too old, the newest too', () => {
		const [old, older, fresh] = [made(31, 1), made(400, 1), made(30, 1)]
		expect(outlived([fresh, old, older], keep, now)).toEqual(ids(older, old))
		expect(outlived([old], keep, now)).toEqual(ids(old))
	})

	test('of too much the oldest, never the newest', () => {
		const all = [made(1, 60), made(2, 30), made(3, 30), made(4, 30)]
		expect(outlived(all, keep, now)).toEqual(ids(...all.slice(2).reverse()))
		expect(outlived([made(1, 500), made(2, 1)], keep, now)).toEqual(ids(made(2, 1)))
		expect(outlived([made(1, 100)], keep, now)).toEqual([])
	})

	test('never what stays', () => {
		const all = [made(1, 60), made(2, 30), made(3, 30), made(40, 30)]
		expect(outlived(all, keep, now, new Set(ids(...all.slice(2))))).toEqual(ids(...all.slice(1, 2)))
	})

	test('of one moment the later one is the newest', () => {
		expect(outlived([made(1, 90, 2), made(1, 90)], keep, now)).toEqual(ids(made(1, 90)))
	})
})

test('the lines of a script: a folder once, names in octal where need be, unsafe ones left', async () => {
	const left: string[] = []
	const paths = ['a', 'd/b', 'd/c\n', '.git/x', 'd/e/\\', 'f', '../g']
	const numbered = new Numbered(
		paths.map((path) => ({ path })),
		(_, number, name) => `k ${number} ${word(name)}`,
		(one) => left.push(leftWords(one)),
	)
	const lines: string[] = []
	for await (const line of numbered) lines.push(line)
	expect(lines).toEqual([
		'd .',
		'k 1 a',
		'd d',
		'k 2 b',
		'k 3 c\\0012',
		'd d/e',
		'k 4 \\0134',
		'd .',
		'k 5 f',
		'end',
	])
	expect(left).toEqual(['.git/x (its name is not used)', '../g (its name is not used)'])
	expect([numbered.settle(3), numbered.settle(3), numbered.settle(9)]).toEqual(['d/c\n', null, null])
})
