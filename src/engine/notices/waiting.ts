import type { AgentState, LinkState, Operation, State } from '../../contract/state.ts'
import { askedProblem } from '../link/state.ts'
import { problem } from '../problems.ts'
import { type Happening, happening } from './happening.ts'

/** Something that stands in the state and waits for a person. */
export interface Waiting {
	/** What it is told once by while it stands, over restarts too. */
	episode: string
	/** Since when, where the state says it; null: the ledger does. */
	since: number | null
	happening: (since: number) => Happening
}

/** An operation that stopped as soon as this after somebody asked for it stopped before their eyes (ms). */
export const lookedAwayMs = 10_000
/** What became of an agent longer ago than this is history (ms). */
const oldMs = 24 * 3_600_000

/** What a link asks a person for: in words for here, and for elsewhere without hosts, users and files. */
function askedBy(link: LinkState): { what: string; here: string; outside: string } | null {
	if (link.status === 'host-key' && link.question) {
		const here = problem('host-key-unknown', { ...link.question }).title
		return { what: 'host-key', here, outside: 'The key of its host is not known here yet.' }
	}
	if (link.status === 'login' && link.question) {
		const here = askedProblem(link.question).title
		return { what: 'login', here, outside: 'It asks for something to log in with.' }
	}
	if (link.status !== 'stopped') return null
	const outside = 'It cannot be reached until somebody has looked at it.'
	return { what: link.problem.code, here: link.problem.title, outside }
}

function ofWorkstation(name: string, link: LinkState): Waiting[] {
	const asked = askedBy(link)
	if (!asked) return []
	const episode = `person:${name}:${asked.what}`
	return [
		{
			episode,
			since: null,
			happening: (since) =>
				happening(
					{
						id: `${episode}:${since}`,
						kind: 'waits-for-person',
						title: `${name} waits for you`,
						body: asked.here,
						run: null,
						at: since,
					},
					{ body: asked.outside, project: null, workstation: name, urgent: true },
				),
		},
	]
}

function ofOperation(operation: Operation, byItself: boolean): Waiting[] {
	const { project, workstation, startedAt, endedAt, outcome } = operation
	if (outcome?.status !== 'stopped' || !outcome.problem || endedAt === null || project === '') return []
	if (!byItself && endedAt - startedAt < lookedAwayMs) return []
	const { code, title } = outcome.problem
	const episode = `person:${project}:${code}:${endedAt}`
	return [
		{
			episode,
			since: endedAt,
			happening: () =>
				happening(
					{
						id: episode,
						kind: 'waits-for-person',
						title: `${project} stopped and waits for you`,
						body: title,
						run: outcome.run?.id ?? null,
						at: endedAt,
					},
					{
						body: 'Nothing goes on by itself until somebody has looked at it.',
						project,
						workstation,
						urgent: true,
					},
				),
		},
	]
}

function ofAgent(
	{ name, workstation }: { name: string; workstation: string },
	agent: AgentState,
	now: number,
): Waiting[] {
	if (agent.status !== 'waits' && agent.status !== 'ended') return []
	const { since, status, lastLine, exitCode, commits } = agent
	if (since === null || now - since > oldMs) return []
	const id = `agent:${name}:${since}`
	const made = commits === 0 ? '' : `${commits} ${commits === 1 ? 'commit' : 'commits'} to bring back`
	const end = exitCode === null || exitCode === 0 ? '' : `exit code ${exitCode}`
	const outside = [end, made].filter((part) => part !== '').join(' · ')
	return [
		{
			episode: id,
			since,
			happening: () =>
				happening(
					{
						id,
						kind: 'agent',
						title:
							status === 'waits'
								? `The agent of ${name} waits for you`
								: `The agent of ${name} ended on ${workstation}`,
						body: [outside, lastLine].filter((part) => part !== '').join(' · '),
						run: null,
						at: since,
					},
					{ body: outside, project: name, workstation, urgent: status === 'waits' },
				),
		},
	]
}

/**
 * All that waits for a person now. `byItself`: nobody had asked for that operation; `followed`: somebody looks at it
 * until it ends. Pure.
 */
export function waitingIn(
	state: State,
	now: number,
	operations: { byItself(id: string): boolean; followed(id: string): boolean },
): Waiting[] {
	return [
		...Object.values(state.workstations).flatMap(({ name, wanted, link }) =>
			wanted ? ofWorkstation(name, link) : [],
		),
		...Object.values(state.operations).flatMap((operation) =>
			operations.followed(operation.id) ? [] : ofOperation(operation, operations.byItself(operation.id)),
		),
		...Object.values(state.projects).flatMap((project) =>
			project.agent && 'since' in project.agent ? ofAgent(project, project.agent, now) : [],
		),
	]
}

/** The workstation is tried and does not answer. A laptop without a network is not its fault, nor is a question. */
export function isAway({ wanted, link }: State['workstations'][string]): boolean {
	if (!wanted) return false
	if (link.status === 'lost' || link.status === 'dialling') return true
	return (link.status === 'host-key' || link.status === 'login') && link.question === null
}

/** Null: no run is on it. `since`: when it was seen to be away. */
export function awayHappening(
	state: State,
	workstation: string,
	since: number,
	now: number,
): Happening | null {
	const runs = Object.values(state.runs).filter(
		(run) => run.workstation === workstation && run.outcome.status === 'running',
	)
	const [first] = runs
	if (!first) return null
	const alone = runs.length === 1
	const body = alone
		? `The run of ${first.project} may well go on; its end is told as soon as it is known.`
		: `${runs.length} runs may well go on; their ends are told as soon as they are known.`
	return happening(
		{
			id: `away:${workstation}:${since}`,
			kind: 'out-of-reach',
			title: `${workstation} is out of reach`,
			body,
			run: alone ? first.id : null,
			at: now,
		},
		{
			body,
			project: alone ? first.project : null,
			workstation,
			urgent: true,
		},
	)
}
