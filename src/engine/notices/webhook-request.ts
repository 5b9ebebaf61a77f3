import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { webhookSchema } from '../../contract/config.ts'
import type { Message } from './message.ts'

export type Webhook = z.infer<typeof webhookSchema>

export interface WebhookRequest {
	headers: Record<string, string>
	body: string
}

/** Longer ones become a file at ntfy, and no push message (bytes). */
const mostBytes = 4000
/** Of an encoded word, its delimiters left out (RFC 2047, section 2: 75 characters in all). */
const mostEncoded = 60

/** Cut at a whole character. */
function cut(text: string, most: number): string {
	let left = text
	while (Buffer.byteLength(left) > most) left = [...left].slice(0, -1 - Math.floor(left.length / 20)).join('')
	return left
}

/** A header's value: plain ASCII as it is, anything else as encoded words of RFC 2047, which ntfy reads (2.4 and on). */
function headerText(text: string): string {
	const line = text.replaceAll(/[\u0000-\u001f\u007f]+/gu, ' ').trim()
	// Also where it would be read as an encoded word by mistake.
	if (/^[\u0020-\u007e]*$/u.test(line) && !line.includes('=?')) return line
	const words: string[] = []
	let part = ''
	for (const character of line) {
		if (Buffer.from(part + character).toString('base64').length > mostEncoded) {
			words.push(part)
			part = ''
		}
		part += character
	}
	return [...words, part].map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ')
}

const tags: Record<Message['kind'], string> = {
	'run-ended': 'white_check_mark',
	'waits-for-person': 'raised_hand',
	'out-of-reach': 'electric_plug',
	agent: 'robot',
	several: 'card_index_dividers',
}

/**
 * As ntfy's topics take it (docs.ntfy.sh/publish): the text is the body, the rest are headers. The sequence id lets a
 * second delivery of the same notice (an answer that was lost) take the place of the first (2.16 and on).
 */
function ntfy(message: Message): WebhookRequest {
	const failed = message.kind === 'run-ended' && message.urgent
	return {
		headers: {
			'Content-Type': 'text/plain; charset=utf-8',
			'X-Title': headerText(cut(message.title, 250)),
			'X-Tags': failed ? 'x' : tags[message.kind],
			'X-Priority': message.urgent ? '4' : '3',
			'X-Sequence-ID': createHash('sha256').update(message.id).digest('hex').slice(0, 32),
		},
		// An empty one would be shown as `triggered`.
		body: cut(message.body, mostBytes) || '–',
	}
}

function json({ id, kind, title, body, project, workstation, run, at }: Message): WebhookRequest {
	return {
		headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify({ id, kind, title, body, project, workstation, run, at }),
	}
}

/** Pure. */
export function webhookRequest(format: Webhook['format'], message: Message): WebhookRequest {
	return format === 'ntfy' ? ntfy(message) : json(message)
}
