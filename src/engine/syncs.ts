import type { Run } from '../contract/state.ts'
import type { Wish } from './git/wish.ts'
import type { Ledger } from './ledger.ts'
import type { Operations } from './operations.ts'
import type { Roster } from './roster.ts'
import type { RunBook } from './run-book.ts'
import type { StartWish } from './runs/start-wish.ts'
import type { Store } from './store.ts'
import { type SyncContext, sync } from './sync.ts'
import { type SyncKind, syncSteps } from './sync-steps.ts'

interface SyncsOptions {
	store: Store
	roster: Roster
	operations: Operations
	ledger: Ledger
	book: RunBook
	now: () => number
	/** Absolute. */
	dataFolder: string
}

/** Starts syncs as operations: a person's, and those still owed for a `go` that was interrupted. */
export class Syncs {
	readonly #options: SyncsOptions

	constructor(options: SyncsOptions) {
		this.#options = options
	}

	/** @throws ProblemError `project-unknown`, `project-ambiguous`, `operation-busy` */
	start(kind: SyncKind, name?: string, wish: Wish & StartWish = {}): string {
		const project = this.#options.roster.project(name)
		const operation: string = this.#options.operations.start({
			kind,
			project: project.config.name,
			workstation: project.config.workstation,
			steps: syncSteps(kind, wish, project.config),
			work: (runner, result) =>
				sync(
					kind,
					{ ...this.#context(project.config.name, wish), operation: () => operation },
					runner,
					result,
				),
		})
		return operation
	}

	/**
	 * Brings the results of a run back when a `go` still owes them and nothing else is under way. Returns the operation's
	 * id; null: there is none.
	 */
	bringBackOwed(run: Run): string | null {
		const { ledger, operations, roster, store, now } = this.#options
		const runs = run.series === null ? [run] : this.#runsOf(run.series)
		if (runs.some(({ outcome }) => outcome.status !== 'succeeded')) return null
		const project = ledger.projectToBringBack(run.id)
		const paused = (store.state.app.pausedUntil ?? 0) > now()
		if (project === undefined || paused || operations.isBusy(project)) return null
		return roster.projects().some((other) => other.config.name === project)
			? this.start('back', project)
			: null
	}

	#runsOf(series: string): Run[] {
		const runs = Object.values(this.#options.store.state.runs).filter((run) => run.series === series)
		return runs.sort((one, other) => (one.id < other.id ? -1 : 1))
	}

	#context(name: string, wish: Wish & StartWish): Omit<SyncContext, 'operation'> {
		const { store, roster, ledger, book, now, dataFolder } = this.#options
		const project = roster.project(name)
		const workstation = roster.workstation(project.config.workstation)
		const pending = () => {
			const read = store.state.projects[name]?.pending
			return read?.status === 'read' ? read : null
		}
		return {
			project: project.config,
			wish,
			workstation: workstation.config,
			link: workstation.link,
			book,
			now,
			dataFolder,
			filesWatch: project.filesWatch,
			showFiles: (change) => project.showFiles(change),
			refresh: async () => {
				await Promise.all([project.readLocal(), workstation.check()])
			},
			readLocal: () => project.readLocal(),
			runsRider: () => workstation.runsRider(),
			codeRiders: () =>
				roster
					.projects()
					.filter(({ config }) => config.workstation === workstation.config.name)
					.filter(({ config }) => config.remote === project.config.remote)
					.flatMap((one) => one.rider() ?? []),
			silence: () => {
				const tools = store.state.workstations[workstation.config.name]?.rungs.find(
					({ id }) => id === 'tools',
				)
				return tools?.verdict === 'unknown' ? tools.problem : null
			},
			running: () =>
				Object.values(store.state.runs)
					.filter((run) => run.outcome.status === 'running' && run.project === name)
					.filter((run) => run.workstation === workstation.config.name)
					.sort((one, other) => other.startedAt - one.startedAt),
			runsOf: (series) => this.#runsOf(series),
			validationHead: () =>
				project.config.strategy === 'files' ? '' : (pending()?.remote?.validation ?? null),
			hasCommitsToSend: () => {
				const files = store.state.projects[name]?.files
				if (project.config.strategy === 'files')
					return files?.status === 'read' ? files.toWorkstation.count > 0 : null
				const lane = pending()?.toWorkstation
				return lane ? lane.count > 0 : null
			},
			broughtBack: () => ledger.broughtBack(name),
		}
	}
}
