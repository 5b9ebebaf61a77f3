import type { Command } from 'commander'
import { ProblemError } from '../contract/client.ts'
import type { LinkState } from '../contract/state.ts'
import type { Link, RemoteShell } from '../engine/link/link.ts'
import { problem } from '../engine/problems.ts'
import type { Terminal } from './io.ts'
import { dial } from './reach.ts'
import { type Cli, report, withEngine } from './session.ts'

export function addShell(program: Command, cli: Cli): void {
	program
		.command('shell')
		.argument('[workstation]', 'the first one when left out')
		.description('open a shell on the workstation; ends with the shell’s own exit code')
		.action(async (workstation: string | undefined) => {
			const { terminal } = cli.io
			if (!terminal) {
				cli.exitCode = report(cli.io, new ProblemError(problem('terminal-missing', {})), false)
				return
			}
			await withEngine(cli, {}, async (session) => {
				const { workstation: name, argv, ssh } = await session.client.call('shellCommand', { workstation })
				const systemsSsh = () => cli.doors.runInTerminal(argv, cli.io.env)
				if (ssh.transport === 'openssh' || isOpenSsh(session.state().workstations[name]?.link))
					return await systemsSsh()
				const link = cli.doors.openLink(name, ssh)
				try {
					await dial(link, session)
					if (!isOpenSsh(link.state)) return await runShell(link, terminal)
				} finally {
					await link.dispose()
				}
				return await systemsSsh()
			})
		})
}

/** Only the system's own ssh can log in: it is given the terminal itself, which it sizes, and asks what it must. */
const isOpenSsh = (link: LinkState | undefined) => link?.status === 'up' && link.transport.kind === 'openssh'

/** Hands the terminal to a shell there until it ends; returns its exit code. */
async function runShell(link: Link, terminal: Terminal): Promise<number> {
	const shell = await link.shell(terminal.kind, terminal.size())
	const giveBack = handOver(shell, terminal)
	try {
		const exit = await shell.exit
		// As shells count it: a signal has no number here, so any of them is 128 and one.
		return exit.code ?? 129
	} finally {
		giveBack()
	}
}

function handOver(shell: RemoteShell, terminal: Terminal): () => void {
	const stopResize = terminal.onResize(() => shell.resize(terminal.size()))
	terminal.setRaw(true)
	terminal.input.pipe(shell.stdin)
	// Its end is the shell's, not our output's.
	shell.stdout.pipe(terminal.output, { end: false })
	shell.stderr.pipe(terminal.output, { end: false })
	shell.stdin.on('error', () => {})
	return () => {
		stopResize()
		terminal.input.unpipe(shell.stdin)
		terminal.input.pause()
		shell.stdout.unpipe(terminal.output)
		shell.stderr.unpipe(terminal.output)
		terminal.setRaw(false)
	}
}
