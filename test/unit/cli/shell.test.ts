import { PassThrough } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import type { Terminal } from '../../../src/cli/io.ts'
import { ProblemError } from '../../../src/contract/client.ts'
import type { PtyChunk } from '../../../src/contract/commands.ts'
import { problem } from '../../../src/engine/problems.ts'
import type { Face } from '../../../src/engine/rpc/served-engine.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { linkAsksForKey, linkUp } from '../states.ts'
import { call, finished } from './call.ts'
import { project, state, workstation } from './states.ts'

function fakeTerminal() {
	const raw: boolean[] = []
	const input = new PassThrough()
	const output = new PassThrough()
	let resized: () => void = () => {}
	let seen = ''
	output.on('data', (data: Buffer) => {
		seen += data.toString()
	})
	const size = { columns: 100, rows: 40 }
	const terminal: Terminal = {
		input,
		output,
		kind: 'xterm-kitty',
		setRaw: (on) => void raw.push(on),
		size: () => ({ ...size }),
		onResize(listener) {
			resized = listener
			return () => {
				resized = () => {}
			}
		},
	}
	const resize = (columns: number) => {
		size.columns = columns
		resized()
	}
	return { terminal, raw, input, resize, seen: () => seen }
}

/** An engine whose terminal says back what it is sent, and ends with 7 at `exit`. */
function engine(handlers: FakeEngine['handlers'] = {}) {
	let face: Face | null = null
	const say = (text: string, exit: PtyChunk['exit'] = null) =>
		face?.pty({ pty: 'p1', data: Buffer.from(text).toString('base64'), exit })
	const end = (exit: Partial<NonNullable<PtyChunk['exit']>>) =>
		say('', { code: null, signal: null, problem: null, ...exit })
	const fake = new FakeEngine(
		{
			shellCommand: ({ workstation }) => ({
				workstation: workstation ?? 'lab',
				argv: ['ssh', '--', 'lab'],
				ssh: { host: 'lab' },
			}),
			openPty: (_, from) => {
				face = from
				// Before its name is known: it is shown all the same.
				say('welcome ')
				return { pty: 'p1', workstation: 'lab' }
			},
			writePty: ({ data }) => {
				const typed = Buffer.from(data, 'base64').toString()
				if (typed === 'exit\r') end({ code: 7 })
				else say(`[${typed}]`)
				return {}
			},
			resizePty: () => ({}),
			...handlers,
		},
		state({ projects: { nt: project() } }),
	)
	const asked = (name: string) => fake.asked.filter((one) => one.name === name).map(({ input }) => input)
	return { fake, say, end, asked }
}

const lost = problem('link-lost', { host: 'lab', reason: 'It was cut' })

test('every key goes there and every byte comes back; its exit code is ours', async () => {
	const { fake, asked } = engine()
	const { terminal, raw, input, resize, seen } = fakeTerminal()
	// As after a question.
	input.pause()
	const running = call(fake, ['shell'], { terminal })
	await vi.waitFor(() => expect(raw).toEqual([true]))
	input.write('\u0003')
	await vi.waitFor(() => expect(seen()).toBe('welcome [\u0003]'))
	resize(120)
	input.write('exit\r')
	expect(await running.done).toBe(7)
	expect(asked('openPty')).toEqual([
		{ what: 'shell', workstation: 'lab', term: 'xterm-kitty', columns: 100, rows: 40 },
	])
	expect(asked('resizePty')).toEqual([{ pty: 'p1', columns: 120, rows: 40 }])
	expect(raw).toEqual([true, false])
	resize(130)
	expect(asked('resizePty')).toHaveLength(1)
	expect(running.err()).toBe('')
})

test('what is typed while it does not read waits, in order, and is sent together', async () => {
	const reads = Promise.withResolvers<void>()
	const { fake, asked, end } = engine({
		writePty: async () => {
			await reads.promise
			return {}
		},
	})
	const { terminal, raw, input } = fakeTerminal()
	const running = call(fake, ['shell'], { terminal })
	await vi.waitFor(() => expect(raw).toEqual([true]))
	input.write('a')
	await vi.waitFor(() => expect(asked('writePty')).toHaveLength(1))
	input.write('b')
	await vi.waitFor(() => expect(input.isPaused()).toBe(true))
	input.write('c'.repeat(60_000))
	reads.resolve()
	await vi.waitFor(() => expect(asked('writePty').length).toBeGreaterThanOrEqual(4))
	const typed = asked('writePty').map((one) =>
		Buffer.from((one as { data: string }).data, 'base64').toString(),
	)
	expect(typed.join('')).toBe(`ab${'c'.repeat(60_000)}`)
	expect(Math.max(...typed.map((text) => text.length))).toBeLessThanOrEqual(48 * 1024)
	end({ code: 0 })
	expect(await running.done).toBe(0)
})

test.each([
	['KILL', 137],
	['TERM', 143],
	['SOMETHING@else', 129],
])('a shell that %s ended is counted as shells count it', async (signal, expected) => {
	const { fake, end } = engine()
	const { terminal, raw } = fakeTerminal()
	const running = call(fake, ['shell', 'lab'], { terminal })
	await vi.waitFor(() => expect(raw).toEqual([true]))
	end({ signal })
	expect(await running.done).toBe(expected)
})

