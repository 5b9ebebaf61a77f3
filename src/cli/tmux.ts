import type { Command } from 'commander'
import type { State } from '../contract/state.ts'
import { typed } from '../engine/quote.ts'
import { workstationOf } from './reach.ts'
import { holdOption, openThere } from './remote-terminal.ts'
import type { Cli } from './session.ts'

export function addTmux(program: Command, cli: Cli): void {
	program
		.command('tmux')
		.argument('[project]', 'may be left out with one project')
		.description('open the tmux session of a project on its workstation, and make it when it is not there')
		.option('--agent', 'that of its coding agent')
		.addOption(holdOption())
		.action((project: string | undefined, options: { agent?: true; hold?: true }) =>
			openThere(cli, options, async (session) => {
				const state = session.state()
				return {
					wish: { what: options.agent ? 'agent' : 'tmux', project },
					workstation: workstationOf(state, project),
					ssh: null,
					again: againOf(state, project, options.agent),
				}
			}),
		)
}

function againOf({ projects }: State, project: string | undefined, agent: true | undefined): string {
	const name = project ?? Object.keys(projects)[0] ?? ''
	// A name that begins with a dash would be taken for an option.
	return `hawser tmux ${agent ? '--agent ' : ''}${name.startsWith('-') ? '-- ' : ''}${typed(name)}`
}
