import { resultOf } from '../git/records.ts'
import type { Link, RemoteShell, TerminalSize } from '../link/link.ts'
import { quote } from '../quote.ts'
import { runScript } from '../remote/script.ts'

/** A session in the person's own tmux on a workstation. */
export interface TmuxSession {
	/** Letters, digits, `-` and `_` only: see `tmux-name.ts`. */
	name: string
	/** Where it is made when it is not there; null: then it is not made. */
	folder: string | null
	/** For words. */
	project: string
}

/** As in `lib.sh`: a login over SSH often lacks these. */
const path = 'PATH="$PATH:/usr/local/bin:/opt/homebrew/bin"'

/** A word of ours in any login shell; UTF-8 whatever the login's locale says: terminals of laptops are. */
const attach = `exec /bin/sh -c '${path}; unset TMUX TMUX_PANE; exec tmux -u attach-session -t "=$1"' sh`

/**
 * Attaches to a session, and makes it first where that is wanted.
 * @param term the terminal's kind; one that the workstation does not know becomes `xterm-256color`
 * @throws ProblemError `tool-missing`, `folder-missing`, `agent-idle`, `remote-failed`, and as `Link.shell`
 */
export async function openTmux(
	link: Link,
	{ name, folder, project }: TmuxSession,
	term: string,
	size: TerminalSize,
): Promise<RemoteShell> {
	const args = [
		name,
		folder === null ? 'find' : 'make',
		folder ?? '',
		String(size.columns),
		String(size.rows),
		term,
		project,
	]
	const { fields } = resultOf('tmux-session', await runScript(link, 'tmux-session', args))
	return await link.shell(fields[0] || 'xterm-256color', size, `${attach} ${quote(name)}`)
}

/** The same as one command for the system's own ssh, which asks nothing first. */
export function tmuxCommand({ name, folder }: TmuxSession): string {
	if (folder === null) return `exec tmux -u attach-session -t ${quote(`=${name}`)}`
	return `cd ${inHome(folder)} && exec tmux -u new-session -A -s ${quote(name)}`
}

/** `~` only means the home outside of quotes. */
function inHome(folder: string): string {
	if (folder === '~' || folder === '~/') return '~'
	return folder.startsWith('~/') ? `~/${quote(folder.slice(2))}` : quote(folder)
}
