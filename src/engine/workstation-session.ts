import { setTimeout as sleep } from 'node:timers/promises'
import { ProblemError } from '../contract/client.ts'
import type { WorkstationConfig } from '../contract/config.ts'
import type { Problem } from '../contract/problem.ts'
import type { GpuState, LinkState, Run, Rung, WorkstationState } from '../contract/state.ts'
import type { CheckContext } from './checks/check.ts'
import { checks } from './checks/checks.ts'
import { climb, unprobed } from './checks/ladder.ts'
import { parseWorkstationFacts, type WorkstationFacts } from './checks/workstation-facts.ts'
import { parseGpuRecords } from './gpu/gpu-records.ts'
import type { Link } from './link/link.ts'
import { resolveSettings, surroundings } from './link/settings.ts'
import { waitsForPerson } from './link/state.ts'
import { problem, problemOf } from './problems.ts'
import { type Rider, runBatch } from './remote/batch.ts'
import { Pruning } from './runs/pruning.ts'
import { parseRuns } from './runs/run-records.ts'
import { listRuns, listScript, pruneRuns } from './runs/runs.ts'
import { watchWorkstation } from './runs/watch.ts'
import type { Secrets } from './secrets.ts'
import type { Store } from './store.ts'
import type { ZeroTier } from './zerotier/zerotier.ts'

/** How long a check waits for the link before it says why it is not there. */
const reachTimeoutMs = 15_000
/** Wait before a watch that ended while the link stayed up is started again. */
const watchAgainMs = 5000
/** A line that is up is looked at this often; what changes there is told at once by the watch. */
const checkEveryMs = 60_000
/** Readings kept for the sparkline: ten minutes at one in five seconds. */
const mostReadings = 120

export interface WorkstationListener {
	/** What else to ask in the next round trip, such as a project's git facts. */
	riders(): Rider[]
	/** A sign of life, every few seconds while the link is up. */
	beat?(link: Link): void
	/** Every run the workstation tells of, whenever it does. */
	runSeen(run: Run): void
	/** Runs whose end this laptop waits for or has not told yet: asked for by name, and never taken away. */
	pendingRuns(): string[]
	/** It has told of its runs: what else is to be asked about them can be. */
	runsListed?(link: Link): void
	/** These are no more on the workstation. */
	runsGone(runs: readonly string[]): void
}

export interface WorkstationOptions {
	link: Link
	store: Store
	secrets: Pick<Secrets, 'keeps' | 'clearMemory'>
	zerotier: Pick<ZeroTier, 'read'>
	builtIn: boolean
	/** ms since the epoch. */
	now: () => number
	listener: WorkstationListener
}

/** Asks at the first call; whoever asks again gets the same answer. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
	let answer: Promise<T> | undefined
	return () => {
		answer ??= ask()
		return answer
	}
}

/**
 * One workstation: its link, its ladder, its GPU and the watch on its runs. Writes what it learns into
 * the state; asked only through its methods.
 */
export class WorkstationSession {
	readonly config: WorkstationConfig
	readonly link: Link
	readonly #store: Store
	readonly #secrets: WorkstationOptions['secrets']
	readonly #zerotier: WorkstationOptions['zerotier']
	readonly #now: () => number
	readonly #listener: WorkstationListener
	readonly #stopState: () => void
	readonly #pruning: Pruning
	#watch: AbortController | null = null
	#watching: Promise<void> = Promise.resolve()
	#checking: Promise<Rung[]> | null = null
	#disposed = false

