import { describe, expect, test } from 'vitest'
import { problem } from '../../src/engine/problems.ts'
import { run } from '../../src/engine/process/process.ts'
import { typed } from '../../src/engine/quote.ts'

/** What a shell makes of a word, in a home of its own. */
async function shell(word: string): Promise<string> {
	const { stdout } = await run({
		file: '/bin/sh',
		args: ['-c', `printf %s ${word}`],
		env: { HOME: '/a home', PATH: '/usr/bin:/bin' },
	})
	return stdout
}

describe('a command to copy', () => {
	test.each([
		['plain', 'plain'],
		['~/eon/nt-gpu', '/a home/eon/nt-gpu'],
		["~/it's a $(date) ü", "/a home/it's a $(date) ü"],
		['[127.0.0.1]:2222', '[127.0.0.1]:2222'],
		['a;b `c`', 'a;b `c`'],
		['', ''],
	])('%s arrives as one word', async (value, arrived) => {
		expect(await shell(typed(value))).toBe(arrived)
	})

	test('a name from outside adds no command of its own', () => {
		const { next } = problem('worktree-missing', { path: '~/nt gpu', branch: 'x; rm -rf ~' })
		expect(next).toMatchObject({ text: "git worktree add ~/'nt gpu' 'x; rm -rf ~'" })
	})
})
