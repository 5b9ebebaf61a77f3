import { stripVTControlCharacters } from 'node:util'
import type { Io, Output, Terminal } from '../../../src/cli/io.ts'
import { main } from '../../../src/cli/program.ts'
import type { Doors } from '../../../src/cli/session.ts'
import { createClient } from '../../../src/contract/client.ts'
import type { Attachment } from '../../../src/engine/rpc/host.ts'
import { channelPair } from '../../../src/engine/rpc/memory.ts'
import { serveEngine } from '../../../src/engine/rpc/serve.ts'
import type { FakeEngine } from '../rpc/fake-engine.ts'

/** The moment of every test here: ms since the epoch. */
export const now = Date.UTC(2026, 10, 23, 10, 15, 0)

export interface CallOptions {
	env?: Record<string, string>
	/** The engine lives in the called process. */
	hosted?: boolean
	tty?: boolean
	terminal?: Terminal | null
	/** To every yes or no. */
	answer?: boolean
	/** What is typed, line by line; after the last nothing comes until the question is taken back. */
	typed?: (string | null)[]
	doors?: Partial<Doors>
}

export interface Call {
	/** The exit code. */
	done: Promise<number>
	out(): string
	err(): string
	/** Ctrl-C. */
	interrupt(): void
	/** Codes the process was told to end with at once. */
	readonly exits: number[]
	readonly questions: string[]
	/** The questions whose answers did not show. */
	readonly hidden: string[]
	/** Questions that were taken back; standard error then says `[taken back]`. */
	readonly takenBack: string[]
	readonly attachment: { closed: boolean }
	/** The engine is gone. */
	loseEngine(): void
}

/** Calls `hawser` with an engine of the test's own. */
export function call(engine: FakeEngine, argv: string[], options: CallOptions = {}): Call {
	const texts = { out: '', err: '' }
	const output = (name: 'out' | 'err'): Output => ({
		write: (text) => {
			texts[name] += text
		},
		isTTY: options.tty ?? false,
		columns: 80,
	})
	const interrupts = new Set<() => void>()
	const exits: number[] = []
	const questions: string[] = []
	const hidden: string[] = []
	const takenBack: string[] = []
	const typed = [...(options.typed ?? [])]
	const io: Io = {
		stdout: output('out'),
		stderr: output('err'),
		env: options.env ?? {},
		now: () => now,
		interfaces: () => ['lo', 'zt7nnig26'],
		terminal: options.terminal ?? null,
		confirm: async (question) => {
			questions.push(question)
			return options.answer ?? false
		},
		async ask(question, isHidden, signal) {
			questions.push(question)
			if (isHidden) hidden.push(question)
			const answer = typed.shift()
			if (answer !== undefined) return answer
			return await new Promise((settle) => {
				const end = () => {
					takenBack.push(question)
					texts.err += '[taken back]\n'
					settle(null)
				}
				if (signal.aborted) end()
				else signal.addEventListener('abort', end, { once: true })
			})
		},
		onInterrupt(listener) {
			interrupts.add(listener)
			return () => interrupts.delete(listener)
		},
		exit: (code) => void exits.push(code),
	}
	engine.handlers.ready ??= () => ({})
	engine.handlers.lookAt ??= () => ({})
	engine.handlers.claimNotice ??= () => ({ first: true })
	const attachment = attach(engine, options.hosted ?? false)
	const doors: Doors = {
		version: '0.1.0',
		openEngine: async () => attachment.made,
		openBrowser: async () => {},
		runInTerminal: () => Promise.reject(new Error('not expected')),
		rendererFolders: [],
		...options.doors,
	}
	return {
		done: main(argv, io, doors),
		out: () => texts.out,
		err: () => texts.err,
		interrupt: () => {
			for (const listener of [...interrupts]) listener()
		},
		exits,
		questions,
		hidden,
		takenBack,
		attachment: attachment.facts,
		loseEngine: attachment.lose,
	}
}

function attach(engine: FakeEngine, hosted: boolean) {
	const [own, engineSide] = channelPair({ strict: true })
	const facts = { closed: false }
	serveEngine(engine, engineSide)
	const made: Attachment = {
		client: createClient(own),
		hosted,
		serveFace: (channel) => void serveEngine(engine, channel),
		otherFaces: () => 0,
		othersAnswered: async () => {},
		async close() {
			facts.closed = true
			own.close()
		},
	}
	return { made, facts, lose: () => engineSide.close() }
}

/** The call's end, with all it printed. */
export async function finished(engine: FakeEngine, argv: string[], options: CallOptions = {}) {
	const running = call(engine, argv, options)
	const code = await running.done
	return { ...running, code, text: stripVTControlCharacters(running.out()), error: running.err() }
}

/** A line-by-line JSON output. */
export function jsonLines(text: string): Record<string, unknown>[] {
	return text
		.trimEnd()
		.split('\n')
		.map((line) => JSON.parse(line) as Record<string, unknown>)
}
