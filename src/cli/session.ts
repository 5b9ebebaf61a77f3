import { setTimeout as delay } from 'node:timers/promises'
import { type Client, ProblemError } from '../contract/client.ts'
import type { Problem } from '../contract/problem.ts'
import type { State } from '../contract/state.ts'
import { problem, problemOf } from '../engine/problems.ts'
import type { Attachment } from '../engine/rpc/host.ts'
import { exitCodeOf, exitCodes, isWrongUse } from './exit-codes.ts'
import type { Io, Output } from './io.ts'
import { note, printJson, printProblem } from './report.ts'

/** What the commands need and only `engine.ts` knows how to make. */
export interface Doors {
	version: string
	/** `resident`: it stays for long, as the window's engine does. */
	openEngine(dataFolder: string, resident: boolean): Promise<Attachment>
	openBrowser(url: string): Promise<void>
	/** Hands this program's terminal to another program until it ends; its exit code. */
	runInTerminal(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number>
	/** Where the built window may lie, best first. */
	rendererFolders: readonly string[]
}

/** One call of `hawser`: its world, and what it was told before the command. */
export interface Cli {
	io: Io
	doors: Doors
	dataFolder(): string
	/** Set by the command that ran. */
	exitCode: number
}

/** A command's hold on the engine. */
export interface Session {
	io: Io
	client: Client
	/** The engine lives in this process and ends with it. */
	hosted: boolean
	attachment: Attachment
	state(): State
	/**
	 * The first value `pick` finds, now or after a change; null after `limitMs` and when the command is over.
	 * Rejects when it throws.
	 */
	until<T>(pick: (state: State) => T | undefined, limitMs: number): Promise<T | null>
	/** Aborted by the first Ctrl-C. */
	interrupted: AbortSignal
	/** Aborted when the command ends, however it does: nobody is asked any more. */
	over: AbortSignal
	/** Said when Ctrl-C ends the command. */
	farewell: (() => string | null) | null
}

export interface SessionOptions {
	json?: boolean | undefined
	resident?: boolean
	/** Ctrl-C is how it is meant to end: `work` sees to it by `interrupted`. */
	endsByInterrupt?: boolean
}

/**
 * Runs a command with the engine: attached to the one that is there, else with one of its own. Turns
 * every failure into words and an exit code, and Ctrl-C into an orderly end; a second one ends at once.
 */
export async function withEngine(
	cli: Cli,
	options: SessionOptions,
	work: (session: Session) => Promise<number>,
): Promise<void> {
	const { io } = cli
	const interrupt = new AbortController()
	const over = new AbortController()
	if (!options.endsByInterrupt) interrupt.signal.addEventListener('abort', () => over.abort(), { once: true })
	const stopInterrupts = io.onInterrupt(() => {
		if (interrupt.signal.aborted) io.exit(exitCodes.interrupted)
		interrupt.abort()
	})
	let attachment: Attachment | null = null
	let mistake: Problem | null = null
	try {
		attachment = await cli.doors.openEngine(cli.dataFolder(), options.resident ?? false)
		const quiet = options.endsByInterrupt ? io : quietOnce(io, interrupt.signal)
		const session = await openSession(quiet, attachment, interrupt.signal, over.signal)
		mistake = session.state().config.problem
		if (mistake && !options.json) printProblem(io, mistake)
		const ends = options.endsByInterrupt ? [] : [interruption(session, io)]
		cli.exitCode = await Promise.race([work(session), disappearance(session), ...ends])
		await letOthersFinish(session)
	} catch (error) {
		// A question that is open is taken back before the failure is said.
		over.abort()
		const found = problemOf(error)
		// What the settings with a mistake do not know may well be in them.
		const meant = mistake && isWrongUse(found) ? mistake : found
		if (meant === mistake && !options.json) cli.exitCode = exitCodeOf(meant)
		else cli.exitCode = report(io, new ProblemError(meant), options.json)
	} finally {
		over.abort()
		await attachment?.close().catch(() => {})
		stopInterrupts()
	}
}

/** Says a failure; returns its exit code. In JSON it is the document. */
export function report(io: Io, error: unknown, json: boolean | undefined): number {
	const found = problemOf(error)
	if (json) printJson(io, { problem: found })
	printProblem(io, found)
	return exitCodeOf(found)
}

async function openSession(
	io: Io,
	attachment: Attachment,
	interrupted: AbortSignal,
	over: AbortSignal,
): Promise<Session> {
	const { client, hosted } = attachment
	let state: State | null = null
	const waiting = new Set<() => void>()
	const session: Session = {
		io,
		client: tellingClient(client),
		hosted,
		attachment,
		state() {
			if (!state) throw new TypeError('the session is not open yet')
			return state
		},
		until(pick, limitMs) {
			return new Promise((settle, reject) => {
				const end = (then: () => void) => {
					clearTimeout(timer)
					waiting.delete(look)
					over.removeEventListener('abort', nothing)
					then()
				}
				const look = () => {
					try {
						const found = state ? pick(state) : undefined
						if (found !== undefined) end(() => settle(found))
					} catch (error) {
						end(() => reject(error))
					}
				}
				const nothing = () => end(() => settle(null))
				const timer = setTimeout(nothing, limitMs)
				if (over.aborted) return nothing()
				over.addEventListener('abort', nothing)
				waiting.add(look)
				look()
			})
		},
		interrupted,
		over,
		farewell: null,
	}
	client.watch((next) => {
		state = next
		for (const look of [...waiting]) look()
	})
	await Promise.race([session.client.call('ready', {}), disappearance(session)])
	await Promise.race([session.until(() => true, 20_000), disappearance(session)])
	return session
}

/** A call that the engine's end cut short is said in words. */
function tellingClient(client: Client): Client {
	return {
		...client,
		call: (name, input) =>
			client.call(name, input).catch((error: unknown) => {
				throw error instanceof ProblemError ? error : gone()
			}),
	}
}

const gone = () =>
	new ProblemError(problem('engine-unreachable', { reason: 'It ended while this was under way' }))

function disappearance({ client }: Session): Promise<never> {
	return new Promise((_settle, reject) => client.onClose(() => reject(gone())))
}

/** After Ctrl-C the command is still told what becomes of its work, but nobody waits to read it. */
function quietOnce(io: Io, interrupted: AbortSignal): Io {
	const quiet = (output: Output): Output => ({
		write: (text) => {
			if (!interrupted.aborted) output.write(text)
		},
		isTTY: output.isTTY,
		get columns() {
			return output.columns
		},
	})
	return { ...io, stdout: quiet(io.stdout), stderr: quiet(io.stderr) }
}

function interruption(session: Session, io: Io): Promise<number> {
	const { interrupted } = session
	return new Promise((settle) => {
		const end = () => {
			const words = session.farewell?.()
			if (words) note(io, words)
			settle(exitCodes.interrupted)
		}
		if (interrupted.aborted) end()
		else interrupted.addEventListener('abort', end, { once: true })
	})
}

/** How long the command of another face may take to be answered when this process is done (ms). */
const longestAnswer = 15_000

/** Another face may have started something on the engine that lives here: it is not cut off. */
async function letOthersFinish(session: Session): Promise<void> {
	const { io, hosted, attachment, interrupted } = session
	const busy = (state: State) => Object.values(state.operations).some(({ outcome }) => outcome === null)
	if (!hosted || interrupted.aborted || attachment.otherFaces() === 0) return
	const stop = new Promise<void>((settle) => interrupted.addEventListener('abort', () => settle()))
	if (busy(session.state())) {
		note(io, 'Another Hawser has work under way through this one: staying until it is done. Ctrl-C ends it.')
		const longest = 24 * 3_600_000
		await Promise.race([session.until((state) => (busy(state) ? undefined : true), longest), stop])
	}
	const late = delay(longestAnswer, undefined, { ref: false })
	await Promise.race([attachment.othersAnswered(), late, stop])
}
