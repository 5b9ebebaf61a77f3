import { readFile } from 'node:fs/promises'
import { extname, resolve, sep } from 'node:path'

/** The scheme of our own that the window is served over, and the one origin that IPC trusts. */
export const pageScheme = 'hawser'
export const pageOrigin = `${pageScheme}://app`

const policy = [
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self' data:",
	"font-src 'self'",
	"connect-src 'self'",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'",
].join('; ')

const headers = {
	'content-security-policy': policy,
	'x-content-type-options': 'nosniff',
	'referrer-policy': 'no-referrer',
	'cross-origin-opener-policy': 'same-origin',
	'cache-control': 'no-store',
}

const types: Record<string, string> = {
	'.html': 'text/html; charset=utf-8',
	'.js': 'text/javascript; charset=utf-8',
	'.css': 'text/css; charset=utf-8',
	'.svg': 'image/svg+xml',
	'.png': 'image/png',
	'.woff2': 'font/woff2',
	'.json': 'application/json',
}

/** Answers requests for the files under `root`, and for nothing else. Never rejects. */
export function pageHandler(root: string): (request: Pick<Request, 'url' | 'method'>) => Promise<Response> {
	const folder = resolve(root)
	return async (request) => {
		const refuse = (status: number) => new Response(null, { status, headers })
		if (request.method !== 'GET') return refuse(405)
		const file = fileOf(request.url, folder)
		if (file === null) return refuse(404)
		const type = types[extname(file)]
		if (type === undefined) return refuse(404)
		try {
			const body = new Uint8Array(await readFile(file))
			return new Response(body, { headers: { ...headers, 'content-type': type } })
		} catch {
			return refuse(404)
		}
	}
}

/** The file a URL names, or null when it is not one of ours. */
function fileOf(address: string, folder: string): string | null {
	const url = URL.parse(address)
	if (url === null || `${url.protocol}//${url.host}` !== pageOrigin) return null
	let path: string
	try {
		path = decodeURIComponent(url.pathname)
	} catch {
		return null
	}
	if (/[\0\\]/.test(path)) return null
	const file = resolve(folder, `.${path === '/' || path === '' ? '/index.html' : path}`)
	return file.startsWith(folder + sep) ? file : null
}
