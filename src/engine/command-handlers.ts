import { arch, platform, release } from 'node:os'
import { ProblemError } from '../contract/client.ts'
import type { CommandName, CommandOutput } from '../contract/commands.ts'
import { createAgentHandlers } from './agent-handlers.ts'
import { lineHolds } from './checks/line.ts'
import { createCodeHandlers } from './code-handlers.ts'
import { createFileHandlers } from './file-handlers.ts'
import type { Wish } from './git/wish.ts'
import type { Ledger } from './ledger.ts'
import type { LogFollows } from './log-follows.ts'
import type { NoticeGate } from './notices/gate.ts'
import type { Onlookers } from './notices/onlookers.ts'
import type { Operations } from './operations.ts'
import { problem } from './problems.ts'
import { reportText } from './report.ts'
import type { Roster } from './roster.ts'
import type { CommandParsed, Face } from './rpc/served-engine.ts'
import type { RunBook } from './run-book.ts'
import { createRunHandlers } from './run-handlers.ts'
import type { StartWish } from './runs/start-wish.ts'
import type { Secrets } from './secrets.ts'
import { shellCommand } from './shell-command.ts'
import type { Store } from './store.ts'
import type { SyncKind } from './sync-steps.ts'
import { createTerminalHandlers } from './terminal-handlers.ts'
import type { Ptys } from './terminals/ptys.ts'
import { startZeroTierJoin, startZeroTierRestart } from './zerotier/operations.ts'
import type { ZeroTier } from './zerotier/zerotier.ts'

/** What the commands act on. */
export interface Sessions {
	store: Store
	roster: Roster
	operations: Operations
	book: RunBook
	ledger: Ledger
	follows: LogFollows
	ptys: Ptys
	/** How `hawser` is called for this engine, word by word. */
	cli: readonly string[] | null
	onlookers: Onlookers
	notices: NoticeGate
	startSync(kind: SyncKind, project?: string, wish?: Wish & StartWish): string
	secrets: Secrets
	zerotier: ZeroTier
	/** Absolute. */
	dataFolder: string
	/** ms since the epoch. */
	now(): number
	setUpDemo(): string
	pause(until: number | null): void
}

type Handlers = {
	[N in CommandName]: (input: CommandParsed<N>, face: Face) => Promise<CommandOutput<N>>
}

/** The laptop's system for a report; its name stays out of it. */
const system = () => `${platform()} ${release()} ${arch()}, Node ${process.versions.node}`

/** How long a reading waits for a link that is still being made. */
const linkTimeoutMs = 20_000

/** One handler a command; each answers from the sessions and keeps nothing itself. */
export function createHandlers(sessions: Sessions): Handlers {
	const { store, roster, operations } = sessions
	const start =
		(kind: SyncKind) =>
		async ({ project, ...wish }: Wish & StartWish & { project?: string | undefined }) => ({
			operation: sessions.startSync(kind, project, wish),
		})
	const checked = () =>
		roster.workstations().map((one) => ({ name: one.config.name, check: () => one.check() }))
	return {
		ready: async () => ({}),
		check: async (input) => {
			const workstation = roster.workstation(input.workstation)
			const rungs = await workstation.check()
			const holds = lineHolds(rungs, workstation.link.state.status === 'up')
			return { workstation: workstation.config.name, holds, rungs }
		},
		connect: async (input) => {
			roster.workstation(input.workstation).connect()
			return {}
		},
		disconnect: async (input) => {
			await roster.workstation(input.workstation).disconnect()
			return {}
		},
		retry: async (input) => {
			roster.workstation(input.workstation).retry()
			return {}
		},
		answerHostKey: async (input) => {
			roster.workstation(input.workstation).link.answerHostKey(input.fingerprint, input.accept)
			return {}
		},
		wake: async () => {
			for (const { link } of roster.workstations()) link.wake()
			return {}
		},
		answerLogin: async (input) => {
			const { link } = roster.workstation(input.workstation)
			link.answerLogin(input.question, input.answers, input.keep)
			return {}
		},
		forgetLogin: async (input) => {
			// Of one that was taken out of the settings too.
			const { secrets } = sessions
			if (!secrets.keeps(input.workstation)) roster.workstation(input.workstation)
			await secrets.forget(input.workstation)
			return {}
		},
		report: async (input) => {
			if (input.workstation !== undefined) roster.workstation(input.workstation)
			const only = (name: string) => input.workstation === undefined || name === input.workstation
			const workstations = Object.fromEntries(
				Object.entries(store.state.workstations).filter(([name]) => only(name)),
			)
			return { text: reportText({ ...store.state, workstations }, system(), sessions.now()) }
		},
		readZeroTier: async () => await sessions.zerotier.read(),
		restartZeroTier: async () => ({
			operation: startZeroTierRestart({ operations, zerotier: sessions.zerotier, workstations: checked() }),
		}),
		joinZeroTier: async (input) => ({
			operation: startZeroTierJoin({ operations, zerotier: sessions.zerotier }, input.network),
		}),
		shellCommand: async (input) => {
			const { name, ssh } = roster.workstation(input.workstation).config
			return { workstation: name, argv: shellCommand(ssh), ssh }
		},
		readGpu: async (input) => {
			const workstation = roster.workstation(input.workstation)
			await workstation.link.whenUp(linkTimeoutMs)
			await workstation.check()
			const state = store.state.workstations[workstation.config.name]
			if (!state) throw new ProblemError(problem('workstation-unknown', { name: workstation.config.name }))
			return state
		},
		readPending: async (input) => {
			const project = roster.project(input.project)
			await project.readLocal()
			// Out of reach is an answer too: the workstation's side then keeps its age.
			const workstation = roster.workstation(project.config.workstation)
			await workstation.check()
			if (workstation.link.state.status === 'up')
				await project.readFiles(workstation.link, sessions.dataFolder)
			return {}
		},
		up: start('up'),
		run: start('run'),
		back: start('back'),
		go: start('go'),
		undo: start('undo'),
		bringAgent: start('agent'),
		setUpProject: start('setup'),
		...createCodeHandlers(roster, sessions.dataFolder, sessions.now),
		...createFileHandlers(sessions),
		setUpDemo: async () => ({ operation: sessions.setUpDemo() }),
		waitOperation: async (input, face) => {
			const stop = sessions.onlookers.follow(face, input.operation)
			return await operations.wait(input.operation).finally(stop)
		},
		cancelOperation: async (input) => {
			operations.cancel(input.operation)
			return {}
		},
		dismissOperation: async (input) => {
			operations.dismiss(input.operation)
			return {}
		},
		...createRunHandlers(sessions),
		...createAgentHandlers(sessions),
		...createTerminalHandlers(sessions),
		lookAt: async (input, face) => {
			sessions.onlookers.lookAt(face, input.run)
			return {}
		},
		claimNotice: async (input) => {
			return { first: await sessions.notices.claim(input.notice) }
		},
		pause: async (input) => {
			sessions.pause(input.until)
			return {}
		},
	}
}
