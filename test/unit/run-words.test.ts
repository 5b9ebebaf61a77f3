import { expect, test } from 'vitest'
import { codeWords } from '../../src/contract/run-words.ts'

test.each([
	[{ branch: 'gpu-validation', commit: '41d07e2aaaaaaaaaaaaaa' }, 'gpu-validation@41d07e2'],
	[{ branch: '', commit: '41d07e2aaaaaaaaaaaaaa' }, '41d07e2'],
	[{ commit: '41d07e2aaaaaaaaaaaaaa' }, '41d07e2'],
	[{ branch: 'agent', commit: '' }, 'agent'],
	[{ branch: '', commit: '' }, ''],
])('the code of a run: %o', (run, words) => {
	expect(codeWords(run)).toBe(words)
})
