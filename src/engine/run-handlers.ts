import { ProblemError } from '../contract/client.ts'
import type { CommandOutput } from '../contract/commands.ts'
import type { Run } from '../contract/state.ts'
import type { LogFollows } from './log-follows.ts'
import { problem, problemOf } from './problems.ts'
import type { Roster } from './roster.ts'
import type { CommandParsed, Face } from './rpc/served-engine.ts'
import type { RunBook } from './run-book.ts'
import { readLog } from './runs/log.ts'
import { searchLog } from './runs/log-search.ts'
import { probe } from './runs/probe.ts'
import { cancelRun, removeRun } from './runs/runs.ts'
import type { Store } from './store.ts'

type RunCommand =
	| 'listRuns'
	| 'cancelRun'
	| 'removeRun'
	| 'lookRun'
	| 'readLog'
	| 'searchLog'
	| 'followLog'
	| 'unfollowLog'
	| 'probe'

type RunHandlers = {
	[N in RunCommand]: (input: CommandParsed<N>, face: Face) => Promise<CommandOutput<N>>
}

/** How long a question waits for a link that is still being made. */
const linkTimeoutMs = 20_000

/** The commands about runs that are no operations. */
export function createRunHandlers(sessions: {
	store: Store
	roster: Roster
	book: RunBook
	follows: LogFollows
	now(): number
}): RunHandlers {
	const { store, roster, book, follows } = sessions
	const runOf = (id: string): Run => {
		const run = store.state.runs[id]
		if (!run) throw new ProblemError(problem('run-unknown', { run: id }))
		return run
	}
	const linkOf = (id: string) => roster.workstation(runOf(id).workstation).link
	/** Runs are learned when a workstation is first read; before that a run's name means nothing yet. */
	const known = async (id: string) => {
		if (!store.state.runs[id]) await Promise.allSettled(roster.workstations().map((one) => one.check()))
		return runOf(id)
	}
	return {
		listRuns: async (input) => {
			const asked =
				input.workstation === undefined ? roster.workstations() : [roster.workstation(input.workstation)]
			await Promise.allSettled(asked.map((one) => one.check()))
			const names = new Set(asked.map((one) => one.config.name))
			const runs = Object.values(store.state.runs).filter((run) => names.has(run.workstation))
			return { runs: runs.sort((one, other) => other.startedAt - one.startedAt) }
		},
		cancelRun: async (input) => {
			await known(input.run)
			await cancelRun(linkOf(input.run), input.run)
			return {}
		},
		removeRun: async (input) => {
			const run = await known(input.run)
			if (run.outcome.status === 'running') throw new ProblemError(problem('run-going', { run: run.id }))
			// One that another laptop took away, or that was too old, is gone as it was wished.
			await removeRun(linkOf(run.id), run.id).catch((error: unknown) => {
				if (problemOf(error).code !== 'run-unknown') throw error
			})
			book.gone([run.id])
			return {}
		},
		lookRun: async (input) => {
			await book.look(input.run)
			return {}
		},
		readLog: async (input) => {
			await known(input.run)
			return await readLog(linkOf(input.run), input.run, input.from, input.most)
		},
		searchLog: async ({ run, ...wish }) => {
			await known(run)
			return await searchLog(linkOf(run), run, wish)
		},
		followLog: async (input, face) => {
			await known(input.run)
			follows.start(face, input.run, linkOf(input.run), input)
			return {}
		},
		unfollowLog: async (input, face) => {
			follows.stop(face, input.run)
			return {}
		},
		probe: async (input) => {
			const { config } = roster.project(input.project)
			const { link } = roster.workstation(config.workstation)
			link.connect()
			await link.whenUp(linkTimeoutMs)
			return await probe(link, config, sessions.now, { download: input.download })
		},
	}
}
