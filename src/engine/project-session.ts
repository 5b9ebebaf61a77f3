import { ProblemError } from '../contract/client.ts'
import type { ProjectConfig } from '../contract/config.ts'
import type { FilesPending, ProjectState, RunnerKind } from '../contract/state.ts'
import { AgentSession } from './agents/agent-session.ts'
import { FilesWatch } from './files/files-watch.ts'
import { readFilesPending } from './files/pending.ts'
import { travelsAsFiles } from './files/project.ts'
import type { LocalFacts, RemoteFacts } from './git/facts.ts'
import { localPath } from './git/git.ts'
import { gitFoldersOf, readLocal } from './git/local.ts'
import { pendingOf } from './git/pending.ts'
import { parseRemote, remoteFactsScript } from './git/remote.ts'
import { type GitFolders, isLocked, momentMs } from './git/standing.ts'
import { placesOf, placesToCome, RepositoryWatch } from './git/watch.ts'
import type { Link } from './link/link.ts'
import { problemOf } from './problems.ts'
import { ReadingPace } from './reading-pace.ts'
import type { Rider } from './remote/batch.ts'
import { commandByDefault } from './runs/command.ts'
import type { Store } from './store.ts'

/** One project: what is pending between its sides. The laptop's side is watched, never polled. */
export class ProjectSession {
	readonly config: ProjectConfig
	/** Null: the settings name none. */
	readonly agent: AgentSession | null
	/** What was touched of its files; null: none of them travel. */
	readonly filesWatch: FilesWatch | null
	readonly #store: Store
	readonly #now: () => number
	#local: LocalFacts | null = null
	#localAt = 0
	#remote: RemoteFacts | null = null
	#remoteAt: number | null = null
	readonly #watch = new RepositoryWatch((name) => this.#heard(name))
	readonly #pace = new ReadingPace(() => this.#read())
	#folders: GitFolders | null = null
	#lockTimer: NodeJS.Timeout | undefined
	#disposed = false
	/** Aborted at the end: a git that hangs must not hold that up. */
	readonly #ender = new AbortController()

	constructor(config: ProjectConfig, options: { store: Store; now: () => number; runner: RunnerKind }) {
		this.config = config
		this.agent = AgentSession.of(config, options)
		this.filesWatch =
			config.files.watch && travelsAsFiles(config)
				? new FilesWatch(localPath(config.local), options.now)
				: null
		this.#store = options.store
		this.#now = options.now
		const { git, validation } = config
		this.#store.put('projects', config.name, {
			name: config.name,
			workstation: config.workstation,
			strategy: config.strategy,
			local: config.local,
			remote: config.remote,
			hub: git.hub,
			base: git.base,
			validation: git.validation,
			command: commandByDefault(config),
			parameters: validation.parameters,
			directions: validation.directions,
			runner: config.runner ?? options.runner,
			agent: this.agent ? { status: 'unknown' } : null,
			pending: { status: config.strategy === 'git' ? 'unknown' : 'unused' },
			files: travelsAsFiles(config) ? { status: 'unknown' } : null,
		})
	}

	/** Begins to watch the laptop's side, and reads it. */
	async start(): Promise<void> {
		// Watched before it is read: what changes in between is read again.
		await this.#arm()
		await this.readLocal()
	}

	/** Reads the laptop's side now. A problem is shown in the state, not thrown. Readings never overlap. */
	async readLocal(): Promise<void> {
		await this.#pace.now()
	}

	/** The question to the workstation, and what becomes of its answer. */
	rider(): Rider | null {
		if (this.config.strategy !== 'git') return null
		return {
			script: remoteFactsScript(this.config),
			take: (stdout, code) => {
				try {
					this.#remote = parseRemote(stdout, code)
					this.#remoteAt = this.#now()
					this.#show()
				} catch (error) {
					this.#showProblem(error)
				}
			},
		}
	}

	/** Reads what of its files waits either way. A problem is shown in the state, not thrown. */
	async readFiles(link: Link, dataFolder: string): Promise<void> {
		if (this.#disposed || !travelsAsFiles(this.config)) return
		const around = { project: this.config, link, dataFolder, now: this.#now, watch: this.filesWatch }
		try {
			const files = await readFilesPending(around, this.#ender.signal)
			this.showFiles(() => files)
		} catch (error) {
			const found = problemOf(error)
			if (found.code === 'operation-cancelled') return
			this.showFiles(() => ({ status: 'unreadable', at: this.#now(), problem: found }))
		}
	}

	/** For who knows what waits of its files because it has just compared them. */
	showFiles(change: (before: FilesPending | null) => FilesPending): void {
		if (this.#disposed) return
		this.#store.update('projects', this.config.name, (old) => ({ ...old, files: change(old.files) }))
	}

	/** Reads and hears nothing any more; what is being read ends now. */
	leave(): void {
		this.#disposed = true
		this.#watch.close()
		clearTimeout(this.#lockTimer)
		this.#ender.abort()
		this.agent?.leave()
	}

	async dispose(): Promise<void> {
		this.leave()
		await Promise.all([this.#pace.end(), this.filesWatch?.close()])
		this.#store.put('projects', this.config.name, undefined)
	}

	async #read(): Promise<void> {
		if (this.#disposed || this.config.strategy !== 'git') return
		try {
			this.#local = await readLocal(this.config, this.#ender.signal)
			this.#localAt = this.#now()
			this.#folders = this.#local.folders
			this.#watchFolders()
			this.#show()
			if (isLocked(this.#folders)) this.#lockSeen()
		} catch (error) {
			// What was read before is not to be shown again with the workstation's next answer.
			this.#local = null
			this.#showProblem(error)
			await this.#arm()
		}
	}

	async #arm(): Promise<void> {
		if (this.#disposed || this.config.strategy !== 'git') return
		this.#folders = await gitFoldersOf(this.config, this.#ender.signal).catch(() => null)
		this.#watchFolders()
	}

	#watchFolders(): void {
		const places = this.#folders ? placesOf(this.config, this.#folders) : placesToCome(this.config)
		// Nothing was heard from a folder before it was watched.
		if (this.#watch.arm(places)) this.#pace.changed()
	}

	#heard(name: string | null): void {
		if (name === 'index.lock') this.#lockSeen()
		else this.#pace.changed()
	}

	/** Git takes its lock for every change: it is of interest where it stays, and where one that stayed is gone. */
	#lockSeen(): void {
		const differs = () => this.#folders !== null && isLocked(this.#folders) !== this.#showsLock()
		if (!differs()) return
		const look = () => {
			if (differs()) this.#pace.changed()
		}
		clearTimeout(this.#lockTimer)
		if (this.#showsLock()) look()
		else this.#lockTimer = setTimeout(look, momentMs + 100)
	}

	#showsLock(): boolean {
		return this.#local !== null && this.#local.standing.lock !== null
	}

	#show(): void {
		if (!this.#local) return
		const pending = pendingOf(this.config, this.#local, this.#remote, this.#localAt)
		this.#set({ status: 'read', ...pending, remoteAt: this.#remoteAt })
	}

	#showProblem(error: unknown): void {
		if (error instanceof ProblemError && error.problem.code === 'operation-cancelled') return
		this.#set({ status: 'unreadable', at: this.#now(), problem: problemOf(error) })
	}

	#set(pending: ProjectState['pending']): void {
		if (!this.#disposed) this.#store.update('projects', this.config.name, (old) => ({ ...old, pending }))
	}
}
