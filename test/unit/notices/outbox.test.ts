import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Problem } from '../../../src/contract/problem.ts'
import { Ledger } from '../../../src/engine/ledger.ts'
import type { Message } from '../../../src/engine/notices/message.ts'
import { Outbox, pausesMs } from '../../../src/engine/notices/outbox.ts'
import type { PostOutcome } from '../../../src/engine/notices/webhook-post.ts'
import { type Webhook, webhookRequest } from '../../../src/engine/notices/webhook-request.ts'
import { startedAt } from '../states.ts'

let folder: string
const outboxes: { dispose(): Promise<void> }[] = []
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'hawser-outbox-'))
	vi.useFakeTimers({ now: startedAt })
})
afterEach(async () => {
	for (const outbox of outboxes.splice(0)) await outbox.dispose()
	vi.useRealTimers()
	await rm(folder, { recursive: true })
})

const message = (id: string, change: Partial<Message> = {}): Message => ({
	id,
	kind: 'run-ended',
	title: 'nt finished on lab',
	body: '38 min',
	project: 'nt',
	workstation: 'lab',
	run: id,
	at: startedAt,
	urgent: false,
	covers: [],
	...change,
})
const taken: PostOutcome = { taken: true }
const failed = (change: Partial<Extract<PostOutcome, { taken: false }>> = {}): PostOutcome => ({
	taken: false,
	said: 'HTTP 500',
	again: true,
	afterMs: null,
	...change,
})

/** The engine's outbox over a ledger on the disk; the server is a list of answers, then takes everything. */
async function makeOutbox(
	answers: PostOutcome[],
	webhook: Webhook | null = { url: 'https://h/secret', format: 'json' },
) {
	const ledger = await Ledger.open(folder)
	const posted: { at: number; id: string; url: string }[] = []
	const problems: Problem[] = []
	const anew: (string | undefined)[] = []
	const settings = { webhook: webhook ?? undefined }
	const outbox = new Outbox({
		ledger,
		now: Date.now,
		webhook: () => settings.webhook,
		post: async (url, { body }) => {
			posted.push({ at: Date.now() - startedAt, id: JSON.parse(body).id, url })
			return answers.shift() ?? taken
		},
		failed: (problem) => void problems.push(problem),
		anew: () => void anew.push(settings.webhook?.url),
		works: () => {},
	})
	outbox.settle()
	const bed = {
		ledger,
		posted,
		problems,
		anew,
		settings,
		outbox,
		ids: () => posted.map(({ id }) => id),
		/** Goes on in time, with the ledger's writes, which take none of it. */
		async pass(ms: number) {
			await ledger.flush()
			await vi.advanceTimersByTimeAsync(ms)
			await ledger.flush()
			await vi.advanceTimersByTimeAsync(0)
		},
		dispose: async () => {
			await outbox.dispose()
			await ledger.flush()
		},
	}
	outboxes.push(bed)
	return bed
}

