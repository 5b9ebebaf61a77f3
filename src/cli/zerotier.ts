import { type Command, InvalidArgumentError } from 'commander'
import { zerotierNetworkSchema } from '../contract/config.ts'
import type { Problem } from '../contract/problem.ts'
import type { OperationOutcome } from '../contract/state.ts'
import type { ZeroTierReading } from '../contract/zerotier.ts'
import { serviceProblem } from '../engine/zerotier/reading-problem.ts'
import { exitCodeOf, exitCodeOfOutcome, exitCodes } from './exit-codes.ts'
import { follow } from './follow.ts'
import { progressFor } from './progress.ts'
import { print, printJson, printJsonLine, printProblem } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { readingProblems, zerotierText } from './zerotier-text.ts'

interface ZeroTierOptions {
	json?: boolean
}

/** `zt`, `zt status`, `zt restart`, `zt join`. */
export function addZeroTier(program: Command, cli: Cli): void {
	const zt = program
		.command('zt')
		.description('this laptop’s ZeroTier service: status, restart, join')
		.helpCommand(false)
	zt.command('status', { isDefault: true })
		.description('the service, its networks and how they reach the workstations (the default)')
		.option('--json', 'print what was read as JSON')
		.action((options: ZeroTierOptions) =>
			withEngine(cli, options, async (session) => {
				const reading = await session.client.call('readZeroTier', {})
				const problems = readingProblems(reading, session.io.interfaces())
				if (options.json) printJson(session.io, { zerotier: reading, problems })
				else {
					print(session.io, zerotierText(reading, session.state(), session.io))
					for (const each of problems) printProblem(session.io, each)
				}
				return exitCodeOfReading(problems)
			}),
		)
	zt.command('restart')
		.description('restart it, and see whether that helped; the system may ask for a password')
		.option('--json', 'print facts as JSON; the last line is the outcome')
		.action((options: ZeroTierOptions) =>
			withEngine(cli, options, async (session) => {
				const { operation } = await session.client.call('restartZeroTier', {})
				const wrong = (reading: ZeroTierReading) => [serviceProblem(reading) ?? []].flat()
				return await showThrough(session, operation, options.json, wrong)
			}),
		)
	zt.command('join')
		.argument('<network>', 'the 16 hexadecimal digits of its id', parseNetwork)
		.description('join a network; its admin may have to let this laptop in')
		.option('--json', 'print facts as JSON; the last line is the outcome')
		.action((network: string, options: ZeroTierOptions) =>
			withEngine(cli, options, async (session) => {
				const { operation } = await session.client.call('joinZeroTier', { network })
				const wrong = (reading: ZeroTierReading) => readingProblems(reading, session.io.interfaces(), network)
				return await showThrough(session, operation, options.json, wrong)
			}),
		)
}

function parseNetwork(text: string): string {
	const network = zerotierNetworkSchema.safeParse(text.toLowerCase())
	if (network.success) return network.data
	throw new InvalidArgumentError(`It ${network.error.issues[0]?.message ?? 'is no network'}.`)
}

const exitCodeOfReading = ([first]: readonly Problem[]) => (first ? exitCodeOf(first) : exitCodes.done)

/** Shows the operation to its end, then what the service says of itself; `wrong` says what of that is a failure. */
async function showThrough(
	session: Session,
	operation: string,
	json: boolean | undefined,
	wrong: (reading: ZeroTierReading) => Problem[],
): Promise<number> {
	const progress = progressFor(session.io, json)
	session.farewell = () => {
		progress.end()
		return 'Left. What was begun may still take effect: hawser zt status tells.'
	}
	const outcome = await follow(session, operation, progress)
	const reading = await session.client.call('readZeroTier', {}).catch(() => null)
	const problems = outcome.problem ? [outcome.problem] : reading ? wrong(reading) : []
	printEnd(session, outcome, reading, problems, json)
	return outcome.status === 'succeeded' ? exitCodeOfReading(problems) : exitCodeOfOutcome(outcome)
}

function printEnd(
	{ io, state }: Session,
	{ status }: OperationOutcome,
	reading: ZeroTierReading | null,
	problems: readonly Problem[],
	json: boolean | undefined,
): void {
	if (json) {
		printJsonLine(io, { outcome: status, zerotier: reading, problems })
		return
	}
	if (reading) print(io, zerotierText(reading, state(), io))
	for (const each of problems) printProblem(io, each)
}
