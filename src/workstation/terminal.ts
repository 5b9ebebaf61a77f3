import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type SessionProcess, spawnSession } from '../engine/process/session.ts'
import { quote } from '../engine/quote.ts'

/** What a client asks of a terminal. */
export interface Terminal {
	term: string
	columns: number
	rows: number
}

export interface TerminalProcess extends SessionProcess {
	resize(columns: number, rows: number): void
}

interface Place {
	cwd: string
	env: NodeJS.ProcessEnv
}

/**
 * script(1) is what gives a terminal without native code. Its input is a pipe from cat: macOS's refuses
 * the socket that a child of Node gets. cat would outlive it, so the whole group ends with script; the
 * subshell looks away from that signal and keeps the exit code.
 */
const wrapper = `trap : TERM
cat | { "$@"; code=$?; trap '' TERM; kill -TERM 0; exit "$code"; }
exit`

/** Tells the terminal's name by descriptor 3, sets its size, then runs the command. */
const inner = (terminal: Terminal, command: string) =>
	`{ tty >&3; exec 3>&-; } 2>/dev/null
stty rows ${terminal.rows} cols ${terminal.columns} echo 2>/dev/null
${command}`

function scriptArgs(command: string): string[] {
	if (process.platform === 'linux') return ['script', '-q', '-e', '-c', command, '/dev/null']
	return ['script', '-q', '/dev/null', '/bin/sh', '-c', command]
}

/** Whether a terminal can be had here at all. */
export function hasTerminals(path: string): boolean {
	if (process.platform !== 'linux' && process.platform !== 'darwin') return false
	return path.split(delimiter).some((folder) => {
		try {
			accessSync(join(folder, 'script'), constants.X_OK)
			return true
		} catch {
			return false
		}
	})
}

/** Starts `command` (a line for sh; null: an interactive shell) in a terminal. */
export function spawnInTerminal(terminal: Terminal, command: string | null, place: Place): TerminalProcess {
	const line = command === null ? interactiveShell() : `exec /bin/sh -c ${quote(command)}`
	const args = ['-c', wrapper, 'terminal', ...scriptArgs(inner(terminal, line))]
	const env = { ...place.env, TERM: terminal.term }
	const child = spawnSession('/bin/sh', args, { cwd: place.cwd, env })
	let device = ''
	child.extra.on('data', (data: Buffer) => {
		if (device.length < 256) device += data.toString()
	})
	return {
		...child,
		resize(columns, rows) {
			const path = device.trim()
			if (!/^\/dev\/[\w/]+$/.test(path)) return
			// Setting the size on its own device makes the system tell the foreground program.
			const stty = spawnSession('/bin/sh', ['-c', `stty rows ${rows} cols ${columns} <${path}`], {
				...place,
				env,
			})
			void stty.exit.then(() => stty.release())
		},
	}
}

/** Not a login shell: /etc/profile may set PATH anew, and the stand-in tools would be out of it. */
const interactiveShell = () => 'if [ -x /bin/bash ]; then exec /bin/bash -i; fi; exec /bin/sh -i'
