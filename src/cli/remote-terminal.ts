import { constants } from 'node:os'
import { Option } from 'commander'
import { type Client, ProblemError } from '../contract/client.ts'
import type { CommandInput, PtyChunk } from '../contract/commands.ts'
import { problem, problemOf } from '../engine/problems.ts'
import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './io.ts'
import { reach } from './reach.ts'
import { note } from './report.ts'
import { ScreenState } from './screen-state.ts'
import { type Cli, report, type Session, withEngine } from './session.ts'
import { typeInto } from './typing.ts'

/** What is opened on a workstation, and by what else, where the link has no room for it. */
export interface RemoteTerminal {
	wish: CommandInput<'openTerminal'>
	/** It has to be reached first; null: the engine says why it is not known. */
	workstation: string | null
	/** A call of the system's own ssh to the same end. */
	ssh: readonly string[] | null
	/** How to come back to what goes on after the link was lost; null: nothing does. */
	again: string | null
}

/** For a window that closes with the program in it: what went wrong is to be read first. */
export const holdOption = () => new Option('--hold', 'wait for Return after a failure').hideHelp()

type End = NonNullable<PtyChunk['exit']>

/** Hands this program's terminal over to one on a workstation until that ends; the exit code is its own. */
export async function openThere(
	cli: Cli,
	options: { hold?: true },
	find: (session: Session) => Promise<RemoteTerminal>,
): Promise<void> {
	const { terminal } = cli.io
	if (!terminal) {
		cli.exitCode = report(cli.io, new ProblemError(problem('terminal-missing', {})), false)
		return
	}
	let hasEnded = false
	await withEngine(cli, {}, async (session) => {
		session.interrupted.addEventListener('abort', () => {
			hasEnded = true
		})
		const there = await find(session)
		if (there.workstation !== null) await reach(session, there.workstation)
		const code = await attach(session, terminal, there).catch(async (error: unknown) => {
			if (problemOf(error).code !== 'channel-refused' || there.ssh === null) throw error
			note(cli.io, 'The connection has no room for another terminal: the system’s ssh logs in for this one.')
			return await cli.doors.runInTerminal(there.ssh, cli.io.env)
		})
		hasEnded = true
		return code
	})
	if (options.hold && !hasEnded)
		await cli.io.ask('Press Return to close this window. ', false, new AbortController().signal)
}

/** @throws ProblemError why it could not be opened, or was cut off */
async function attach(session: Session, terminal: Terminal, there: RemoteTerminal): Promise<number> {
	const { client, io } = session
	const screen = new ScreenState()
	const ended = Promise.withResolvers<End>()
	const hearing = hear(client, (data, exit) => {
		screen.see(data)
		if (data.length > 0) terminal.output.write(data)
		if (exit) ended.resolve(exit)
	})
	try {
		const { pty } = await client.call('openPty', { ...there.wish, term: terminal.kind, ...sizeOf(terminal) })
		const giveBack = handOver(client, pty, terminal)
		// However the command ends, the terminal is the person's again before anything else is said.
		session.over.addEventListener('abort', giveBack, { once: true })
		let exit: End | null
		try {
			hearing.begin(pty)
			exit = await Promise.race([ended.promise, aborted(session.over)])
		} finally {
			giveBack()
		}
		if (exit === null) return exitCodes.interrupted
		if (exit.problem === null) return exitCodeOf(exit)
		terminal.output.write(screen.reset())
		if (there.again !== null) note(io, `What runs in it goes on. To attach again: ${there.again}`)
		throw new ProblemError(exit.problem)
	} finally {
		hearing.stop()
	}
}

/** What the one terminal of this face prints. It may speak before it is known by its name. */
function hear(client: Client, take: (data: Buffer, exit: End | null) => void) {
	let id: string | null = null
	const early: PtyChunk[] = []
	const takeChunk = ({ pty, data, exit }: PtyChunk) => {
		if (pty === id) take(Buffer.from(data, 'base64'), exit)
	}
	const stop = client.onPty((chunk) => {
		if (id === null) early.push(chunk)
		else takeChunk(chunk)
	})
	return {
		stop,
		begin(pty: string) {
			id = pty
			for (const chunk of early.splice(0)) takeChunk(chunk)
		},
	}
}

/** Returns what gives it back, once. */
function handOver(client: Client, pty: string, terminal: Terminal): () => void {
	const stopResize = terminal.onResize(() => {
		client.call('resizePty', { pty, ...sizeOf(terminal) }).catch(() => {})
	})
	terminal.setRaw(true)
	const stopTyping = typeInto(terminal.input, (data) =>
		client.call('writePty', { pty, data: data.toString('base64') }),
	)
	let isBack = false
	return () => {
		if (isBack) return
		isBack = true
		stopResize()
		stopTyping()
		terminal.setRaw(false)
	}
}

/** A terminal without a size, such as one over a serial line, says zero. */
function sizeOf(terminal: Terminal): { columns: number; rows: number } {
	const { columns, rows } = terminal.size()
	return { columns: columns || 80, rows: rows || 24 }
}

/** As shells count it. */
function exitCodeOf({ code, signal }: End): number {
	const known = constants.signals as Record<string, number | undefined>
	return code ?? 128 + (known[`SIG${signal}`] ?? 1)
}

function aborted(signal: AbortSignal): Promise<null> {
	return new Promise((settle) => {
		if (signal.aborted) settle(null)
		else signal.addEventListener('abort', () => settle(null), { once: true })
	})
}
