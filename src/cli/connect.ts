import type { Command } from 'commander'
import type { Problem } from '../contract/problem.ts'
import { problemOf } from '../engine/problems.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { namesOf } from './gpu.ts'
import { reach } from './reach.ts'
import { note, print, printJson, printProblem } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { linkText } from './status.ts'
import { plain } from './words.ts'

/** `connect`, `disconnect`, `forget`. */
export function addConnect(program: Command, cli: Cli): void {
	program
		.command('connect')
		.argument('[workstation]', 'all of them when left out')
		.description('connect now, and stay until it is or says why not')
		.option('--json', 'print how each is connected as JSON')
		.action((workstation: string | undefined, options: { json?: boolean }) =>
			withEngine(cli, options, (session) => connect(session, namesOf(session, workstation), options.json)),
		)
	program
		.command('disconnect')
		.argument('[workstation]', 'all of them when left out')
		.description('disconnect; what runs there goes on')
		.option('--json', 'print the answer as JSON')
		.action((workstation: string | undefined, options: { json?: boolean }) =>
			withEngine(cli, options, async (session) => {
				const names = namesOf(session, workstation)
				for (const name of names) await session.client.call('disconnect', { workstation: name })
				if (options.json) printJson(session.io, { disconnected: names })
				else for (const name of names) print(session.io, `${plain(name)} · not connected`)
				return exitCodes.done
			}),
		)
	program
		.command('forget')
		.argument('<workstation>')
		.description('take the passphrase or password of its login out of the keychain')
		.option('--json', 'print the answer as JSON')
		.action((workstation: string, options: { json?: boolean }) =>
			withEngine(cli, options, async (session) => {
				const kept = session.state().workstations[workstation]?.keepsLogin ?? false
				await session.client.call('forgetLogin', { workstation })
				if (options.json) printJson(session.io, { workstation, forgotten: kept })
				else print(session.io, kept ? 'Forgotten. The next login asks again.' : 'Nothing was kept for it.')
				return exitCodes.done
			}),
		)
}

/** Each on its own: one that cannot be reached keeps no other from being tried. */
async function connect(
	session: Session,
	names: readonly string[],
	json: boolean | undefined,
): Promise<number> {
	const { io } = session
	const problems: Problem[] = []
	for (const name of names) {
		try {
			await reach(session, name, true)
			const found = session.state().workstations[name]
			if (found && !json) print(io, `${plain(name)} · ${linkText(found, io.now())}`)
		} catch (error) {
			const found = problemOf(error)
			problems.push(found)
			printProblem(io, found)
		}
	}
	const { workstations } = session.state()
	if (json)
		printJson(io, { workstations: names.map((name) => ({ name, link: workstations[name]?.link ?? null })) })
	if (session.hosted && problems.length < names.length)
		note(io, 'Hawser is not running, so the connection ends with this command. Start Hawser to keep one.')
	return Math.max(exitCodes.done, ...problems.map(exitCodeOf))
}
