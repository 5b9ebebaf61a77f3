import type { Problem } from '../../contract/problem.ts'
import type { Ledger } from '../ledger.ts'
import { problem } from '../problems.ts'
import type { Message } from './message.ts'
import type { PostOutcome } from './webhook-post.ts'
import { type Webhook, type WebhookRequest, webhookRequest } from './webhook-request.ts'

/** Between one try and the next (ms): five tries within ten minutes. */
export const pausesMs = [15_000, 45_000, 120_000, 360_000]
/** However long a server asks to be left alone (ms). */
const longestPauseMs = 3_600_000
/** What nobody has taken by then is let go (ms). */
const keptMs = 24 * 3_600_000
/** At the end, a message on its way has this long to arrive (ms). */
const lastMs = 2000

export interface OutboxOptions {
	ledger: Ledger
	/** ms since the epoch. */
	now: () => number
	/** As the settings have it now; undefined: nothing is sent. */
	webhook: () => Webhook | undefined
	post: (url: string, request: WebhookRequest, signal: AbortSignal) => Promise<PostOutcome>
	failed: (problem: Problem) => void
	works: () => void
	/** Nothing is known any more of what the webhook takes: it is another one, or none. */
	anew: () => void
}

interface Try {
	tries: number
	/** Infinity: given up by this engine. */
	dueAt: number
}

/**
 * Sends each message once, one after another, and keeps those that were not taken in the ledger: the next engine tries
 * them again for a day. Where the answer to one is lost, it comes a second time, with the same id.
 */
export class Outbox {
	readonly #options: OutboxOptions
	readonly #tries = new Map<string, Try>()
	readonly #ender = new AbortController()
	#settings = ''
	#working: Promise<void> | null = null
	#timer: NodeJS.Timeout | undefined
	#disposed = false

	constructor(options: OutboxOptions) {
		this.#options = options
	}

	/** The settings were read: what an earlier engine left, or other settings could not send, has new tries. */
	settle(): void {
		const settings = JSON.stringify(this.#options.webhook() ?? null)
		if (settings === this.#settings) return
		this.#settings = settings
		this.#tries.clear()
		this.#options.anew()
		this.#work()
	}

	send(messages: readonly Message[]): void {
		if (!this.#options.webhook()) return
		// On the disk first: one that a crash overtakes is sent by the next engine.
		this.#options.ledger
			.queue(messages, this.#options.now())
			.then(() => this.#work())
			.catch(() => {})
	}

	/** Settles soon, also while a server is silent. */
	async dispose(): Promise<void> {
		this.#disposed = true
		clearTimeout(this.#timer)
		const last = setTimeout(() => this.#ender.abort(), lastMs)
		await this.#working
		clearTimeout(last)
	}

	#work(): void {
		if (this.#disposed || this.#working) return
		this.#working = this.#sendDue()
			.catch(() => {})
			.finally(() => {
				this.#working = null
				this.#arm()
			})
	}

	async #sendDue(): Promise<void> {
		const { ledger, now } = this.#options
		for (;;) {
			const webhook = this.#options.webhook()
			const next = ledger.unsent().find(({ id }) => (this.#tries.get(id)?.dueAt ?? 0) <= now())
			if (!webhook || !next || this.#disposed) return
			if (now() - next.queuedAt > keptMs && !this.#tries.has(next.id)) await ledger.settle(next.id)
			else await this.#send(webhook, next)
		}
	}

	async #send(webhook: Webhook, message: Message): Promise<void> {
		const { post, ledger, works, failed, now } = this.#options
		const outcome = await post(webhook.url, webhookRequest(webhook.format, message), this.#ender.signal)
		if (outcome.taken) {
			this.#tries.delete(message.id)
			await ledger.settle(message.id)
			works()
			return
		}
		// It was let go at the end, which says nothing of the server.
		if (this.#ender.signal.aborted) return
		const tries = (this.#tries.get(message.id)?.tries ?? 0) + 1
		const pause = outcome.again ? pausesMs[tries - 1] : undefined
		if (pause === undefined) {
			this.#tries.set(message.id, { tries, dueAt: Number.POSITIVE_INFINITY })
			// The address itself may be a secret: of a topic, its name is all there is to know.
			failed(problem('webhook-failed', { host: new URL(webhook.url).host, said: outcome.said, tries }))
			return
		}
		const asked = Math.min(outcome.afterMs ?? 0, longestPauseMs)
		this.#tries.set(message.id, { tries, dueAt: now() + Math.max(pause, asked) })
	}

	#arm(): void {
		clearTimeout(this.#timer)
		if (this.#disposed || !this.#options.webhook()) return
		const due = this.#options.ledger.unsent().map(({ id }) => this.#tries.get(id)?.dueAt ?? 0)
		const next = Math.min(...due)
		if (!Number.isFinite(next)) return
		this.#timer = setTimeout(() => this.#work(), Math.max(0, next - this.#options.now()))
	}
}
