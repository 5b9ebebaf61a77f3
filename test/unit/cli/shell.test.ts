import { PassThrough } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import type { Terminal } from '../../../src/cli/io.ts'
import { questionOf, questionProblem } from '../../../src/cli/questions.ts'
import { ProblemError } from '../../../src/contract/client.ts'
import type { LinkState } from '../../../src/contract/state.ts'
import type { Link, RemoteExit, RemoteShell, TerminalSize } from '../../../src/engine/link/link.ts'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { linkAsksForKey, linkAsksForLogin, linkUp } from '../states.ts'
import { type CallOptions, call, finished, now } from './call.ts'
import { state, up, workstation } from './states.ts'

function fakeTerminal() {
	const raw: boolean[] = []
	const input = new PassThrough()
	const output = new PassThrough()
	let resized: () => void = () => {}
	const size: TerminalSize = { columns: 100, rows: 40 }
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
	return { terminal, raw, input, output, resize }
}

/** A shell that says back what it is sent, and ends with 7 at `exit`. */
function fakeLink(first: LinkState = up) {
	const sizes: TerminalSize[] = []
	const answers: unknown[] = []
	const listeners = new Set<(state: LinkState) => void>()
	let linkState = first
	let disposed = false
	const stdin = new PassThrough()
	const stdout = new PassThrough()
	let end: (exit: RemoteExit) => void = () => {}
	const exit = new Promise<RemoteExit>((resolve) => {
		end = resolve
	})
	stdin.on('data', (data: Buffer) => {
		if (data.toString() === 'exit\r') end({ code: 7, signal: null })
		else stdout.write(`[${data}]`)
	})
	const shell: RemoteShell = {
		stdin,
		stdout,
		stderr: new PassThrough(),
		exit,
		close: () => {},
		resize: (size) => void sizes.push(size),
	}
	const change = (next: LinkState) => {
		linkState = next
		for (const listener of [...listeners]) listener(next)
	}
	const link: Partial<Link> = {
		get state() {
			return linkState
		},
		connect: () => {},
		onState(listener) {
			listeners.add(listener)
			return () => listeners.delete(listener)
		},
		whenUp: async () => {
			const asked = questionOf(linkState)
			if (asked) throw new ProblemError(questionProblem(asked))
			if (linkState.status === 'stopped') throw new ProblemError(linkState.problem)
		},
		answerHostKey: (_fingerprint, accept) => {
			answers.push(accept)
			change(up)
		},
		answerLogin(_question, given) {
			answers.push(given)
			if (given?.[0] === 'right') change(up)
			else change(given ? linkAsksForLogin({ id: `q${answers.length + 1}`, again: true }) : stopped)
		},
		shell: async (kind, size) => {
			sizes.push(size)
			expect(kind).toBe('xterm-kitty')
			return shell
		},
		dispose: async () => {
			disposed = true
		},
	}
	return { link: link as Link, sizes, answers, change, listeners, isDisposed: () => disposed, end }
}

const stopped: LinkState = {
	status: 'stopped',
	problem: problem('login-unanswered', { host: 'lab', what: 'a passphrase', why: 'nothing was given' }),
	since: now,
}

const engine = () =>
	new FakeEngine(
		{
			shellCommand: ({ workstation }) => ({
				workstation: workstation ?? 'lab',
				argv: ['ssh', '--', 'lab'],
				ssh: { host: 'lab' },
			}),
		},
		state(),
	)

const options = (terminal: Terminal, link: Link): CallOptions => ({
	terminal,
	doors: { openLink: () => link },
})

test('every key goes there and every byte comes back; its exit code is ours', async () => {
	const { terminal, raw, input, output, resize } = fakeTerminal()
	const { link, sizes, isDisposed } = fakeLink()
	let seen = ''
	output.on('data', (data: Buffer) => {
		seen += data.toString()
	})
	const running = call(engine(), ['shell'], options(terminal, link))
	await vi.waitFor(() => expect(raw).toEqual([true]))
	input.write('\u0003')
	await vi.waitFor(() => expect(seen).toBe('[\u0003]'))
	resize(120)
	input.write('exit\r')
	expect(await running.done).toBe(7)
	expect(sizes).toEqual([
		{ columns: 100, rows: 40 },
		{ columns: 120, rows: 40 },
	])
	expect(raw).toEqual([true, false])
	expect(isDisposed()).toBe(true)
	resize(130)
	expect(sizes).toHaveLength(2)
})

test('a shell that was killed is no success', async () => {
	const { terminal, raw } = fakeTerminal()
	const { link, end } = fakeLink()
	const running = call(engine(), ['shell', 'lab'], options(terminal, link))
	await vi.waitFor(() => expect(raw).toEqual([true]))
	end({ code: null, signal: 'KILL' })
	expect(await running.done).toBe(129)
})

