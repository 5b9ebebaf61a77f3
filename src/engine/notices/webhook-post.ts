import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { WebhookRequest } from './webhook-request.ts'

export type PostOutcome =
	| { taken: true }
	| {
			taken: false
			/** In a few words; no part of the address or of what was sent. */
			said: string
			/** Another try may go better. */
			again: boolean
			/** What `Retry-After` says; null: nothing. */
			afterMs: number | null
	  }

const limitMs = 10_000
const mostRedirects = 3

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfter(value: string | undefined, now: number): number | null {
	if (value === undefined) return null
	if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
	const at = Date.parse(value)
	return Number.isNaN(at) ? null : Math.max(0, at - now)
}

/** Redirects lead nowhere but to the same server, on the same or a safer way. */
function nextUrl(location: string | undefined, from: URL): URL | null {
	if (location === undefined || !URL.canParse(location, from.href)) return null
	const to = new URL(location, from)
	const safer = from.protocol === 'http:' && to.protocol === 'https:' && from.port === '' && to.port === ''
	if (to.hostname !== from.hostname || !(to.origin === from.origin || safer)) return null
	to.username = from.username
	to.password = from.password
	return to
}

interface Answer {
	status: number
	location: string | undefined
	retryAfter: string | undefined
}

/** Settles at the answer's head; nothing of its body is read. A connection of its own, closed with the answer. */
function ask(url: URL, { headers, body }: WebhookRequest, signal: AbortSignal): Promise<Answer> {
	const request = url.protocol === 'https:' ? requestHttps : requestHttp
	const auth =
		url.username === '' ? undefined : [url.username, url.password].map(decodeURIComponent).join(':')
	return new Promise((resolve, reject) => {
		const asked = request(
			url,
			{
				method: 'POST',
				agent: false,
				signal,
				auth,
				headers: { ...headers, 'Content-Length': Buffer.byteLength(body), 'User-Agent': 'Hawser' },
			},
			({ statusCode = 0, headers: found }) => {
				resolve({ status: statusCode, location: found.location, retryAfter: found['retry-after'] })
				asked.destroy()
			},
		)
		asked.on('error', reject)
		asked.end(body)
	})
}

function saidBy(error: unknown, late: boolean): string {
	if (late) return `nothing within ${limitMs / 1000} s`
	const { code, message } = error as NodeJS.ErrnoException
	return message || code || 'nothing'
}

/** Never rejects; takes at most ten seconds. */
export async function postWebhook(
	address: string,
	request: WebhookRequest,
	signal: AbortSignal,
	options: { now: () => number; limitMs?: number },
): Promise<PostOutcome> {
	const late = AbortSignal.timeout(options.limitMs ?? limitMs)
	const either = AbortSignal.any([late, signal])
	const failed = (said: string, again: boolean, afterMs: number | null = null) =>
		({ taken: false, said, again, afterMs }) as const
	try {
		let url = new URL(address)
		for (let redirects = 0; redirects <= mostRedirects; redirects++) {
			const { status, location, retryAfter: after } = await ask(url, request, either)
			if (status >= 200 && status < 300) return { taken: true }
			if (status !== 301 && status !== 302 && status !== 307 && status !== 308) {
				const again = status >= 500 || status === 408 || status === 425 || status === 429
				return failed(`HTTP ${status}`, again, retryAfter(after, options.now()))
			}
			const next = nextUrl(location, url)
			if (!next) return failed(`HTTP ${status}, to another server`, false)
			url = next
		}
		return failed('too many redirects', false)
	} catch (error) {
		return failed(saidBy(error, late.aborted), true)
	}
}
