import type { Problem } from '../../contract/problem.ts'
import type { Run, State } from '../../contract/state.ts'
import { type Ledger, runNotice } from '../ledger.ts'
import { endOf } from '../run-notice.ts'
import type { Store } from '../store.ts'
import { Away, awayMs } from './away.ts'
import { Gathering, gatherMs } from './gathering.ts'
import { type Happening, happening } from './happening.ts'
import type { Message } from './message.ts'
import type { Onlookers } from './onlookers.ts'
import { endOfSeries, HeldSeries } from './series.ts'
import { grouped } from './several.ts'
import { awayHappening, isAway, type Waiting, waitingIn } from './waiting.ts'

/** A question that is answered within this needs no notice (ms). */
export const settleMs = 5000
/** What happened longer ago is told here only, and sent nowhere (ms). */
const sentWithinMs = 7 * 24 * 3_600_000

export interface GateOptions {
	store: Store
	ledger: Ledger
	onlookers: Pick<Onlookers, 'isSeen' | 'isFollowed'>
	/** ms since the epoch. */
	now: () => number
	/** Stays for long: what waits for a person is also sent out. Else somebody sits before it. */
	resident: boolean
	/** Its end was seen by a person. */
	looked: (run: string) => void
	/** Takes each message once. */
	send: (messages: Message[]) => void
}

/** Something that waits for a person, from when it was first seen. */
interface Standing {
	id: string
	timer: NodeJS.Timeout | undefined
}

/**
 * Decides what a person is told, each thing once for ever: by its id, which the ledger keeps. What is told lies in the
 * state until a face claims it; a later engine finds it again by itself, as runs are asked for until they are told.
 */
export class NoticeGate {
	readonly #options: GateOptions
	readonly #gathering: Gathering
	readonly #away: Away
	readonly #stop: () => void
	readonly #standing = new Map<string, Standing>()
	/** What each notice in the state stands for. */
	readonly #shown = new Map<string, Happening[]>()
	readonly #held = new HeldSeries()
	readonly #upSince = new Map<string, number>()
	readonly #byItself = new Set<string>()
	/** Operations whose end somebody saw. */
	readonly #watched = new Set<string>()

