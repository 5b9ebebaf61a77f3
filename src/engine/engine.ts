import { mkdirSync } from 'node:fs'
import type { CommandName, CommandOutput } from '../contract/commands.ts'
import type { Config } from '../contract/config.ts'
import type { Run, State, Summary } from '../contract/state.ts'
import type { BuiltIn } from './built-in.ts'
import { createHandlers } from './command-handlers.ts'
import { ConfigFile, type ConfigStore } from './config-file.ts'
import { Ledger } from './ledger.ts'
import { createLink } from './link/ssh2-link.ts'
import { LogFollows } from './log-follows.ts'
import { Operations } from './operations.ts'
import { Roster } from './roster.ts'
import type { CommandParsed, Face, HostedEngine } from './rpc/served-engine.ts'
import { RunBook } from './run-book.ts'
import { Store } from './store.ts'
import { summarise } from './summary.ts'
import { type SyncKind, stepsOf, sync } from './sync.ts'
import { WorkstationSession } from './workstation-session.ts'

export interface EngineOptions {
	/** Absolute; made when it is missing. */
	dataFolder: string
	version: string
	/** `conf`, or electron-store in Electron. */
	ConfigStore: ConfigStore
	/** The built-in workstation; null where there is none. */
	builtIn: BuiltIn | null
	/** Stays for long: results of runs that ended while nobody was here are brought back by itself. */
	resident: boolean
	/** ms since the epoch. */
	now?: () => number
}

const nothingYet: Summary = { glyph: 'off', line: '', problem: null, workstation: null }

/**
 * The whole product without a screen: sessions write the state, commands act on sessions. Settles when
 * the config was read and its sessions were made; connecting goes on by itself.
 */
export async function createEngine(options: EngineOptions): Promise<HostedEngine> {
	const now = options.now ?? Date.now
	mkdirSync(options.dataFolder, { recursive: true, mode: 0o700 })
	const configFile = new ConfigFile(options.dataFolder, options.ConfigStore)
	const ledger = await Ledger.open(options.dataFolder)
	const initial: State = {
		app: { version: options.version, dataFolder: options.dataFolder, startedAt: now(), pausedUntil: null },
		config: { path: configFile.path, problem: null },
		workstations: {},
		projects: {},
		runs: {},
		operations: {},
		notices: {},
		summary: nothingYet,
	}
	const store = new Store(initial, (state) => summarise(state, now()))
	const operations = new Operations(store, now)
	const follows = new LogFollows()
	const book = new RunBook({ store, ledger, now, ended: (run) => runEnded(run) })
	const roster = new Roster({
		store,
		now,
		builtIn: options.builtIn,
		makeWorkstation: (config, builtIn) =>
			new WorkstationSession(config, {
				link: createLink({ name: config.name, ssh: config.ssh }),
				store,
				builtIn,
				now,
				listener: {
					riders: () =>
						roster
							.projects()
							.filter((project) => project.config.workstation === config.name)
							.flatMap((project) => project.rider() ?? []),
					runSeen: (run) => book.seen(run),
				},
			}),
	})

	const startSync = (kind: SyncKind, name?: string): string => {
		const project = roster.project(name)
		const workstation = roster.workstation(project.config.workstation)
		const pending = () => {
			const read = store.state.projects[project.config.name]?.pending
			return read?.status === 'read' ? read : null
		}
		return operations.start({
			kind,
			project: project.config.name,
			workstation: workstation.config.name,
			steps: stepsOf[kind],
			work: (runner, result) =>
				sync(
					kind,
					{
						project: project.config,
						workstation: workstation.config,
						link: workstation.link,
						book,
						now,
						refresh: async () => {
							await project.readLocal()
							await workstation.check()
						},
						running: () =>
							Object.values(store.state.runs)
								.filter((run) => run.outcome.status === 'running' && run.project === project.config.name)
								.filter((run) => run.workstation === workstation.config.name)
								.sort((one, other) => other.startedAt - one.startedAt),
						validationHead: () => pending()?.remote?.validation ?? null,
						hasCommitsToSend: () => {
							const lane = pending()?.toWorkstation
							return lane ? lane.count > 0 : null
						},
						broughtBack: () => ledger.broughtBack(project.config.name),
					},
					runner,
					result,
				),
		})
	}

	const setUpDemo = (): string =>
		operations.start({
			kind: 'demo',
			project: 'demo',
			workstation: '',
			steps: [{ id: 'demo', title: 'Set up the built-in workstation' }],
			work: (runner) => runner.step('demo', (say) => roster.startBuiltIn(say)),
		})

	/** Results of a `go` that was interrupted are brought back once its run has ended well. */
	const runEnded = (run: Run) => {
		if (!options.resident || run.outcome.status !== 'succeeded') return
		const project = ledger.projectToBringBack(run.id)
		const paused = (store.state.app.pausedUntil ?? 0) > now()
		if (project === undefined || paused || operations.isBusy(project)) return
		if (roster.projects().some((other) => other.config.name === project)) startSync('back', project)
	}

	let pauseTimer: NodeJS.Timeout | undefined
	const pause = (until: number | null) => {
		clearTimeout(pauseTimer)
		store.apply({ slice: 'app', value: { ...store.state.app, pausedUntil: until } })
		if (until !== null) pauseTimer = setTimeout(() => pause(null), Math.max(0, until - now()))
	}

	const applyConfig = async () => {
		const { config, problem } = await configFile.read()
		store.apply({ slice: 'config', value: { path: configFile.path, problem } })
		await roster.apply(config)
		await startBuiltInFor(config)
	}
	const startBuiltInFor = async (config: Config) => {
		if (!options.builtIn || !Roster.needsBuiltIn(config)) return
		const operation = setUpDemo()
		const outcome = await operations.wait(operation)
		if (outcome.status === 'succeeded') operations.dismiss(operation)
	}

	const handlers = createHandlers({
		store,
		roster,
		operations,
		book,
		ledger,
		follows,
		startSync,
		setUpDemo,
		pause,
	})
	const ready = applyConfig()
	ready.catch(() => {})
	const stopConfigWatch = configFile.onChange(() => {
		applyConfig().catch(() => {})
	})

	return {
		state: () => store.state,
		onChanges: (listener) => store.onChanges((_state, changes) => listener(changes)),
		command: async <N extends CommandName>(name: N, input: CommandParsed<N>, face: Face) => {
			await ready
			return (await handlers[name](input, face)) as CommandOutput<N>
		},
		dispose: async () => {
			stopConfigWatch()
			clearTimeout(pauseTimer)
			follows.dispose()
			await ready.catch(() => {})
			await operations.dispose()
			await roster.dispose()
			await ledger.flush()
		},
	}
}
