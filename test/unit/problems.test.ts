import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { problemCodes } from '../../src/contract/problem.ts'
import { problem, problemOf } from '../../src/engine/problems.ts'

describe('problems', () => {
	test.each(problemCodes)('%s says what is so and what to do, in plain words', (code) => {
		const { title, meaning } = problem(code, {})
		// A title may begin with a name, and a name that is missing is said to be unknown.
		expect(title).toMatch(/^([A-Z]|nvidia|macOS|git|unknown)/u)
		expect(title).not.toMatch(/[.!]$/)
		expect(meaning).not.toContain('!')
		expect(meaning.length).toBeGreaterThan(10)
		expect(`${title}${meaning}`).not.toMatch(/undefined|null|NaN|\[object/)
	})

	test('a long list is cut with its count', () => {
		const files = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
		expect(problem('tree-dirty', { side: 'The laptop', files }).meaning).toContain('a, b, c, d, e and 2 more')
	})

	test('a fact that is missing is unknown, not zero', () => {
		expect(problem('clock-skew', {}).meaning).toContain('unknown')
	})

	test.skipIf(process.platform !== 'linux')('a full disk is called that', async () => {
		const error: unknown = await writeFile('/dev/full', 'x').catch((error: unknown) => error)
		expect(problemOf(error)).toMatchObject({
			code: 'disk-full',
			facts: { reason: expect.stringContaining('no space left') },
		})
	})

	test('an exception becomes a problem with its message', () => {
		expect(problemOf(new Error('boom'))).toMatchObject({ code: 'internal', facts: { message: 'boom' } })
	})
})