test('an unknown host key is asked about before anything is typed', async () => {
	const { fake, asked, end } = engine({
		answerHostKey: () => {
			fake.change({ slice: 'workstations', key: 'lab', value: workstation({ link: linkUp() }) })
			return {}
		},
	})
	fake.change({ slice: 'workstations', key: 'lab', value: workstation({ link: linkAsksForKey }) })
	const { terminal, raw } = fakeTerminal()
	const running = call(fake, ['shell'], { terminal, answer: true })
	await vi.waitFor(() => expect(raw).toEqual([true]))
	end({ code: 0 })
	expect(await running.done).toBe(0)
	expect(asked('answerHostKey')).toMatchObject([{ workstation: 'lab', accept: true }])

	fake.change({ slice: 'workstations', key: 'lab', value: workstation({ link: linkAsksForKey }) })
	const refused = await finished(fake, ['shell'], { terminal, answer: false })
	expect(refused.code).toBe(4)
	expect(asked('openPty')).toHaveLength(1)
})

describe('when the line breaks', () => {
	test('the terminal is an ordinary one again, and it is said why', async () => {
		const { fake, say, end } = engine()
		const { terminal, raw, seen } = fakeTerminal()
		const running = call(fake, ['shell'], { terminal })
		await vi.waitFor(() => expect(raw).toEqual([true]))
		say('\u001b[?10')
		say('49hvim')
		end({ problem: lost })
		expect(await running.done).toBe(3)
		expect(raw).toEqual([true, false])
		expect(running.err()).toContain(lost.title)
		expect(running.err()).not.toContain('To attach again')
		expect(seen()).toMatch(/vim.*\u001b\[\?25h.*\u001b\[\?1049l\r\n$/s)
	})

	test('of tmux it is said how to attach again', async () => {
		const { fake, say, end, asked } = engine()
		const { terminal, raw, seen } = fakeTerminal()
		const running = call(fake, ['tmux', 'nt'], { terminal })
		await vi.waitFor(() => expect(raw).toEqual([true]))
		expect(asked('openPty')).toMatchObject([{ what: 'tmux', project: 'nt' }])
		say('\u001b[?1049htmux\u001b[?1049l')
		end({ problem: lost })
		expect(await running.done).toBe(3)
		expect(running.err()).toContain('To attach again: hawser tmux nt\n')
		// It had left the other screen by itself.
		expect(seen()).not.toMatch(/1049l\r\n$/)
	})

	test('an engine that is gone gives the terminal back too, before it is said', async () => {
		const { fake } = engine()
		const { terminal, raw } = fakeTerminal()
		let saidBefore: string | null = null
		terminal.setRaw = (on) => {
			raw.push(on)
			if (!on) saidBefore = running.err()
		}
		const running = call(fake, ['tmux', '--agent'], { terminal })
		await vi.waitFor(() => expect(raw).toEqual([true]))
		running.loseEngine()
		expect(await running.done).not.toBe(0)
		expect(raw).toEqual([true, false])
		expect(running.err()).not.toBe('')
		expect(saidBefore).toBe('')
	})

	test('being told to end gives the terminal back too', async () => {
		const { fake } = engine()
		const { terminal, raw } = fakeTerminal()
		const running = call(fake, ['shell', '--hold'], { terminal })
		await vi.waitFor(() => expect(raw).toEqual([true]))
		running.interrupt()
		expect(await running.done).toBe(130)
		expect(raw).toEqual([true, false])
		expect(running.questions).toEqual([])
	})
})

test('with --hold a failure waits to be read, an exit code does not', async () => {
	const { fake, end } = engine()
	const { terminal, raw } = fakeTerminal()
	const failing = call(fake, ['shell', '--hold', '--', 'lab'], { terminal, typed: [''] })
	await vi.waitFor(() => expect(raw).toEqual([true]))
	end({ problem: lost })
	expect(await failing.done).toBe(3)
	expect(failing.questions).toEqual(['Press Return to close this window. '])
	const ending = call(fake, ['shell', '--hold'], { terminal })
	await vi.waitFor(() => expect(raw).toEqual([true, false, true]))
	end({ code: 1 })
	expect(await ending.done).toBe(1)
	expect(ending.questions).toEqual([])
})

test('where the connection has no room for one more, the system’s ssh logs in for it', async () => {
	const { fake } = engine({
		openPty: () => {
			throw new ProblemError(problem('channel-refused', { what: 'a terminal', reason: '4 are open' }))
		},
	})
	const { terminal, raw } = fakeTerminal()
	const runInTerminal = vi.fn(async () => 9)
	const shell = await finished(fake, ['shell'], { terminal, doors: { runInTerminal } })
	expect(shell.code).toBe(9)
	expect(runInTerminal).toHaveBeenCalledExactlyOnceWith(['ssh', '--', 'lab'], {})
	expect(shell.error).toContain('has no room')
	expect(raw).toEqual([])
	const tmux = await finished(fake, ['tmux'], { terminal })
	expect(tmux.error).toContain('4 are open')
})

test.each([['shell'], ['tmux']])('%s without a terminal says so', async (name) => {
	const { code, error } = await finished(engine().fake, [name])
	expect(code).toBe(1)
	expect(error).toContain('needs a terminal')
})