describe('the outbox', () => {
	test('off by default: nothing is sent or kept', async () => {
		const bed = await makeOutbox([], null)
		bed.outbox.send([message('a')])
		await bed.pass(1000)
		expect([bed.posted, bed.ledger.unsent(), bed.ledger.isSent('a')]).toEqual([[], [], false])
	})

	test('each is sent at once, in order; when it was taken, never again', async () => {
		const bed = await makeOutbox([])
		bed.outbox.send([message('a'), message('b')])
		await vi.waitFor(() => expect(bed.ids()).toEqual(['a', 'b']))
		await bed.dispose()
		const later = await makeOutbox([])
		await later.pass(3_600_000)
		expect([later.ids(), later.ledger.isSent('a'), later.ledger.isSent('b')]).toEqual([[], true, true])
	})

	test('five tries within ten minutes, then one problem that names the server and no more', async () => {
		const bed = await makeOutbox(Array.from({ length: 9 }, () => failed()))
		bed.outbox.send([message('a')])
		await vi.waitFor(() => expect(bed.posted).toHaveLength(1))
		for (const pause of pausesMs) await bed.pass(pause + 1)
		await bed.pass(24 * 3_600_000)
		expect(bed.posted.map(({ at }) => at)).toHaveLength(5)
		expect(bed.posted.at(-1)?.at).toBeLessThan(600_000)
		expect(bed.problems).toMatchObject([
			{ code: 'webhook-failed', facts: { host: 'h', said: 'HTTP 500', tries: 5 } },
		])
		expect(JSON.stringify(bed.problems)).not.toContain('secret')
	})

	test('what cannot go better is tried once', async () => {
		const bed = await makeOutbox([failed({ said: 'HTTP 404', again: false })])
		bed.outbox.send([message('a')])
		await vi.waitFor(() => expect(bed.problems).toHaveLength(1))
		await bed.pass(3_600_000)
		expect(bed.posted).toHaveLength(1)
	})

	test('one that waits for its next try holds up no other', async () => {
		const bed = await makeOutbox([failed()])
		bed.outbox.send([message('a')])
		await vi.waitFor(() => expect(bed.posted).toHaveLength(1))
		bed.outbox.send([message('b')])
		await vi.waitFor(() => expect(bed.ids()).toEqual(['a', 'b']))
		await bed.pass(15_001)
		await vi.waitFor(() => expect(bed.ids()).toEqual(['a', 'b', 'a']))
	})

	test.each([
		[60_000, 60_000],
		// Shorter than our own pause, and longer than anybody may ask.
		[1000, 15_000],
		[90 * 24 * 3_600_000, 3_600_000],
	])('Retry-After of %d ms: the next try after %d', async (afterMs, wait) => {
		const bed = await makeOutbox([failed({ said: 'HTTP 429', afterMs })])
		bed.outbox.send([message('a')])
		await vi.waitFor(() => expect(bed.posted).toHaveLength(1))
		await bed.pass(wait - 1000)
		expect(bed.posted).toHaveLength(1)
		await bed.pass(1001)
		await vi.waitFor(() => expect(bed.posted).toHaveLength(2))
	})

	test('what nobody took is tried again by the next engine, for a day', async () => {
		const bed = await makeOutbox([failed({ again: false })])
		bed.outbox.send([message('a')])
		await vi.waitFor(() => expect(bed.problems).toHaveLength(1))
		await bed.dispose()
		vi.setSystemTime(startedAt + 23 * 3_600_000)
		const later = await makeOutbox([failed({ again: false })])
		await vi.waitFor(() => expect(later.ids()).toEqual(['a']))
		await later.dispose()
		vi.setSystemTime(startedAt + 25 * 3_600_000)
		const last = await makeOutbox([])
		await vi.waitFor(() => expect(last.ledger.unsent()).toEqual([]))
		expect(last.posted).toEqual([])
	})

	test('an event of days ago that became known now is sent all the same', async () => {
		const bed = await makeOutbox([])
		bed.outbox.send([message('a', { at: startedAt - 3 * 24 * 3_600_000 })])
		await vi.waitFor(() => expect(bed.ids()).toEqual(['a']))
	})

	test('other settings: what was given up is sent there at once', async () => {
		const bed = await makeOutbox([failed({ again: false })])
		bed.outbox.send([message('a')])
		await vi.waitFor(() => expect(bed.problems).toHaveLength(1))
		bed.outbox.settle()
		await bed.pass(1000)
		expect(bed.posted).toHaveLength(1)
		bed.settings.webhook = { url: 'https://other/', format: 'json' }
		bed.outbox.settle()
		await vi.waitFor(() => expect(bed.posted.at(-1)?.url).toBe('https://other/'))
	})

	test('holds no timer at its end', async () => {
		const bed = await makeOutbox([failed()])
		bed.outbox.send([message('a')])
		await vi.waitFor(() => expect(bed.posted).toHaveLength(1))
		await bed.dispose()
		expect(vi.getTimerCount()).toBe(0)
	})
})

describe('what is sent', () => {
	test('as JSON', () => {
		const { headers, body } = webhookRequest('json', message('a', { covers: ['x'], urgent: true }))
		expect(headers).toEqual({ 'Content-Type': 'application/json' })
		expect(JSON.parse(body)).toEqual({
			id: 'a',
			kind: 'run-ended',
			title: 'nt finished on lab',
			body: '38 min',
			project: 'nt',
			workstation: 'lab',
			run: 'a',
			at: startedAt,
		})
	})

	test.each<[Partial<Message>, string, string]>([
		[{}, 'white_check_mark', '3'],
		[{ urgent: true }, 'x', '4'],
		[{ kind: 'waits-for-person', urgent: true }, 'raised_hand', '4'],
		[{ kind: 'several' }, 'card_index_dividers', '3'],
	])('as ntfy takes it: %j', (change, tags, priority) => {
		const { headers, body } = webhookRequest('ntfy', message('a', change))
		expect(headers).toMatchObject({ 'X-Title': 'nt finished on lab', 'X-Tags': tags, 'X-Priority': priority })
		// What ntfy takes as one.
		expect(headers['X-Sequence-ID']).toMatch(/^[-_A-Za-z0-9]{1,64}$/)
		expect(body).toBe('38 min')
	})

	test.each([
		[
			'Größe 📈 beendet auf 実験室, und das ist noch lange nicht alles',
			'Größe 📈 beendet auf 実験室, und das ist noch lange nicht alles',
		],
		['a\r\nX-Delay: 9', 'a X-Delay: 9'],
		['=?UTF-8?B?eA==?=', '=?UTF-8?B?eA==?='],
		['ü'.repeat(400), 'ü'.repeat(125)],
	])('a title is one header of plain characters: %j', (title, read) => {
		const value = webhookRequest('ntfy', message('a', { title })).headers['X-Title'] ?? ''
		expect(value).toMatch(/^[\x20-\x7e]*$/)
		// As RFC 2047 has it: blanks between encoded words are none of the text.
		const decoded = value.replaceAll(/=\?UTF-8\?B\?([^?]*)\?=( (?==\?))?/g, (_all, text: string) =>
			Buffer.from(text, 'base64').toString(),
		)
		expect(decoded.startsWith(read.slice(0, 100))).toBe(true)
		for (const word of value.match(/=\?[^ ]*\?=/g) ?? []) expect(word.length).toBeLessThanOrEqual(75)
	})

	test('a body is never empty, nor so long that it would come as a file', () => {
		expect(webhookRequest('ntfy', message('a', { body: '' })).body).toBe('–')
		const long = webhookRequest('ntfy', message('a', { body: '📈'.repeat(5000) })).body
		expect(Buffer.byteLength(long)).toBeLessThanOrEqual(4000)
		expect(long).not.toContain('\ufffd')
	})
})
