import type { WorkstationConfig } from '../../contract/config.ts'
import { shellCommand } from '../shell-command.ts'
import { type TmuxSession, tmuxCommand } from './tmux.ts'

/** A window that closes at once takes the words of a failed login with it: ssh tells of its own failures by 255. */
const staying =
	'"$@"; code=$?; [ "$code" -ne 255 ] || { printf "\\nPress Return to close this window. "; read -r _; }; exit "$code"'

/**
 * Pure: what a terminal of the laptop runs to get there, word by word. By `cli`, which is how `hawser` is called, it
 * rides on the link that is up; without one the system's own ssh logs in anew.
 */
export function terminalCommand(
	cli: readonly string[] | null,
	what: 'shell' | 'tmux' | 'agent',
	{ name, ssh }: Pick<WorkstationConfig, 'name' | 'ssh'>,
	tmux: TmuxSession | null,
): string[] {
	if (cli) {
		const [command, about] = tmux ? ['tmux', tmux.project] : ['shell', name]
		return [...cli, command, ...(what === 'agent' ? ['--agent'] : []), '--hold', '--', about]
	}
	return ['/bin/sh', '-c', staying, 'sh', ...sshCommand(ssh, tmux)]
}

/** The same as one call of the system's own ssh. */
export function sshCommand(ssh: WorkstationConfig['ssh'], tmux: TmuxSession | null): string[] {
	const [program = 'ssh', ...options] = shellCommand(ssh)
	return tmux ? [program, '-t', ...options, tmuxCommand(tmux)] : [program, ...options]
}
