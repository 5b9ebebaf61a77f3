import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, vi } from 'vitest'
import type { LinkState, Notice, Run } from '../../../src/contract/state.ts'
import { Ledger } from '../../../src/engine/ledger.ts'
import { NoticeGate } from '../../../src/engine/notices/gate.ts'
import type { Message } from '../../../src/engine/notices/message.ts'
import { Onlookers } from '../../../src/engine/notices/onlookers.ts'
import type { Face } from '../../../src/engine/rpc/served-engine.ts'
import { Store } from '../../../src/engine/store.ts'
import { emptyState, linkUp, someRun, startedAt, workstation } from '../states.ts'

let folder: string
const gates: { dispose(): Promise<void> }[] = []
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'hawser-gate-'))
	vi.useFakeTimers({ now: startedAt })
})
afterEach(async () => {
	for (const gate of gates.splice(0)) await gate.dispose()
	vi.useRealTimers()
	await rm(folder, { recursive: true })
})

/** A gate over a ledger on the disk, with the clock in the test's hands. A second one is the engine after a restart. */
export async function makeGate(options: { resident?: boolean; upSince?: number; link?: LinkState } = {}) {
	const ledger = await Ledger.open(folder)
	const store = new Store(emptyState(), (state) => state.summary)
	const onlookers = new Onlookers()
	const sent: Message[] = []
	const looked: string[] = []
	const gate = new NoticeGate({
		store,
		ledger,
		onlookers,
		now: Date.now,
		resident: options.resident ?? true,
		looked: (run) => void looked.push(run),
		// As the outbox does it, without the server.
		send: (messages) => {
			sent.push(...messages)
			void ledger.queue(messages, Date.now())
		},
	})
	const set = (link: LinkState, name = 'lab') => store.put('workstations', name, workstation({ name, link }))
	set(options.link ?? linkUp({ since: options.upSince ?? Date.now() - 60_000 }))
	await vi.advanceTimersByTimeAsync(0)
	const bed = {
		gate,
		ledger,
		store,
		onlookers,
		sent,
		looked,
		set,
		/** A run ended, as the run book tells it. */
		ended: (id: string, change: Partial<Run> = {}) =>
			gate.runEnded(someRun({ id, outcome: { status: 'succeeded', endedAt: Date.now() }, ...change })),
		/** Goes on in time; all that is due by then has happened. */
		pass: (ms: number) => vi.advanceTimersByTimeAsync(ms),
		shown: (): Notice[] => Object.values(store.state.notices),
		ids: () => Object.keys(store.state.notices),
		/** Claims all that is shown, as the app does; the notices it was the first for. */
		async claimAll(): Promise<string[]> {
			const first: string[] = []
			for (const { id } of bed.shown()) if (await gate.claim(id)) first.push(id)
			return first
		},
		/** Ends as an engine does. */
		async dispose() {
			gate.dispose()
			await ledger.flush()
		},
	}
	gates.push(bed)
	return bed
}

/** One face, which shows nothing. */
export function face(): Face & { close(): void } {
	const listeners = new Set<() => void>()
	return {
		log: () => {},
		pty: () => {},
		ready: async () => {},
		onClose(listener) {
			listeners.add(listener)
			return () => listeners.delete(listener)
		},
		close: () => {
			for (const listener of listeners) listener()
		},
	}
}