test('an unknown host key is asked about before anything is typed', async () => {
	const asked = fakeLink(linkAsksForKey)
	const { terminal, raw } = fakeTerminal()
	const running = call(engine(), ['shell'], { ...options(terminal, asked.link), answer: true })
	await vi.waitFor(() => expect(raw).toEqual([true]))
	expect(asked.answers).toEqual([true])
	asked.end({ code: 0, signal: null })
	expect(await running.done).toBe(0)
	const refused = fakeLink(linkAsksForKey)
	const no = await finished(engine(), ['shell'], {
		...options(fakeTerminal().terminal, refused.link),
		answer: false,
	})
	expect(no.code).toBe(4)
	expect(refused.answers).toEqual([])
	expect(refused.isDisposed()).toBe(true)
})

test('its own login asks too: again after what was wrong, and no more once it is up', async () => {
	const asked = fakeLink(linkAsksForLogin())
	const { terminal, raw } = fakeTerminal()
	const running = call(engine(), ['shell'], { ...options(terminal, asked.link), typed: ['wrong', 'right'] })
	await vi.waitFor(() => expect(raw).toEqual([true]))
	expect(asked.answers).toEqual([['wrong'], ['right']])
	expect(running.err()).toContain('That was not right.')
	expect(running.out() + running.err()).not.toMatch(/wrong\b|right$/m)
	asked.end({ code: 0, signal: null })
	expect(await running.done).toBe(0)
	expect(asked.listeners.size).toBe(0)
})

test('the end of input gives up, and Ctrl-C leaves: both dispose the link', async () => {
	const asked = fakeLink(linkAsksForLogin())
	const gaveUp = await finished(engine(), ['shell'], {
		...options(fakeTerminal().terminal, asked.link),
		typed: [null],
	})
	expect(gaveUp.code).toBe(4)
	expect(asked.answers).toEqual([null])
	expect(asked.isDisposed()).toBe(true)
	const left = fakeLink(linkAsksForLogin())
	const running = call(engine(), ['shell'], options(fakeTerminal().terminal, left.link))
	await vi.waitFor(() => expect(running.questions).toHaveLength(1))
	running.interrupt()
	expect(await running.done).toBe(130)
	expect(running.takenBack).toHaveLength(1)
	await vi.waitFor(() => expect(left.isDisposed()).toBe(true))
	expect(left.answers).toEqual([])
	expect(left.listeners.size).toBe(0)
})

describe('where only the system’s own ssh can log in', () => {
	const byOpenSsh = linkUp({ transport: { kind: 'openssh', reason: 'The key is on a hardware token' } })
	const handedOver = () => {
		const calls: (readonly string[])[] = []
		const runInTerminal = async (argv: readonly string[], env: NodeJS.ProcessEnv) => {
			expect(env.TERM).toBe('xterm')
			calls.push(argv)
			return 9
		}
		return { calls, runInTerminal }
	}
	const env = { TERM: 'xterm' }

	test('it gets the terminal, after our own link was closed; its exit code is ours', async () => {
		const { link, isDisposed } = fakeLink(byOpenSsh)
		const { calls, runInTerminal } = handedOver()
		const { terminal, raw } = fakeTerminal()
		const doors = {
			openLink: () => link,
			runInTerminal: (argv: readonly string[], its: NodeJS.ProcessEnv) => {
				expect(isDisposed()).toBe(true)
				return runInTerminal(argv, its)
			},
		}
		const { code } = await finished(engine(), ['shell'], { terminal, doors, env })
		expect(code).toBe(9)
		expect(calls).toEqual([['ssh', '--', 'lab']])
		expect(raw).toEqual([])
	})

	test('no second login is begun where the engine knows that already, or the settings say so', async () => {
		const known = engine()
		known.change({ slice: 'workstations', key: 'lab', value: workstation({ link: byOpenSsh }) })
		const set = engine()
		set.handlers.shellCommand = () => ({
			workstation: 'lab',
			argv: ['ssh', '--', 'lab'],
			ssh: { host: 'lab', transport: 'openssh' },
		})
		for (const one of [known, set]) {
			const { calls, runInTerminal } = handedOver()
			const { terminal } = fakeTerminal()
			const { code } = await finished(one, ['shell'], { terminal, doors: { runInTerminal }, env })
			expect(code).toBe(9)
			expect(calls).toHaveLength(1)
		}
	})
})

test('without a terminal it says so', async () => {
	const { code, error } = await finished(engine(), ['shell'])
	expect(code).toBe(1)
	expect(error).toContain('needs a terminal')
})
