import type { ServerChannel, Session } from 'ssh2'
import { type SessionExit, type SessionProcess, spawnSession } from '../engine/process/session.ts'
import { ChannelOutput } from './channel-output.ts'
import { hasTerminals, spawnInTerminal, type Terminal, type TerminalProcess } from './terminal.ts'

export interface SessionPlace {
	/** The workstation's home folder, where commands start. */
	home: string
	env: NodeJS.ProcessEnv
	/** Aborted when the connection is gone. */
	connectionGone: AbortSignal
	/** Called with every process that is started and again when it is let go. */
	onProcess(process: SessionProcess, alive: boolean): void
}

/** What a client may set, as a careful sshd allows it. */
const allowedVariable = /^(?:LANG|LC_[A-Z_]+|TERM|GIT_PROTOCOL)$/
const maxVariables = 32
const maxValueLength = 1024

/** The signals of RFC 4254; ssh2 sends no other back. */
const signals = [
	'ABRT',
	'ALRM',
	'FPE',
	'HUP',
	'ILL',
	'INT',
	'KILL',
	'PIPE',
	'QUIT',
	'SEGV',
	'TERM',
	'USR1',
	'USR2',
]

type Answer = (() => unknown) | undefined

/** Serves one session of a client: one command or one shell, as sshd does. */
export function serveSession(session: Session, place: SessionPlace): void {
	const env: NodeJS.ProcessEnv = { ...place.env }
	let variables = 0
	let terminal: Terminal | null = null
	let running: SessionProcess | TerminalProcess | null = null

	session.on('env', (accept: Answer, reject: Answer, info) => {
		// ssh2's types say `value`, the library says `val`.
		const value = (info as unknown as { val: string }).val
		variables += 1
		const fine = allowedVariable.test(info.key) && variables <= maxVariables && value.length <= maxValueLength
		if (!fine || value.includes('\0')) return reject?.()
		env[info.key] = value
		accept?.()
	})
	session.on('pty', (accept: Answer, reject: Answer, info) => {
		if (!hasTerminals(env.PATH ?? '')) return reject?.()
		terminal = {
			term: /^[\w.+-]{1,64}$/.test(info.term) ? info.term : 'dumb',
			columns: size(info.cols, 80),
			rows: size(info.rows, 24),
		}
		accept?.()
	})
	session.on('window-change', (accept: Answer, reject: Answer, info) => {
		if (!running || !('resize' in running)) return reject?.()
		running.resize(size(info.cols, 80), size(info.rows, 24))
		accept?.()
	})
	session.on('signal', (accept: Answer, reject: Answer, info) => {
		const known = signals.includes(info.name)
		if (known && running?.signal(`SIG${info.name}` as NodeJS.Signals)) accept?.()
		else reject?.()
	})
	const start = (accept: () => ServerChannel, command: string | null) => {
		if (running) return
		const channel = accept()
		try {
			running = spawnFor(command, terminal, place.home, env)
		} catch {
			// A command that no process can be given, such as one with a NUL.
			channel.stderr.write('This command cannot be run.\r\n')
			channel.exit(126)
			channel.end()
			return
		}
		void serve(channel, running, terminal !== null, place)
	}
	session.on('exec', (accept, _reject, info) => start(accept, info.command))
	session.on('shell', (accept) => start(accept, null))
}

function spawnFor(
	command: string | null,
	terminal: Terminal | null,
	cwd: string,
	env: NodeJS.ProcessEnv,
): SessionProcess | TerminalProcess {
	if (terminal) return spawnInTerminal(terminal, command, { cwd, env })
	return spawnSession('/bin/sh', command === null ? [] : ['-c', command], { cwd, env })
}

const size = (value: number, otherwise: number) => (value > 0 && value < 10_000 ? value : otherwise)

/** Joins a channel to a process until both have ended, or the client is gone. */
async function serve(
	channel: ServerChannel,
	child: SessionProcess,
	inTerminal: boolean,
	place: SessionPlace,
): Promise<void> {
	place.onProcess(child, true)
	const output = new ChannelOutput(channel, place.connectionGone)
	channel.pipe(child.stdin)
	// Once the command reads no more, what still comes is for nobody; unread it would hold the channel up.
	child.stdin.once('close', () => {
		channel.unpipe(child.stdin)
		channel.resume()
	})
	const exit = child.exit.then((end) => {
		child.stdin.destroy()
		if (!output.closed) tellExit(channel, end)
	})
	const sent = [output.send(child.stdout, 'output'), output.send(child.stderr, 'error'), exit]
	const ended = Promise.all(sent).then(() => 'ended' as const)
	const first = await Promise.race([ended, output.gone.then(() => 'gone' as const)])
	if (first === 'ended') output.end()
	// As sshd does: a command without a terminal is left to see its pipes close; a terminal hangs up.
	else await letGo(child, inTerminal)
	child.release()
	place.onProcess(child, false)
}

/** Gives the input that was already taken a short time to reach the command. */
async function letGo(child: SessionProcess, inTerminal: boolean): Promise<void> {
	child.stdout.destroy()
	child.stderr.destroy()
	// What holds the terminal goes, and with it the terminal: the system hangs up on what runs in it.
	// Linux's script(1) blocks SIGHUP, and passes SIGTERM on only to be ignored by a shell.
	if (inTerminal) child.signal('SIGKILL')
	if (child.stdin.destroyed || child.stdin.writableFinished) return
	await new Promise<void>((resolve) => {
		const timer = setTimeout(resolve, 500)
		child.stdin.once('close', () => {
			clearTimeout(timer)
			resolve()
		})
		child.stdin.end()
	})
}

/** The exit goes out at once; the channel closes when the output is through. */
function tellExit(channel: ServerChannel, end: SessionExit): void {
	const name = end.signal?.slice(3)
	if (name === undefined) channel.exit(end.code ?? 255)
	else if (signals.includes(name)) channel.exit(name, false, '')
	else channel.exit(255)
}
