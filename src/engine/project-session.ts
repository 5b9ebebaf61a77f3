import { watch } from 'node:fs'
import { ProblemError } from '../contract/client.ts'
import type { ProjectConfig } from '../contract/config.ts'
import type { ProjectState } from '../contract/state.ts'
import type { LocalFacts, RemoteFacts } from './git/facts.ts'
import { gitFolderOf, readLocal } from './git/local.ts'
import { pendingOf } from './git/pending.ts'
import { parseRemote, remoteFactsScript } from './git/remote.ts'
import { problemOf } from './problems.ts'
import type { Store } from './store.ts'
import type { Rider } from './workstation-session.ts'

/** A commit, a checkout or a stage writes several files: they are read as one change. */
const settleMs = 150

/** One project: what is pending between its sides. The laptop's side is watched, never polled. */
export class ProjectSession {
	readonly config: ProjectConfig
	readonly #store: Store
	readonly #now: () => number
	#local: LocalFacts | null = null
	#remote: RemoteFacts | null = null
	#remoteAt: number | null = null
	#reading: Promise<void> | null = null
	#again = false
	#stopWatch: () => void = () => {}
	#disposed = false
	/** Aborted at the end: a git that hangs must not hold that up. */
	readonly #ender = new AbortController()

	constructor(config: ProjectConfig, options: { store: Store; now: () => number }) {
		this.config = config
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
			command: validation.command,
			pending: { status: 'unknown' },
		})
	}

	/** Reads the laptop's side and starts to watch it. */
	async start(): Promise<void> {
		await this.readLocal()
		if (this.#disposed) return
		const folder = await gitFolderOf(this.config, this.#ender.signal).catch(() => null)
		if (folder !== null && !this.#disposed) this.#watch(folder)
	}

	/** Reads the laptop's side now. A problem is shown in the state, not thrown. Readings never overlap. */
	async readLocal(): Promise<void> {
		if (this.#reading) {
			this.#again = true
			return await this.#reading
		}
		this.#reading = this.#readUntilStill().finally(() => {
			this.#reading = null
		})
		return await this.#reading
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

	/** Reads nothing any more; what is being read ends now. */
	leave(): void {
		this.#disposed = true
		this.#ender.abort()
	}

	async dispose(): Promise<void> {
		this.leave()
		this.#stopWatch()
		await this.#reading
		this.#store.put('projects', this.config.name, undefined)
	}

	async #readUntilStill(): Promise<void> {
		do {
			this.#again = false
			try {
				this.#local = await readLocal(this.config, this.#ender.signal)
				this.#show()
			} catch (error) {
				this.#showProblem(error)
			}
		} while (this.#again && !this.#disposed)
	}

	#watch(folder: string): void {
		let timer: NodeJS.Timeout | undefined
		const changed = () => {
			clearTimeout(timer)
			timer = setTimeout(() => {
				this.readLocal().catch(() => {})
			}, settleMs)
		}
		// HEAD, index and logs/HEAD change with every commit, checkout and stage; our own reading takes no lock.
		const watchers = [folder, `${folder}/logs`].flatMap((path) => {
			try {
				const watcher = watch(path, (_event, name) => {
					if (name === null || !name.endsWith('.lock')) changed()
				})
				watcher.on('error', () => watcher.close())
				return [watcher]
			} catch {
				return []
			}
		})
		this.#stopWatch = () => {
			clearTimeout(timer)
			for (const watcher of watchers) watcher.close()
		}
	}

	#show(): void {
		if (!this.#local) return
		const pending = pendingOf(this.config, this.#local, this.#remote, this.#now())
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
