import type { Command } from 'commander'
import { builtInName } from '../contract/config.ts'
import { exitCodeOfOutcome } from './exit-codes.ts'
import { follow } from './follow.ts'
import { progressFor } from './progress.ts'
import { reach, workstationOf } from './reach.ts'
import { note } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { printOutcome, syncAndWait } from './sync.ts'

export function addDemo(program: Command, cli: Cli): void {
	program
		.command('demo')
		.description('set up the built-in workstation and its project, then go once')
		.option('--json', 'print facts as JSON; the last line is the outcome')
		.action((options: { json?: boolean }) =>
			withEngine(cli, options, async (session) => {
				const progress = progressFor(session.io, options.json)
				session.farewell = () => {
					progress.end()
					return 'Left. What was set up stays; starting again goes on from there.'
				}
				const { operation } = await session.client.call('setUpDemo', {})
				const outcome = await follow(session, operation, progress)
				const project = demoProject(session)
				if (outcome.status !== 'succeeded' || project === null) {
					printOutcome(session.io, outcome, options.json)
					return exitCodeOfOutcome(outcome)
				}
				if (!options.json)
					note(session.io, 'Everything of this workstation is on this laptop; its GPU is simulated.')
				const workstation = workstationOf(session.state(), project)
				if (workstation !== null) await reach(session, workstation)
				return await syncAndWait(session, 'go', { project }, options.json)
			}),
		)
}

function demoProject(session: Session): string | null {
	const projects = Object.values(session.state().projects)
	return projects.find(({ workstation }) => workstation === builtInName)?.name ?? null
}
