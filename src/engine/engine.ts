import { mkdirSync } from 'node:fs'
import type { CommandName, CommandOutput } from '../contract/commands.ts'
import type { Config } from '../contract/config.ts'
import type { State, Summary } from '../contract/state.ts'
import type { BuiltIn } from './built-in.ts'
import { isLoopback } from './checks/loopback.ts'
import { createHandlers } from './command-handlers.ts'
import { ConfigFile, type ConfigStore } from './config-file.ts'
import type { Keychain } from './keychain.ts'
import { Ledger } from './ledger.ts'
import { createLink } from './link/live-link.ts'
import { RouteWatch } from './link/routes.ts'
import { LogFollows } from './log-follows.ts'
import { LostStarts } from './lost-starts.ts'
import { createNotices } from './notices/notices.ts'
import { Onlookers } from './notices/onlookers.ts'
import { Operations } from './operations.ts'
import { Roster } from './roster.ts'
import type { CommandParsed, Face, HostedEngine } from './rpc/served-engine.ts'
import { RunBook } from './run-book.ts'
import { Secrets } from './secrets.ts'
import { Store } from './store.ts'
import { summarise } from './summary.ts'
import { Syncs } from './syncs.ts'
import { Ptys } from './terminals/ptys.ts'
import { WorkstationSession } from './workstation-session.ts'
import { createZeroTier } from './zerotier/zerotier.ts'

export interface EngineOptions {
	/** Absolute; made when it is missing. */
	dataFolder: string
	version: string
	/** `conf`, or electron-store in Electron. */
	ConfigStore: ConfigStore
	/** The built-in workstation; null where there is none. */
	builtIn: BuiltIn | null
	/** Where asked-for secrets are kept; null where there is no keychain. */
	keychain: Keychain | null
	/** How `hawser` is called, word by word, for the terminals that it opens; null: the system's own ssh serves. */
	cli?: readonly string[] | null
	/** Stays for long: results of runs that ended while nobody was here are brought back by itself. */
	resident: boolean
	/** ms since the epoch. */
	now?: () => number
}

const ofOperations: ReadonlySet<CommandName> = new Set([
	'waitOperation',
	'cancelOperation',
	'dismissOperation',
])
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
	const ptys = new Ptys()
	const onlookers = new Onlookers()
	const notices = createNotices({
		store,
		ledger,
		onlookers,
		now,
		resident: options.resident,
		looked: (run) => void book.look(run).catch(() => {}),
		webhook: () => roster.settings().notices.webhook,
	})
	const book = new RunBook({
		store,
		ledger,
		now,
		patternOf: (project) =>
			roster.projects().find(({ config }) => config.name === project)?.config.validation.progress,
		tell: (run) => notices.gate.runEnded(run),
		ended: (run) => {
			const operation = options.resident ? syncs.bringBackOwed(run) : null
			if (operation !== null) notices.gate.byItself(operation)
		},
	})
	const secrets = await Secrets.open(options.dataFolder, options.keychain)
	const routes = new RouteWatch()
	const zerotier = createZeroTier({
		tokenFiles: () => roster.workstations().flatMap(({ config }) => config.zerotier?.tokenFile ?? []),
	})
	const stopSecrets = secrets.onChange((name) =>
		store.update('workstations', name, (old) => ({ ...old, keepsLogin: secrets.keeps(name) })),
	)
	const roster = new Roster({
		store,
		now,
		builtIn: options.builtIn,
		makeWorkstation: (config, builtIn) =>
			new WorkstationSession(config, {
				link: createLink({
					name: config.name,
					ssh: config.ssh,
					secrets: secrets.of(config.name),
					// What is on this machine is reached without a network.
					...(isLoopback(config.ssh.host) ? {} : { routes }),
				}),
				store,
				secrets,
				zerotier,
				builtIn,
				now,
				listener: {
					riders: () =>
						roster
							.projects()
							.filter((project) => project.config.workstation === config.name)
							.flatMap((project) => [project.rider() ?? [], project.agent?.rider() ?? []].flat()),
					beat: (link) => {
						for (const { agent, config: project } of roster.projects())
							if (project.workstation === config.name) agent?.beat(link)
					},
					runSeen: (run) => book.seen(run),
					runsListed: (link) => void lostStarts.ask(config.name, link).catch(() => {}),
					pendingRuns: () => ledger.pending(),
					runsGone: (runs) => book.gone(runs),
				},
			}),
	})

	const lostStarts = new LostStarts({ book, operations })
	const syncs = new Syncs({ store, roster, operations, ledger, book, now, dataFolder: options.dataFolder })

	const setUpDemo = (): string =>
		operations.start({
			kind: 'demo',
			project: 'demo',
			workstation: '',
			steps: [{ id: 'demo', title: 'Set up the built-in workstation' }],
			work: (runner) => runner.step('demo', (say) => roster.startBuiltIn(say)),
		})

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
		notices.outbox.settle()
		// Settings with a mistake name something else than the built-in workstation: it does not step in for it.
		if (!problem || config.workstations.length > 0) await startBuiltInFor(config)
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
		ptys,
		cli: options.cli ? [...options.cli, '--home', options.dataFolder] : null,
		onlookers,
		notices: notices.gate,
		secrets,
		zerotier,
		dataFolder: options.dataFolder,
		now,
		startSync: (kind, project, wish) => syncs.start(kind, project, wish),
		setUpDemo,
		pause,
	})
	const ready = applyConfig()
	// One reading after another: an older one must not have the last word.
	let applying = ready.catch(() => {})
	const stopConfigWatch = configFile.onChange(() => {
		applying = applying.then(() => applyConfig()).catch(() => {})
	})

	return {
		state: () => store.state,
		onChanges: (listener) => store.onChanges((_state, changes) => listener(changes)),
		command: async <N extends CommandName>(name: N, input: CommandParsed<N>, face: Face) => {
			// What is under way can be watched and cancelled also while the first set-up is.
			if (!ofOperations.has(name)) await ready
			return (await handlers[name](input, face)) as CommandOutput<N>
		},
		dispose: async () => {
			stopConfigWatch()
			stopSecrets()
			clearTimeout(pauseTimer)
			follows.dispose()
			ptys.dispose()
			notices.gate.dispose()
			// Settings that are just being taken in would make sessions after all have ended.
			await applying
			await operations.dispose()
			await Promise.all([roster.dispose(), notices.outbox.dispose()])
			await Promise.all([ledger.flush(), secrets.dispose()])
		},
	}
}
