import type { AgentState } from '../../contract/agent.ts'
import { ProblemError } from '../../contract/client.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import { resultOf } from '../git/records.ts'
import { addWorktree } from '../git/worktrees.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'
import type { Rider } from '../remote/batch.ts'
import { runScript } from '../remote/script.ts'
import type { Store } from '../store.ts'
import { type AgentPlaces, agentPlaces } from './agent-places.ts'
import { type AgentProgram, lookScript, programOf, readingOf } from './agent-reading.ts'
import { agentStateOf } from './agent-state.ts'

/** While it is there, it is looked at no more often than this. */
const lookEveryMs = 5000
/** A program that was missing, or not logged in, is asked for again after so long. */
const askAgainMs = 10 * 60_000
/** After a look that failed. */
const tryAgainMs = 30_000
/** The login's shell, the program's version and the keychain have limits of their own within it. */
const wholeMs = 40_000

/** The coding agent of one project: reads how it stands into the state, starts it and ends it. */
export class AgentSession {
	readonly places: AgentPlaces
	readonly #project: ProjectConfig
	readonly #store: Store
	readonly #now: () => number
	readonly #ender = new AbortController()
	#program: { facts: AgentProgram; at: number } | null = null
	#looking: Promise<void> | null = null
	#lookedAt = 0
	#state: AgentState = { status: 'unknown' }

	/** Null: the settings name no agent. */
	static of(project: ProjectConfig, options: { store: Store; now: () => number }): AgentSession | null {
		const places = agentPlaces(project)
		return places && new AgentSession(project, places, options)
	}

	private constructor(
		project: ProjectConfig,
		places: AgentPlaces,
		options: { store: Store; now: () => number },
	) {
		this.#project = project
		this.places = places
		this.#store = options.store
		this.#now = options.now
	}

	/** The question for how it stands, to go with others. What its program is has to be known before. */
	rider(): Rider | null {
		if (!this.#program) return null
		return {
			script: lookScript(this.#project, this.places, 'quick'),
			take: (stdout) => this.#take(stdout),
		}
	}

	/**
	 * The workstation gave a sign of life: every few seconds while the link is up. What its program is is asked for once,
	 * how it stands only while its session is there.
	 */
	beat(link: Link): void {
		const since = this.#now() - this.#lookedAt
		const isThere = this.#state.status === 'running' || this.#state.status === 'waits'
		const look = (depth: 'whole' | 'quick') => void this.look(link, depth).catch(() => {})
		if (this.#program === null) {
			if (since >= tryAgainMs) look('whole')
		} else if (this.#isOutdated()) look('whole')
		else if (isThere && since >= lookEveryMs) look('quick')
	}

	#isOutdated(): boolean {
		const lacks =
			this.#state.status === 'absent' || ('branch' in this.#state && this.#state.loggedIn === false)
		return lacks && this.#now() - (this.#program?.at ?? 0) >= askAgainMs
	}

	/**
	 * Reads how it stands now. One look at a time: a whole one waits for what is under way, a quick one shares it.
	 * @throws ProblemError of the link and of `runScript`
	 */
	async look(link: Link, depth: 'whole' | 'quick'): Promise<void> {
		if (this.#looking && depth === 'quick') return await this.#looking
		await this.#looking?.catch(() => {})
		this.#lookedAt = this.#now()
		const looking = this.#look(link, depth).finally(() => {
			if (this.#looking === looking) this.#looking = null
		})
		this.#looking = looking
		await looking
	}

	async #look(link: Link, depth: 'whole' | 'quick'): Promise<void> {
		const whole = depth === 'whole' || !this.#program
		const { name, args } = lookScript(this.#project, this.places, whole ? 'whole' : 'quick')
		const signal = this.#ender.signal
		const { stdout } = await runScript(link, name, args, { signal, ...(whole ? { timeoutMs: wholeMs } : {}) })
		if (whole) this.#program = { facts: programOf(stdout), at: this.#now() }
		if (!this.#take(stdout)) throw new ProblemError(problem('remote-garbled', { script: name }))
	}

	/**
	 * Starts it in its worktree, which is made where it is not there; one that goes on is left as it is. Again is safe.
	 * `anyway`: also where a log-out would end it.
	 * @throws ProblemError `agent-missing`, `agent-no-tmux`, `log-out-ends-runs`, and those of `addWorktree`
	 */
	async start(link: Link, { anyway }: { anyway: boolean }): Promise<void> {
		await this.look(link, 'whole')
		const state = this.#state
		if (state.status === 'absent') throw new ProblemError(state.problem)
		if (state.status === 'running' || state.status === 'waits') return
		if ('problem' in state && state.problem?.code === 'agent-no-tmux') throw new ProblemError(state.problem)
		const { session, worktree, branch, command } = this.places
		const { signal } = this.#ender
		if (!this.#hasWorktree) {
			// Filed under a name that no project can have: an undo of the project's is about the person's own branches.
			const project = { ...this.#project, name: `${this.#project.name}/agent` }
			const from = this.#hasBranch ? {} : { from: project.git.base }
			await addWorktree(link, project, { machine: 'workstation', path: worktree, branch, ...from }, signal)
		}
		const args = [session, worktree, command, this.#project.name, anyway ? 'anyway' : '']
		resultOf('agent-start', await runScript(link, 'agent-start', args, { signal }))
		await this.look(link, 'quick')
	}

	/** Ends its session and all that runs in it. Its worktree and its branch stay. */
	async stop(link: Link): Promise<void> {
		const { signal } = this.#ender
		resultOf('agent-stop', await runScript(link, 'agent-stop', [this.places.session], { signal }))
		await this.#looking?.catch(() => {})
		// It was ended by the person, and is not to be told as an end of its own.
		if ('branch' in this.#state) this.#set({ ...this.#state, status: 'idle', since: null, exitCode: null })
		await this.look(link, 'quick')
	}

	/** What is being asked ends now, and nothing is shown any more. */
	leave(): void {
		this.#ender.abort()
	}

	#hasWorktree = false
	#hasBranch = false

	/** False: that was no answer. */
	#take(stdout: string): boolean {
		const reading = readingOf(stdout)
		if (!reading || !this.#program) return false
		this.#lookedAt = this.#now()
		this.#hasWorktree = reading.changedCount !== null
		this.#hasBranch = reading.head !== null
		const { name } = this.#project
		this.#set(agentStateOf(name, this.places, this.#program.facts, reading, this.#state, this.#now()))
		return true
	}

	#set(agent: AgentState): void {
		if (this.#ender.signal.aborted) return
		this.#state = agent
		this.#store.update('projects', this.#project.name, (old) => ({ ...old, agent }))
	}
}
