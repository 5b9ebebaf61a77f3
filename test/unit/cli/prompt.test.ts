import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'

const program = fileURLToPath(new URL('./prompt-program.ts', import.meta.url))
const scriptProgram = '/usr/bin/script'
const noScript = process.platform !== 'linux' || !existsSync(scriptProgram)
if (noScript) console.warn('skipped: questions on a real terminal, for want of util-linux’s script')

const children = new Set<ChildProcess>()
afterEach(() => {
	for (const child of children) child.kill('SIGKILL')
	children.clear()
})

/** Runs it in a pseudo-terminal, and `stty` after it in the same one. */
function onTerminal(...kinds: string[]) {
	const command = `stty cols 300; '${process.execPath}' '${program}' ${kinds.join(' ')}; echo "code $?"; stty -a`
	const child = spawn(scriptProgram, ['-qec', command, '/dev/null'], {
		env: { ...process.env, TERM: 'xterm', SHELL: '/bin/sh' },
	})
	children.add(child)
	let screen = ''
	child.stdout.on('data', (data: Buffer) => {
		screen += data.toString()
	})
	child.stdin.on('error', () => {})
	const shows = (words: string | RegExp) =>
		vi.waitFor(() => expect(screen).toMatch(words), { timeout: 8000, interval: 10 })
	return {
		shows,
		type: (keys: string) => child.stdin.write(keys),
		screen: () => screen,
		async answers(): Promise<unknown> {
			await shows(/answers [0-9a-f]+\s/)
			const hex = /answers ([0-9a-f]+)/.exec(screen)?.[1] ?? ''
			return JSON.parse(Buffer.from(hex, 'hex').toString())
		},
		/** The terminal echoes again, and takes lines and signals. */
		async restored() {
			await shows(/-?icanon/)
			expect(screen).toMatch(/[\s;]echo[\s;]/)
			expect(screen).toMatch(/[\s;]icanon[\s;]/)
			expect(screen).toMatch(/[\s;]isig[\s;]/)
		},
	}
}

describe.skipIf(noScript)('on a real terminal', () => {
	test('what is typed hidden shows nowhere: backspace, a paste, other scripts', async () => {
		const one = onTerminal('hidden')
		await one.shows('Question 1: ')
		one.type('hunterX\u007f2 \u00fc\u4f60\u0338\r')
		expect(await one.answers()).toEqual(['hunter2 \u00fc\u4f60\u0338'])
		await one.restored()
		expect(one.screen()).not.toMatch(/hunter|\u00fc|\u4f60|\*/)
	})

	test('what is typed openly shows; two questions in a row; the arrow brings nothing back', async () => {
		const one = onTerminal('hidden', 'shown', 'hidden')
		await one.shows('Question 1: ')
		one.type('s3cret\r')
		await one.shows('Question 2: ')
		one.type('\u001b[Aopen\r')
		await one.shows('Question 3: ')
		// Nothing of the question before it may still listen, and echo.
		one.type('\u001b[A\u001b[Amore\r')
		expect(await one.answers()).toEqual(['s3cret', 'open', 'more'])
		await one.restored()
		expect(one.screen()).toContain('open')
		expect(one.screen()).not.toMatch(/s3cret|more/)
	})

	test('a pasted line, with its end, is one answer', async () => {
		const one = onTerminal('hidden')
		await one.shows('Question 1: ')
		one.type(`${'long '.repeat(200)}\n`)
		expect(await one.answers()).toEqual(['long '.repeat(200)])
		await one.restored()
		expect(one.screen()).not.toContain('long')
	})

	test.each(['hidden', 'shown'])(
		'Ctrl-C and the end of input leave the terminal as it was: %s',
		async (kind) => {
			for (const key of ['\u0003', '\u0004']) {
				const one = onTerminal(kind)
				await one.shows('Question 1: ')
				if (key === '\u0003') one.type('half')
				one.type(key)
				expect(await one.answers()).toEqual([null])
				await one.restored()
				if (kind === 'hidden') expect(one.screen()).not.toContain('half')
			}
		},
	)

	test('a question that is taken back leaves the terminal as it was', async () => {
		const one = onTerminal('lost')
		await one.shows('Question 1: ')
		expect(await one.answers()).toEqual([null])
		await one.restored()
	})
})
