import type { ProjectConfig } from '../../contract/config.ts'
import { fieldsOf, parseRecords } from '../git/records.ts'
import type { BatchScript } from '../remote/batch.ts'
import { type AgentPlaces, isClaude } from './agent-places.ts'

/** Where its login was found, as `agent-look.sh` says it. */
export type AgentLogin = 'file' | 'variable' | 'helper' | 'keychain' | 'locked' | 'none' | 'none-mac'

/** What is there of the program itself. */
export interface AgentProgram {
	/** Null: it is not on the PATH of a login there. Empty: that could not be told. */
	found: string | null
	/** As it says itself; empty when it does not. */
	version: string
	/** Null: nothing is known of how this program keeps its login. */
	login: AgentLogin | null
}

/** Times in seconds, by the workstation's clock. */
export interface AgentPane {
	isDead: boolean
	/** Of its command. */
	exitCode: number | null
	/** When it ended; null where that was not kept. */
	endedAt: number | null
	/** When its screen last changed. */
	activity: number
	/** Tmux's own flag, and when the bell last rang where that is kept. */
	bellFlag: boolean
	bellAt: number | null
	created: number
}

/** How it stands right now. */
export interface AgentReading {
	/** The workstation's clock, in milliseconds. */
	clock: number
	hasTmux: boolean
	/** Null: there is no session of it. */
	pane: AgentPane | null
	/** The last lines with words on its screen. */
	screen: string[]
	/** Its branch; null: there is none yet. */
	head: string | null
	commits: number
	/** Null: its worktree is not there with its branch. */
	changedCount: number | null
}

/** The question to the workstation; `whole` also asks for the program, which takes longer. */
export function lookScript(
	project: ProjectConfig,
	places: AgentPlaces,
	depth: 'whole' | 'quick',
): BatchScript {
	const { session, worktree, branch, word } = places
	const kind = isClaude(word) ? 'claude' : ''
	return {
		name: 'agent-look',
		args: [depth, session, project.remote, worktree, branch, project.git.base, word, kind],
	}
}

const logins: ReadonlySet<string> = new Set([
	'file',
	'variable',
	'helper',
	'keychain',
	'locked',
	'none',
	'none-mac',
] satisfies AgentLogin[])

/** Only of what was asked with `whole`. */
export function programOf(stdout: string): AgentProgram {
	const records = parseRecords(stdout)
	const login = fieldsOf(records, 'agent.login')?.[0] ?? ''
	return {
		found: fieldsOf(records, 'agent.found')?.[0] ?? null,
		version: lineOf(fieldsOf(records, 'agent.version')?.[0]),
		login: logins.has(login) ? (login as AgentLogin) : null,
	}
}

/** Null: the script did not come that far. */
export function readingOf(stdout: string): AgentReading | null {
	const records = parseRecords(stdout)
	const clock = numberOf(fieldsOf(records, 'agent.clock')?.[0])
	if (clock === null) return null
	const facts = fieldsOf(records, 'agent.pane')?.[0]
	const head = fieldsOf(records, 'agent.head')
	return {
		clock,
		hasTmux: fieldsOf(records, 'agent.no-tmux') === null,
		pane: facts === undefined ? null : paneOf(facts),
		screen: records.flatMap(([name, ...line]) => (name === 'agent.screen' ? lineOf(line.join(' ')) : [])),
		head: head?.[0] ?? null,
		commits: numberOf(head?.[1]) ?? 0,
		changedCount: numberOf(fieldsOf(records, 'agent.tree')?.[0]),
	}
}

function paneOf(facts: string): AgentPane {
	const [dead, status, exit = '', activity, flag, bell, created] = facts.split(';')
	const [code, endedAt] = exit.split(' ')
	return {
		isDead: dead === '1',
		exitCode: numberOf(code) ?? numberOf(status),
		endedAt: numberOf(endedAt),
		activity: numberOf(activity) ?? 0,
		bellFlag: flag === '1',
		bellAt: numberOf(bell),
		created: numberOf(created) ?? 0,
	}
}

function numberOf(text: string | undefined): number | null {
	return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null
}

/** Shown, never interpreted. */
function lineOf(text = ''): string {
	return text.replaceAll(/\p{C}/gu, '').trim().slice(0, 400)
}
