import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Who may come in: the one rule for pages and for the WebSocket. Holds no state but its secrets. */
export class Gate {
	/** Opens the window once it stands in an address; 32 random bytes. */
	readonly token = secret()
	/** What a browser that came with the token holds from then on. */
	readonly #session = secret()
	readonly #port: number

	constructor(port: number) {
		this.#port = port
	}

	/** Cookies do not know of ports: two servers on one machine need two names. */
	get #cookieName(): string {
		return `hawser-${this.#port}`
	}

	get cookie(): string {
		return `${this.#cookieName}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`
	}

	/** A page elsewhere whose name was made to point here (DNS rebinding) sends its own name. */
	knowsHost(request: IncomingMessage): boolean {
		const { host } = request.headers
		return host === `127.0.0.1:${this.#port}` || host === `localhost:${this.#port}`
	}

	/** A WebSocket may be opened by any page; the browser says by which. */
	knowsOrigin(request: IncomingMessage): boolean {
		return this.knowsHost(request) && request.headers.origin === `http://${request.headers.host}`
	}

	isToken(given: string): boolean {
		return same(given, this.token)
	}

	hasSession(request: IncomingMessage): boolean {
		const start = `${this.#cookieName}=`
		const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim())
		return cookies.some(
			(cookie) => cookie.startsWith(start) && same(cookie.slice(start.length), this.#session),
		)
	}
}

function secret(): string {
	return randomBytes(32).toString('base64url')
}

/** Takes as long for a near miss as for any other. */
function same(given: string, right: string): boolean {
	const digest = (text: string) => createHash('sha256').update(text).digest()
	return timingSafeEqual(digest(given), digest(right))
}
