import { describe, expect, test } from 'vitest'
import { parseLsof } from '../../../src/engine/git/lock-owner.ts'
import { parseStatus } from '../../../src/engine/git/status.ts'

const id = '0'.repeat(40)
const of = (...lines: string[]) => `${lines.join('\0')}\0`

describe('parseStatus', () => {
	test('every kind of line, any name', () => {
		const text = of(
			`# branch.oid ${id}`,
			'# branch.head a b/ü',
			'# branch.upstream origin/x',
			'# stash 3',
			`1 .M N... 100644 100644 100644 ${id} ${id}  two  blanks `,
			`1 A. SCMU 160000 160000 160000 ${id} ${id} sub`,
			`u UU N... 100644 100644 100644 100644 ${id} ${id} ${id} 1 .M N... in conflict`,
			'? -rf',
			'? # branch.head (detached)',
			'? line\nbreak "quoted" \u001b[31m',
			'! ignored',
		)
		expect(parseStatus(text)).toEqual({
			branch: 'a b/ü',
			stashes: 3,
			changedFiles: [' two  blanks ', 'sub', '1 .M N... in conflict'],
			untrackedFiles: ['-rf', '# branch.head (detached)', 'line\nbreak "quoted" \u001b[31m'],
		})
	})

	test('no branch, and nothing at all', () => {
		expect(parseStatus(of(`# branch.oid ${id}`, '# branch.head (detached)')).branch).toBe(null)
		expect(parseStatus('')).toEqual({ branch: null, stashes: 0, changedFiles: [], untrackedFiles: [] })
	})
})

test.each([
	['p42\ncgit\nf3\np43\ncvim\nf4\n', 'git (process 42)'],
	['p42\nf3\n', 'a program (process 42)'],
	['', null],
	['lsof: WARNING: something\n', null],
])('the holder of a lock as lsof prints it: %j', (text, holder) => {
	expect(parseLsof(text)).toBe(holder)
})
