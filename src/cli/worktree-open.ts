import type { Command, Option } from 'commander'
import { exitCodes } from './exit-codes.ts'
import { print, printJson } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { plain } from './words.ts'

type Machine = 'laptop' | 'workstation'

interface Shared {
	on: Option
	/** Brings up the link that the project needs. */
	reachFor(session: Session, project: string | undefined): Promise<void>
	/** The path as it is meant on that machine. */
	meant(path: string, machine: Machine): string
}

/** `worktree open`. */
export function addWorktreeOpen(worktree: Command, cli: Cli, { on, reachFor, meant }: Shared): void {
	worktree
		.command('open')
		.argument('<path>', 'its folder')
		.description('open one in your editor; on the workstation by the editor’s own ssh')
		.addOption(on)
		.option('--project <name>', 'may be left out when there is one')
		.option('--json', 'print in what it was opened as JSON')
		.action((path: string, options: { on: Machine; project?: string; json?: boolean }) =>
			withEngine(cli, options, async (session) => {
				const { on: machine, project } = options
				// What is here needs no link.
				if (machine === 'workstation') await reachFor(session, project)
				const folder = { project, machine, path: meant(path, machine) }
				const opened = await session.client.call('openInEditor', folder)
				if (options.json) printJson(session.io, opened)
				else print(session.io, `Opened in ${plain(opened.editor)}.`)
				return exitCodes.done
			}),
		)
}