	constructor(config: WorkstationConfig, options: WorkstationOptions) {
		this.config = config
		this.#secrets = options.secrets
		this.#zerotier = options.zerotier
		this.link = options.link
		this.#store = options.store
		this.#now = options.now
		this.#listener = options.listener
		this.#pruning = new Pruning(() => this.#prune(), options.now)
		this.#store.put('workstations', config.name, {
			name: config.name,
			builtIn: options.builtIn,
			wanted: false,
			link: this.link.state,
			rungs: unprobed(checks),
			gpu: { status: 'unknown' },
			peer: null,
			keepsLogin: options.secrets.keeps(config.name),
			utilisation: [],
		})
		this.#stopState = this.link.onState((state) => this.#linkChanged(state))
	}

	connect(): void {
		this.#update({ wanted: true })
		this.link.connect()
	}

	/** Tries at once. Whoever wants that wants it connected. */
	retry(): void {
		this.#update({ wanted: true })
		this.link.retry()
	}

	async disconnect(): Promise<void> {
		this.#update({ wanted: false })
		await this.link.disconnect()
		// What was typed for this login lives no longer than the wish to be connected.
		this.#secrets.clearMemory(this.config.name)
	}

	/**
	 * Climbs the ladder now; a climb under way is shared.
	 * @throws ProblemError `link-off` once disposed: its name may belong to another session by then
	 */
	async check(): Promise<Rung[]> {
		if (this.#disposed) throw new ProblemError(problem('link-off', { host: this.config.name }))
		this.#checking ??= this.#climb().finally(() => {
			this.#checking = null
			// The link came or went during the climb, and what it set going then was this very climb.
			if (!this.#disposed && this.#isOutdated()) this.#checkSoon()
		})
		return await this.#checking
	}

	/** The ladder says of the link what is not so any more. */
	#isOutdated(): boolean {
		const rungs = this.#store.state.workstations[this.config.name]?.rungs ?? []
		const login = rungs.find(({ id }) => id === 'login')
		return (login?.verdict === 'ok') !== (this.link.state.status === 'up')
	}

	async dispose(): Promise<void> {
		this.#disposed = true
		this.#stopState()
		this.#watch?.abort()
		await this.link.dispose()
		await this.#watching
		await this.#pruning.settled()
		// A climb under way would write into the state of whoever has this name next.
		await this.#checking?.catch(() => {})
		this.#secrets.clearMemory(this.config.name)
		this.#store.put('workstations', this.config.name, undefined)
	}

	#update(change: Partial<WorkstationState>): void {
		this.#store.update('workstations', this.config.name, (old) => ({ ...old, ...change }))
	}

	#linkChanged(state: LinkState): void {
		this.#update({ link: state })
		if (state.status === 'up') {
			if (this.#watch) return
			this.#startWatch()
			this.#checkSoon()
			return
		}
		this.#watch?.abort()
		this.#watch = null
		// What lies beyond a broken link is not known any more; the readings keep their age.
		const { status } = state
		const isDown = status === 'off' || status === 'lost' || status === 'waiting' || status === 'stopped'
		if (isDown || waitsForPerson(state)) this.#checkSoon()
	}

	#startWatch(): void {
		const ender = new AbortController()
		this.#watch = ender
		const again = setInterval(() => this.#checkSoon(), checkEveryMs)
		ender.signal.addEventListener('abort', () => clearInterval(again))
		const before = this.#watching
		this.#watching = (async () => {
			await before
			while (!ender.signal.aborted) {
				await this.#watchOnce(ender.signal)
				await sleep(watchAgainMs, undefined, { signal: ender.signal }).catch(() => {})
			}
		})().catch(() => {})
	}

	async #watchOnce(signal: AbortSignal): Promise<void> {
		const fresh = { workstation: this.config.name, change: null, best: null, looked: true }
		let hears = false
		try {
			await watchWorkstation(
				this.link,
				{
					gpu: (gpu) => {
						this.#gpuRead(gpu)
						this.#listener.beat?.(this.link)
					},
					run: (update) => {
						const old = this.#store.state.runs[update.id]
						if (old?.outcome.status === 'running')
							this.#listener.runSeen({ ...old, ...update, seenAt: this.#now() })
						// One that another laptop started just now.
						else if (!old) this.#listRunsSoon()
					},
					changed: (run) => this.#listener.runSeen({ ...run, ...fresh }),
					ended: (_id, run) => {
						this.#listener.runSeen({ ...run, ...fresh })
						this.#pruning.ended()
					},
					tick: () => {
						// What ended between the last list and this watch was heard by nobody.
						if (!hears) this.#listRunsSoon()
						hears = true
						this.#listener.beat?.(this.link)
					},
				},
				signal,
			)
		} catch {
			// The link tells of its loss itself; a watch that failed otherwise is started again.
		}
	}

	/** The question for the runs there, to go with another one. */
	runsRider(): Rider {
		const script = listScript(this.#listener.pendingRuns())
		return { script, take: (stdout) => this.#runsListed(stdout) }
	}

	#runsListed(stdout: string): void {
		for (const run of parseRuns(stdout, this.config.name, this.#now())) this.#listener.runSeen(run)
		this.#listener.runsListed?.(this.link)
		this.#pruning.listed()
	}

	async #prune(): Promise<void> {
		const { keepRuns } = this.config
		this.#listener.runsGone(await pruneRuns(this.link, keepRuns, this.#listener.pendingRuns()))
	}

	#listRunsSoon(): void {
		const list = async () => {
			const wanted = this.#listener.pendingRuns()
			for (const run of await listRuns(this.link, this.config.name, wanted)) this.#listener.runSeen(run)
		}
		list().catch(() => {})
	}

	#checkSoon(): void {
		this.check().catch(() => {})
	}

	#gpuRead(gpu: GpuState): void {
		const simulated = this.#store.state.workstations[this.config.name]?.builtIn ?? false
		const marked: GpuState = gpu.status === 'read' ? { ...gpu, simulated } : gpu
		const first = gpu.status === 'read' ? gpu.devices[0]?.utilisation : undefined
		const value = first && 'value' in first ? first.value : null
		this.#store.update('workstations', this.config.name, (old) => ({
			...old,
			gpu: marked,
			utilisation: [...old.utilisation, { at: this.#now(), value }].slice(-mostReadings),
		}))
	}

	async #climb(): Promise<Rung[]> {
		return await climb(checks, this.#context(), (rung) =>
			this.#store.update('workstations', this.config.name, (old) => ({
				...old,
				// Where ZeroTier could not be asked about it, nothing is known of the way there any more.
				peer: rung.id === 'zerotier-peer' && rung.at === null ? null : old.peer,
				// One that could not be probed now keeps its age.
				rungs: old.rungs.map((other) =>
					other.id === rung.id ? { ...rung, at: rung.at ?? other.at } : other,
				),
			})),
		)
	}

	#context(): CheckContext {
		const readFacts = once(() => this.#readFacts())
		return {
			workstation: this.config,
			link: this.link,
			now: this.#now,
			settings: once(() => resolveSettings(this.config.ssh, surroundings())),
			zerotier: once(() => this.#zerotier.read()),
			reach: once(() => this.#reach()),
			facts: readFacts,
			gpu: async () => {
				await readFacts()
				return this.#store.state.workstations[this.config.name]?.gpu ?? { status: 'unknown' }
			},
			foundPeer: (peer) => this.#update({ peer }),
		}
	}

	async #reach(): Promise<Problem | null> {
		const { status } = this.link.state
		if (status === 'up') return null
		if (status === 'off') return problem('link-off', { host: this.config.name })
		if (this.link.state.status === 'lost' || this.link.state.status === 'stopped')
			return this.link.state.problem
		try {
			await this.link.whenUp(reachTimeoutMs)
			return null
		} catch (error) {
			return problemOf(error)
		}
	}

	/** Everything about the workstation, its runs and its projects in one round trip. */
	async #readFacts(): Promise<WorkstationFacts> {
		const riders = this.#listener.riders()
		const [own, list, ...others] = await runBatch(this.link, [
			{ name: 'facts', args: [] },
			listScript(this.#listener.pendingRuns()),
			...riders.map((rider) => rider.script),
		])
		if (!own || !list) throw new ProblemError(problem('remote-garbled', { script: 'facts' }))
		this.#gpuRead(parseGpuRecords(own.stdout, this.#now()))
		this.#runsListed(list.stdout)
		for (const [index, rider] of riders.entries()) {
			const answer = others[index]
			if (answer) rider.take(answer.stdout, answer.code)
		}
		return parseWorkstationFacts(own.stdout)
	}
}
