import type { CommandOutput } from '../contract/commands.ts'
import type { Roster } from './roster.ts'
import type { CommandParsed, Face } from './rpc/served-engine.ts'
import { openLaptopTerminal } from './terminals/laptop-terminal.ts'
import type { Ptys } from './terminals/ptys.ts'
import { terminalCommand } from './terminals/terminal-command.ts'
import { placeOf } from './terminals/terminal-place.ts'
import { openTmux } from './terminals/tmux.ts'

type TerminalCommand = 'openTerminal' | 'openPty' | 'writePty' | 'resizePty' | 'closePty'

type TerminalHandlers = {
	[N in TerminalCommand]: (input: CommandParsed<N>, face: Face) => Promise<CommandOutput<N>>
}

/** How long a terminal waits for a link that is still being made. */
const linkTimeoutMs = 20_000

/** The commands about terminals, on the laptop and over the link. */
export function createTerminalHandlers(sessions: {
	roster: Roster
	ptys: Ptys
	/** How `hawser` itself is called for this engine, word by word; null: there is none to call. */
	cli: readonly string[] | null
}): TerminalHandlers {
	const { roster, ptys, cli } = sessions
	return {
		openTerminal: async (wish) => {
			const { workstation, tmux } = placeOf(roster, wish)
			await openLaptopTerminal(
				roster.settings().terminal,
				terminalCommand(cli, wish.what, workstation.config, tmux),
			)
			return {}
		},
		openPty: async ({ term, columns, rows, ...wish }, face) => {
			const { workstation, tmux } = placeOf(roster, wish)
			const { link, config } = workstation
			const size = { columns, rows }
			await link.whenUp(linkTimeoutMs)
			const pty = await ptys.open(face, config.name, () =>
				tmux ? openTmux(link, tmux, term, size) : link.shell(term, size),
			)
			return { pty, workstation: config.name }
		},
		writePty: async ({ pty, data }, face) => {
			await ptys.write(face, pty, Buffer.from(data, 'base64'))
			return {}
		},
		resizePty: async ({ pty, columns, rows }, face) => {
			ptys.resize(face, pty, { columns, rows })
			return {}
		},
		closePty: async ({ pty }, face) => {
			ptys.close(face, pty)
			return {}
		},
	}
}
