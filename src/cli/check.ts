import type { Command } from 'commander'
import type { Rung } from '../contract/state.ts'
import { factText } from '../engine/fact-text.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { namesOf } from './gpu.ts'
import type { Io } from './io.ts'
import { reach } from './reach.ts'
import { print, printJson, printProblem } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { type Colours, coloursFor, plain } from './words.ts'

interface Checked {
	workstation: string
	holds: boolean
	rungs: Rung[]
}

export function addCheck(program: Command, cli: Cli): void {
	program
		.command('check')
		.argument('[workstation]', 'all of them when left out')
		.description('probe every rung from this laptop to the GPU; done only when the line holds')
		.option('--report', 'a text for a colleague: addresses, but no secrets')
		.option('--json', 'print what was found as JSON')
		.action((workstation: string | undefined, options: { json?: boolean; report?: boolean }) =>
			withEngine(cli, options, async (session) => {
				const checked: Checked[] = []
				for (const name of namesOf(session, workstation)) {
					// On a terminal what its login asks is asked; what else is wrong is found by the check.
					if (session.io.terminal) await reach(session, name).catch(() => {})
					checked.push(await session.client.call('check', { workstation: name }))
				}
				const holds = checked.every((one) => one.holds)
				if (options.report) await printReport(session, workstation, options.json)
				else if (options.json) printJson(session.io, { holds, workstations: checked })
				else for (const one of checked) printLadder(session.io, one)
				return holds ? exitCodes.done : brokenExitCode(checked)
			}),
		)
}

async function printReport(
	{ client, io }: Session,
	workstation: string | undefined,
	json: boolean | undefined,
): Promise<void> {
	const { text } = await client.call('report', { workstation })
	if (json) printJson(io, { text })
	else for (const line of text.trimEnd().split('\n')) print(io, plain(line))
}

/** By the lowest rung that is broken: what lies above it is not known. */
function brokenExitCode(checked: readonly Checked[]): number {
	const troubled = checked.flatMap(({ rungs }) => rungs).filter((rung) => rung.problem)
	const rung = troubled.find(({ verdict }) => verdict === 'failing') ?? troubled[0]
	return rung?.problem ? exitCodeOf(rung.problem) : exitCodes.failed
}

function printLadder(io: Io, { workstation, holds, rungs }: Checked): void {
	const colours = coloursFor(io.stdout, io.env)
	print(io, colours.bold(plain(workstation)))
	for (const rung of rungs) {
		print(io, `  ${markOf(rung, colours)} ${plain(rung.title)}: ${plain(rung.finding)}`)
		const facts = Object.entries(rung.facts).map(([name, fact]) => `${plain(name)} ${plain(factText(fact))}`)
		if (facts.length > 0) print(io, `      ${colours.dim(facts.join(' · '))}`)
	}
	// One cause can leave several rungs unknown: it is said once.
	const told = new Set<string>()
	for (const { problem } of rungs) {
		if (!problem || told.has(problem.title)) continue
		told.add(problem.title)
		printProblem(io, problem)
	}
	print(io, holds ? '  The line holds.' : '  The line does not hold.')
}

function markOf({ verdict }: Rung, colours: Colours): string {
	const marks: Record<Rung['verdict'], string> = {
		ok: colours.green('●'),
		failing: colours.red('✕'),
		unknown: '○',
		unused: '–',
	}
	return marks[verdict]
}
