import type { Command } from 'commander'
import { ProblemError } from '../contract/client.ts'
import type { AgentState, State } from '../contract/state.ts'
import { problem } from '../engine/problems.ts'
import { typed } from '../engine/quote.ts'
import { exitCodeOfOutcome, exitCodes } from './exit-codes.ts'
import { follow } from './follow.ts'
import type { Io } from './io.ts'
import { printPlan } from './plan.ts'
import { progressFor } from './progress.ts'
import { reach, workstationOf } from './reach.ts'
import { holdOption, openThere } from './remote-terminal.ts'
import { print, printJson, printProblem } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { printOutcome } from './sync.ts'
import { type WishOptions, wishesOf } from './wish.ts'
import { ago, count, plain } from './words.ts'

interface JsonOption {
	json?: boolean
}

interface ActOptions extends JsonOption {
	/** Of `start` alone. */
	anyway?: boolean
}

/** `agent`, `agent status`, `agent start`, `agent attach`, `agent stop`, `agent bring`. */
export function addAgent(program: Command, cli: Cli): void {
	const agent = program
		.command('agent')
		.description('a coding agent on the workstation, in a worktree and on a branch of its own')
		.helpCommand(false)
	const command = (name: string, description: string, isDefault = false) =>
		agent
			.command(name, { isDefault })
			.argument('[project]', 'may be left out when there is one')
			.description(description)
	const acts = [
		['status', 'checkAgent', 'what it does, and what it has made (the default)'],
		['start', 'startAgent', 'start it in its tmux session; one that goes on is left as it is'],
		['stop', 'stopAgent', 'end its session; its worktree and its branch stay'],
	] as const
	for (const [name, act, description] of acts) {
		const one = command(name, description, name === 'status')
			.option('--json', 'print how it stands as JSON')
			.action((project: string | undefined, options: ActOptions) =>
				withEngine(cli, options, async (session) => {
					await reachFor(session, project)
					await session.client.call(act, { project, ...(options.anyway ? { anyway: true } : {}) })
					return await tell(session, project, options.json)
				}),
			)
		if (name === 'start') one.option('--anyway', 'start it also where a log-out would end it')
	}
	command('attach', 'attach this terminal to its session; detach with Ctrl-B D')
		.addOption(holdOption())
		.action((project: string | undefined, options: { hold?: true }) =>
			openThere(cli, options, async (session) => ({
				wish: { what: 'agent', project },
				workstation: workstationOf(session.state(), project),
				ssh: null,
				again: againOf(session.state(), project),
			})),
		)
	command('bring', 'merge its branch into yours, by the same way and the same rules as back')
		.option('-n, --dry-run', 'show what would be done, and change nothing')
		.option('--plan <id>', 'do it only as that preview showed it')
		.option(
			'--take <side:file>',
			'in a conflict take the file as `laptop` or `workstation` has it; may be repeated',
			(value: string, before: string[] = []) => [...before, value],
		)
		.option('--json', 'print facts as JSON; the last line is the outcome')
		.action((project: string | undefined, options: WishOptions & JsonOption) =>
			withEngine(cli, options, (session) => bring(session, project, options)),
		)
}

async function reachFor(session: Session, project: string | undefined): Promise<void> {
	const workstation = workstationOf(session.state(), project)
	if (workstation !== null) await reach(session, workstation)
}

async function bring(
	session: Session,
	project: string | undefined,
	options: WishOptions & JsonOption,
): Promise<number> {
	const { client, io } = session
	const { take } = wishesOf(options, 'agent bring')
	const wish = { project, ...(take ? { take } : {}) }
	await reachFor(session, project)
	if (options.dryRun)
		return printPlan(io, await client.call('preview', { ...wish, kind: 'agent' }), options.json)
	const { plan: wanted } = options
	let bound = {}
	if (wanted !== undefined) {
		// The beginning of its id is enough to name a plan.
		const { id } = await client.call('preview', { ...wish, kind: 'agent' })
		bound = { plan: id.startsWith(wanted) && wanted.length >= 8 ? id : wanted }
	}
	const progress = progressFor(io, options.json)
	session.farewell = () => {
		progress.end()
		return 'Left. What was done stays; starting again goes on from there.'
	}
	const { operation } = await client.call('bringAgent', { ...wish, ...bound })
	const outcome = await follow(session, operation, progress)
	printOutcome(io, outcome, options.json)
	return exitCodeOfOutcome(outcome)
}

/** How it stands, as the state says it after it was read. */
async function tell(
	session: Session,
	project: string | undefined,
	json: boolean | undefined,
): Promise<number> {
	const { io } = session
	const agent = await session.until((state) => known(agentOf(state, project)), 5000)
	if (!agent) throw new ProblemError(problem('agent-unset', { project: project ?? '' }))
	if (json) printJson(io, { agent })
	else print(io, agentText(agent, io).join('\n'))
	if ('problem' in agent && agent.problem && !json) printProblem(io, agent.problem)
	return agent.status === 'absent' ? exitCodes.failed : exitCodes.done
}

function agentOf({ projects }: State, project: string | undefined): AgentState | null {
	const found = project === undefined ? Object.values(projects)[0] : projects[project]
	return found?.agent ?? null
}

const known = (agent: AgentState | null) => (agent && agent.status !== 'unknown' ? agent : undefined)

const words = { idle: 'not running', running: 'at work', waits: 'waits for you', ended: 'ended' }

/** A line each. Output of the agent is shown, never interpreted. */
export function agentText(agent: AgentState, io: Pick<Io, 'now'>): string[] {
	if (agent.status === 'unknown') return ['Not read yet.']
	if (agent.status === 'absent') return [`${plain(agent.command)} · not there`]
	const { status, since, exitCode, commits, changedCount, branch, worktree, lastLine } = agent
	const title = [
		plain(agent.command),
		plain(agent.version),
		exitCode === null ? words[status] : `ended with exit code ${exitCode}`,
		since === null ? '' : ago(since, io.now()),
	]
	const made = [
		commits === 0 ? 'no commits yet' : `${count(commits, 'commit')} to bring`,
		changedCount === 0 ? '' : `${count(changedCount, 'file')} in no commit`,
	]
	const join = (parts: string[]) => parts.filter((part) => part !== '').join(' · ')
	return [
		join(title),
		`  ${plain(branch)} in ${plain(worktree)}: ${made.filter(Boolean).join(', ')}`,
		...(lastLine === '' ? [] : [`  ${plain(lastLine)}`]),
	]
}

function againOf({ projects }: State, project: string | undefined): string {
	const name = project ?? Object.keys(projects)[0] ?? ''
	// A name that begins with a dash would be taken for an option.
	return `hawser agent attach ${name.startsWith('-') ? '-- ' : ''}${typed(name)}`
}
