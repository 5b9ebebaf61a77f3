import { type IncomingMessage, request } from 'node:http'

/** One question to the local service. It goes to 127.0.0.1 and nowhere else: no redirect is followed. */
export interface Question {
	port: number
	/** `/status` */
	path: string
	method?: 'GET' | 'POST'
	/** Null: without one. */
	token: string | null
	/** Sent as JSON. */
	body?: unknown
	/** For the whole of it, from connecting to the last byte. */
	timeoutMs: number
	/** More than this of an answer is not read. */
	mostBytes: number
	signal?: AbortSignal | undefined
}

export type Answer =
	| { kind: 'answer'; status: number; text: string }
	/** Nobody listens there. */
	| { kind: 'refused' }
	/** Somebody listens there who does not speak as the service does. */
	| { kind: 'garbled'; reason: string }

const words: Record<string, string> = {
	ECONNRESET: 'it closed the connection without an answer',
	EPIPE: 'it closed the connection without an answer',
}

function reasonOf(error: NodeJS.ErrnoException): string {
	const code = error.code ?? ''
	if (code.startsWith('HPE_')) return 'its answer is not HTTP'
	return words[code] ?? error.message
}

/** Never rejects, but for an abort of `signal`, with its reason. Its connection is closed when it settles. */
export function ask(question: Question): Promise<Answer> {
	const { port, path, method = 'GET', token, timeoutMs, mostBytes, signal } = question
	return new Promise((resolve, reject) => {
		if (signal?.aborted) return reject(signal.reason)
		const body = question.body === undefined ? null : JSON.stringify(question.body)
		const outgoing = request({
			host: '127.0.0.1',
			port,
			path,
			method,
			// A connection of its own, closed after the answer: nothing is kept open between two readings.
			agent: false,
			headers: {
				...(token === null ? {} : { 'X-ZT1-Auth': token }),
				...(body === null
					? {}
					: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
			},
		})
		const end = (settle: () => void) => {
			clearTimeout(timer)
			signal?.removeEventListener('abort', onAbort)
			outgoing.destroy()
			settle()
		}
		const give = (answer: Answer) => end(() => resolve(answer))
		const garbled = (reason: string) => give({ kind: 'garbled', reason })
		const onAbort = () => end(() => reject(signal?.reason))
		const timer = setTimeout(() => garbled(`it did not answer within ${timeoutMs / 1000} s`), timeoutMs)
		signal?.addEventListener('abort', onAbort, { once: true })
		// Stays for what comes after the end: a destroyed request may still report one.
		outgoing.on('error', (error: NodeJS.ErrnoException) => {
			if (error.code === 'ECONNREFUSED') give({ kind: 'refused' })
			else garbled(reasonOf(error))
		})
		outgoing.once('response', (response) => read(response, mostBytes, give, garbled))
		outgoing.end(body ?? undefined)
	})
}

function read(
	response: IncomingMessage,
	mostBytes: number,
	give: (answer: Answer) => void,
	garbled: (reason: string) => void,
): void {
	const parts: Buffer[] = []
	let bytes = 0
	const tooMuch = () => garbled(`its answer is longer than ${Math.round(mostBytes / 1024)} KiB`)
	response.on('error', (error: NodeJS.ErrnoException) => garbled(reasonOf(error)))
	response.on('data', (part: Buffer) => {
		bytes += part.length
		if (bytes > mostBytes) tooMuch()
		else parts.push(part)
	})
	response.once('end', () => {
		if (!response.complete) return garbled('its answer ended half way')
		give({ kind: 'answer', status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') })
	})
}
