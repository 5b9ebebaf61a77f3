import type { IncomingMessage, ServerResponse } from 'node:http'

/** What it does instead of answering as it should; for every path, or for one such as `/peer`. */
export type Fault =
	| { kind: 'status'; code: number }
	| { kind: 'body'; text: string; type?: string }
	| { kind: 'redirect'; to: string }
	/** Accepts and says nothing. */
	| { kind: 'silent' }
	/** A header, then a byte now and then, for ever. */
	| { kind: 'trickle' }
	/** This many bytes, as fast as they are read; with or without saying so first. */
	| { kind: 'flood'; bytes: number; announced: boolean }
	/** Ends in the middle of what it announced. */
	| { kind: 'half' }
	/** No HTTP at all. */
	| { kind: 'noise' }
	/** Closes at once. */
	| { kind: 'close' }

/** Does so. `count` hears how many bytes of an answer were handed on. */
export function misbehave(
	fault: Fault,
	request: IncomingMessage,
	response: ServerResponse,
	count: (bytes: number) => void,
) {
	switch (fault.kind) {
		case 'status':
			response.writeHead(fault.code, { 'Content-Type': 'application/json' })
			response.end(fault.code === 500 ? '{"error":"oops","description":"x"}' : '{}')
			return
		case 'body':
			response.writeHead(200, { 'Content-Type': fault.type ?? 'application/json' }).end(fault.text)
			return
		case 'redirect':
			response.writeHead(302, { Location: fault.to }).end()
			return
		case 'silent':
			return
		case 'close':
			request.socket.destroy()
			return
		case 'noise':
			request.socket.end('SSH-2.0-OpenSSH_9.2\r\n')
			return
		case 'half':
			response.writeHead(200, { 'Content-Length': 1000 })
			response.write('{"address":"')
			setTimeout(() => request.socket.destroy(), 20)
			return
		case 'trickle': {
			response.writeHead(200, { 'Content-Type': 'application/json' })
			const timer = setInterval(() => response.write(' '), 20)
			request.socket.once('close', () => clearInterval(timer))
			return
		}
		case 'flood': {
			const part = Buffer.alloc(65_536, '[')
			response.writeHead(200, fault.announced ? { 'Content-Length': fault.bytes } : {})
			let left = fault.bytes
			const pour = () => {
				while (left > 0 && !response.destroyed) {
					const now = part.subarray(0, Math.min(part.length, left))
					left -= now.length
					count(now.length)
					if (!response.write(now)) return void response.once('drain', pour)
				}
				response.end()
			}
			pour()
		}
	}
}