	constructor(options: GateOptions) {
		this.#options = options
		this.#gathering = new Gathering(options.now, (together) => this.#tell(together))
		this.#away = new Away(options.now, (workstation) => this.#awayForLong(workstation))
		this.#stop = options.store.onChanges((state, changes) => {
			const telling = changes.some(
				({ slice }) => slice !== 'notices' && slice !== 'summary' && slice !== 'runs',
			)
			if (telling) this.#look(state)
			if (!this.#held.isEmpty && changes.some(({ slice }) => slice === 'runs')) this.#lookAtSeries()
		})
	}

	/** A run that this laptop waited for has ended. Again is safe. */
	runEnded(run: Run): void {
		this.#offer(endOf(run, this.#options.now()), run.workstation)
		// Also one that failed may have been the last that its series waited for.
		this.#lookAtSeries()
	}

	/** Nobody asked for this operation, so nobody looks at it. */
	byItself(operation: string): void {
		this.#byItself.add(operation)
	}

	/** Messages go out no more; told here, once until they do again. */
	webhookFailed(problem: Problem): void {
		const episode = 'person:webhook:failed'
		const since = this.#options.ledger.begin(episode, this.#options.now())
		const { title, meaning } = problem
		const words = {
			id: `${episode}:${since}`,
			kind: 'waits-for-person' as const,
			title,
			body: meaning,
			run: null,
			at: since,
		}
		this.#offer(happening(words, { body: '', project: null, workstation: null, urgent: false }), null)
	}

	webhookWorks(): void {
		this.#options.ledger.endEpisodes((episode) => episode === 'person:webhook:failed')
		this.#withdraw((id) => id.startsWith('person:webhook:failed:'))
	}

	/** True for the one face that may tell it. Those it covers are never told by themselves then. */
	async claim(id: string): Promise<boolean> {
		const { ledger, store } = this.#options
		const shown = this.#shown.get(id) ?? []
		// A summary that was made anew meanwhile tells of something that was told.
		if (id.startsWith('several:') && shown.length === 0) return false
		const first = ledger.claim(
			id,
			shown.map(({ notice }) => notice.id),
		)
		this.#shown.delete(id)
		store.put('notices', id, undefined)
		this.#forget(id)
		this.#lookAtSeries()
		return await first
	}

	dispose(): void {
		this.#stop()
		this.#away.dispose()
		this.#gathering.dispose()
		for (const { timer } of this.#standing.values()) clearTimeout(timer)
	}

	#look(state: State): void {
		for (const [name, workstation] of Object.entries(state.workstations)) {
			this.#lookAtLink(name, workstation)
			this.#away.set(name, isAway(workstation))
		}
		for (const operation of Object.values(state.operations))
			if (operation.outcome && this.#options.onlookers.isFollowed(operation.id))
				this.#watched.add(operation.id)
		const all = waitingIn(state, this.#options.now(), {
			byItself: (id) => this.#byItself.has(id),
			followed: (id) => this.#watched.has(id),
		})
		for (const [episode, { id, timer }] of this.#standing) {
			if (all.some((waiting) => waiting.episode === episode)) continue
			clearTimeout(timer)
			this.#standing.delete(episode)
			this.#forget(id)
		}
		for (const waiting of all) if (!this.#standing.has(waiting.episode)) this.#stands(waiting)
	}

	#lookAtLink(name: string, { wanted, link }: State['workstations'][string]): void {
		const { ledger, now } = this.#options
		const away = `away:${name}`
		if (link.status === 'up') {
			if (!this.#upSince.has(name)) {
				this.#upSince.set(name, link.since)
				this.#withdraw((id) => id.startsWith(`${away}:`))
			}
			ledger.endEpisodes((episode) => episode.startsWith(`person:${name}:`))
			return
		}
		// One that comes and goes is told of once: only a time of holding ends it.
		const upSince = this.#upSince.get(name)
		const held = upSince !== undefined && now() - upSince >= awayMs
		this.#upSince.delete(name)
		if (held) ledger.endEpisodes((episode) => episode === away)
		if (!wanted) ledger.endEpisodes((episode) => episode === away || episode.startsWith(`person:${name}:`))
	}

	#stands({ episode, since, happening }: Waiting): void {
		const began = since ?? this.#options.ledger.begin(episode, this.#options.now())
		const made = happening(began)
		const standing: Standing = { id: made.notice.id, timer: undefined }
		this.#standing.set(episode, standing)
		const offer = () => this.#offer(made, made.message.workstation)
		if (since !== null) offer()
		else standing.timer = setTimeout(offer, settleMs)
	}

	#awayForLong(workstation: string): void {
		const { store, ledger, now } = this.#options
		if (!awayHappening(store.state, workstation, 0, now())) return
		const since = ledger.begin(`away:${workstation}`, now())
		const found = awayHappening(store.state, workstation, since, now())
		if (found) this.#offer(found, null)
	}

	#offer(offered: Happening, workstation: string | null): void {
		const { ledger } = this.#options
		const { id } = offered.notice
		if (ledger.isTold(id) || this.#holds(id) || this.#seen(offered)) return
		if (offered.series !== undefined) {
			this.#held.add(offered)
			return
		}
		this.#gathering.add(offered, this.#linkedSince(workstation))
	}

	/** It is told, or will be. */
	#holds(id: string): boolean {
		const isShown = [...this.#shown.values()].flat().some(({ notice }) => notice.id === id)
		return isShown || this.#gathering.has(id) || this.#held.has(id)
	}

	#linkedSince(workstation: string | null): number | null {
		const link = workstation === null ? undefined : this.#options.store.state.workstations[workstation]?.link
		return link?.status === 'up' ? link.since : null
	}

	/** What was held of a series goes on when that is over, and a moment later still is: all of its runs are known then. */
	#lookAtSeries(): void {
		for (const one of this.#held.take((series) => this.#isOver(series)))
			this.#gathering.add(one, this.#linkedSince(one.message.workstation), this.#options.now() + gatherMs)
	}

	/** None of its runs goes on, and each end that is to be told has come here. `together`: those that have just left. */
	#isOver(series: string, together: readonly Happening[] = []): boolean {
		const { ledger } = this.#options
		const isHere = (id: string) => this.#holds(id) || together.some(({ notice }) => notice.id === id)
		return this.#runsOf(series).every(
			({ id, outcome }) =>
				outcome.status !== 'running' &&
				!ledger.isExpected(id) &&
				(!ledger.isUntold(id) || isHere(runNotice(id))),
		)
	}

	#runsOf(series: string): Run[] {
		const runs = Object.values(this.#options.store.state.runs)
		return runs.filter((run) => run.series === series)
	}

	#grouped(all: readonly Happening[]): Happening[] {
		const { store, now } = this.#options
		return grouped(all, now(), (series, covered) => {
			const runs = this.#runsOf(series)
			const directions = store.state.projects[runs[0]?.project ?? '']?.directions
			return runs.length > 1 ? endOfSeries(runs, covered, directions ?? {}, now()) : null
		})
	}

	/** Somebody looks at that run: then its end is told, and looked at. */
	#seen({ notice }: Happening): boolean {
		if (notice.kind !== 'run-ended' || notice.run === null) return false
		if (!this.#options.onlookers.isSeen(notice.run)) return false
		this.#options.ledger.claim(notice.id).catch(() => {})
		this.#options.looked(notice.run)
		return true
	}

	#tell(due: Happening[]): void {
		const { ledger, now, resident } = this.#options
		const series = new Set(due.flatMap((one) => one.series ?? []))
		// One that came a little later goes with the rest of its series.
		const together = [...due, ...[...series].flatMap((one) => this.#gathering.take(one))]
		const early = together.filter((one) => one.series !== undefined && !this.#isOver(one.series, together))
		for (const one of early) this.#held.add(one)
		const left = together.filter((one) => !early.includes(one) && !this.#seen(one))
		this.#show(left)
		const out = left.filter(({ notice, message }) => {
			const goes = resident || notice.kind === 'run-ended'
			return goes && message.body !== '' && now() - message.at < sentWithinMs && !ledger.isSent(notice.id)
		})
		if (out.length > 0) this.#options.send(this.#grouped(out).map(({ message }) => message))
	}

	#show(all: Happening[]): void {
		for (const { notice } of this.#grouped(all)) {
			const covered = all.filter((one) => notice.covers.includes(one.notice.id))
			const itself = all.filter((one) => one.notice.id === notice.id)
			this.#shown.set(notice.id, covered.length > 0 ? covered : itself)
			this.#options.store.put('notices', notice.id, notice)
		}
	}

	/** It is told, or is not so any more: also as one of several. */
	#forget(id: string): void {
		this.#gathering.drop(id)
		this.#held.drop(id)
		for (const [shown, stands] of this.#shown) {
			if (!stands.some(({ notice }) => notice.id === id)) continue
			this.#shown.delete(shown)
			this.#options.store.put('notices', shown, undefined)
			this.#show(stands.filter(({ notice }) => notice.id !== id))
		}
	}

	#withdraw(which: (id: string) => boolean): void {
		const ids = [...this.#shown.values()].flat().map(({ notice }) => notice.id)
		for (const id of ids.filter(which)) this.#forget(id)
	}
}
