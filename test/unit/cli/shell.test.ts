import { PassThrough } from 'node:stream'
import { expect, test, vi } from 'vitest'
import type { Terminal } from '../../../src/cli/io.ts'
import { ProblemError } from '../../../src/contract/client.ts'
import type { LinkState } from '../../../src/contract/state.ts'
import type { Link, RemoteExit, RemoteShell, TerminalSize } from '../../../src/engine/link/link.ts'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { type CallOptions, call, finished, now } from './call.ts'
import { state, up } from './states.ts'

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
	const answers: boolean[] = []
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
	const link: Partial<Link> = {
		get state() {
			return linkState
		},
		connect: () => {},
		whenUp: async () => {
			if (linkState.status === 'asking') throw new ProblemError(problem('host-key-unknown', { ...linkState }))
		},
		answerHostKey: (_fingerprint, accept) => {
			answers.push(accept)
			linkState = up
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
	return { link: link as Link, sizes, answers, isDisposed: () => disposed, end }
}

const engine = () =>
	new FakeEngine(
		{
			shellCommand: ({ workstation }) => ({
				workstation: workstation ?? 'lab',
				argv: ['ssh'],
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
	const link: LinkState = {
		status: 'asking',
		host: 'lab',
		keyType: 'ed25519',
		fingerprint: 'SHA256:x',
		since: now,
	}
	const asked = fakeLink(link)
	const { terminal, raw } = fakeTerminal()
	const running = call(engine(), ['shell'], { ...options(terminal, asked.link), answer: true })
	await vi.waitFor(() => expect(raw).toEqual([true]))
	expect(asked.answers).toEqual([true])
	asked.end({ code: 0, signal: null })
	expect(await running.done).toBe(0)
	const refused = fakeLink(link)
	const no = await finished(engine(), ['shell'], {
		...options(fakeTerminal().terminal, refused.link),
		answer: false,
	})
	expect(no.code).toBe(4)
	expect(refused.answers).toEqual([])
	expect(refused.isDisposed()).toBe(true)
})

test('without a terminal it says so', async () => {
	const { code, error } = await finished(engine(), ['shell'])
	expect(code).toBe(1)
	expect(error).toContain('needs a terminal')
})
