import { describe, expect, test } from 'vitest'
import { endWords, scriptFailed } from '../../src/engine/remote/script-failure.ts'

describe('how a script on the workstation ended', () => {
	test.each([
		['by itself', { code: 3, signal: null }, 'remote-failed', 'ended with 3: sh: broken'],
		['a code beyond all signals', { code: 255, signal: null }, 'remote-failed', 'ended with 255'],
		['a signal', { code: null, signal: 'KILL' }, 'remote-killed', 'killed with the signal KILL'],
		['a signal that its shell saw', { code: 137, signal: null }, 'remote-killed', 'signal KILL'],
		['its shell was killed', { code: null, signal: null }, 'remote-killed', 'ended there without a word'],
		['nobody asked for the signal', { code: null }, 'remote-killed', 'ended there without a word'],
	])('%s', (_title, end, code, words) => {
		const { problem } = scriptFailed('git-up', end, 'sh: broken\n')
		expect(problem.code).toBe(code)
		expect(problem.meaning).toContain(words)
		expect(`${problem.meaning} ${endWords(end)}`).not.toMatch(/null|undefined/)
	})
})
