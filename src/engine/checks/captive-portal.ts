import { get } from 'node:http'

/** A page that is always the same, which operating systems ask for to find out whether a network lets them through. */
export interface CheckPage {
	/** Plain HTTP: only that can be answered by a network in place of the page's own server. */
	url: string
	/** Its body holds this. */
	expected: string
}

/** What macOS and NetworkManager ask for themselves. */
export const checkPage: CheckPage =
	process.platform === 'darwin'
		? { url: 'http://captive.apple.com/hotspot-detect.html', expected: 'Success' }
		: { url: 'http://nmcheck.gnome.org/check_network_status.txt', expected: 'NetworkManager is online' }

const limitMs = 3000
const mostBytes = 65_536

/**
 * `open`: the page came. `captive`: another page, a redirect or a 511 (RFC 6585) came in its place. `silent`: nothing
 * that tells; many networks let nothing through to it. Never rejects; takes at most `timeoutMs`.
 */
export function askCheckPage(page: CheckPage, timeoutMs = limitMs): Promise<'open' | 'captive' | 'silent'> {
	return new Promise((resolve) => {
		let text = ''
		const settle = (answer: 'open' | 'captive' | 'silent') => {
			clearTimeout(timer)
			request.destroy()
			resolve(answer)
		}
		const found = () => text.includes(page.expected)
		// A connection of its own, closed with the answer.
		const request = get(page.url, { agent: false }, (response) => {
			const status = response.statusCode ?? 0
			if ((status >= 300 && status < 400) || status === 511) return settle('captive')
			// The page's own server may be out of order.
			if (status !== 200) return settle('silent')
			response.setEncoding('utf8')
			response.on('data', (part: string) => {
				text += part
				if (found()) settle('open')
				else if (text.length > mostBytes) settle('captive')
			})
			response.on('end', () => settle(found() ? 'open' : 'captive'))
			response.on('error', () => settle('silent'))
		})
		request.on('error', () => settle('silent'))
		const timer = setTimeout(() => settle('silent'), timeoutMs)
	})
}
