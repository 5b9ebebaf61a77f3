import { ProblemError } from '../contract/client.ts'
import {
	builtInName,
	type Config,
	type ProjectConfig,
	type WorkstationConfig,
	workstationSchema,
} from '../contract/config.ts'
import type { BuiltIn } from './built-in.ts'
import { problem } from './problems.ts'
import { ProjectSession } from './project-session.ts'
import type { Store } from './store.ts'
import type { WorkstationSession } from './workstation-session.ts'

interface RosterOptions {
	store: Store
	now: () => number
	builtIn: BuiltIn | null
	makeWorkstation(config: WorkstationConfig, builtIn: boolean): WorkstationSession
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** A repository on a disk that hangs holds up nothing else for longer than this. */
const localMs = 3000

/** The sessions that the config asks for: made, kept or ended as it changes. */
export class Roster {
	readonly #options: RosterOptions
	readonly #workstations = new Map<string, WorkstationSession>()
	readonly #projects = new Map<string, ProjectSession>()
	/** The built-in workstation as a config's entry, once it was started. */
	#builtIn: { workstation: WorkstationConfig; project: ProjectConfig } | null = null
	#config: Config = { workstations: [], projects: [], notices: {} }
	/** Changes are taken in one after another. */
	#applying: Promise<void> = Promise.resolve()

	constructor(options: RosterOptions) {
		this.#options = options
	}

	/** Whether this config is served by the built-in workstation: nothing else is there, or it is named. */
	static needsBuiltIn(config: Config): boolean {
		return (
			config.workstations.length === 0 ||
			config.projects.some((project) => project.workstation === builtInName)
		)
	}

	/** Starts the built-in workstation and takes it and its demo project in. Again is safe. */
	async startBuiltIn(say: (detail: string) => void): Promise<void> {
		if (!this.#options.builtIn || this.#builtIn) return
		const { ssh, project } = await this.#options.builtIn.start(say)
		this.#builtIn = {
			workstation: workstationSchema.parse({ name: builtInName, ssh }),
			project,
		}
		await this.apply(this.#config)
	}

	/** Makes what is new, ends what is gone, keeps what did not change. */
	async apply(config: Config): Promise<void> {
		this.#config = config
		const next = this.#applying.then(() => this.#apply(config))
		this.#applying = next.catch(() => {})
		await next
	}

	/** The settings as they were last taken in. */
	settings(): Config {
		return this.#config
	}

	workstations(): WorkstationSession[] {
		return [...this.#workstations.values()]
	}

	projects(): ProjectSession[] {
		return [...this.#projects.values()]
	}

	/** @throws ProblemError `workstation-unknown`; without a name: the first one */
	workstation(name?: string): WorkstationSession {
		const known = [...this.#workstations.keys()]
		const found = name === undefined ? this.workstations()[0] : this.#workstations.get(name)
		if (!found) throw new ProblemError(problem('workstation-unknown', { name: name ?? '', known }))
		return found
	}

	/** @throws ProblemError `project-unknown`, `project-ambiguous`; without a name: the only one */
	project(name?: string): ProjectSession {
		const known = [...this.#projects.keys()]
		if (name === undefined && known.length > 1)
			throw new ProblemError(problem('project-ambiguous', { known }))
		const found = name === undefined ? this.projects()[0] : this.#projects.get(name)
		if (!found) throw new ProblemError(problem('project-unknown', { name: name ?? '', known }))
		return found
	}

	async dispose(): Promise<void> {
		for (const project of this.projects()) project.leave()
		await this.#applying
		await Promise.all(this.projects().map((project) => project.dispose()))
		await Promise.all(this.workstations().map((workstation) => workstation.dispose()))
		await this.#options.builtIn?.stop()
	}

	async #apply(config: Config): Promise<void> {
		const workstations = [...config.workstations]
		const projects = [...config.projects]
		if (this.#builtIn) {
			workstations.push(this.#builtIn.workstation)
			const { project } = this.#builtIn
			if (!projects.some((other) => other.name === project.name)) projects.push(project)
		}
		for (const [name, session] of this.#projects) {
			if (projects.some((project) => same(project, session.config))) continue
			this.#projects.delete(name)
			await session.dispose()
		}
		for (const [name, session] of this.#workstations) {
			if (workstations.some((workstation) => same(workstation, session.config))) continue
			this.#workstations.delete(name)
			await session.dispose()
		}
		const started: Promise<void>[] = []
		for (const project of projects) {
			if (this.#projects.has(project.name)) continue
			const session = new ProjectSession(project, {
				...this.#options,
				runner: workstations.find(({ name }) => name === project.workstation)?.runner ?? 'tmux',
			})
			this.#projects.set(project.name, session)
			started.push(session.start())
		}
		// The laptop's side is read first, so that the first answer of a workstation has something to meet.
		let timer: NodeJS.Timeout | undefined
		const late = new Promise<void>((resolve) => {
			timer = setTimeout(resolve, localMs)
		})
		await Promise.race([Promise.allSettled(started), late])
		clearTimeout(timer)
		for (const workstation of workstations) {
			if (this.#workstations.has(workstation.name)) continue
			const session = this.#options.makeWorkstation(workstation, workstation.name === builtInName)
			this.#workstations.set(workstation.name, session)
			session.connect()
		}
	}
}
