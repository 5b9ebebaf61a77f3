import { isIP, connect as netConnect, type Socket } from 'node:net'
import { ProblemError } from '../../contract/client.ts'
import type { Problem } from '../../contract/problem.ts'
import { problem } from '../problems.ts'

export interface Target {
	host: string
	port: number
}

/** Private, link-local and ZeroTier-like addresses: those that macOS asks about before an app may reach them. */
export function isPrivateAddress(address: string): boolean {
	if (isIP(address) === 4) {
		const [a = 0, b = 0] = address.split('.').map(Number)
		return (
			a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254)
		)
	}
	return isIP(address) === 6 && /^f[cde]/i.test(address)
}

const reasons: Record<string, string> = {
	EHOSTUNREACH: 'no route to that host',
	EHOSTDOWN: 'that host is down',
	ENETUNREACH: 'that network cannot be reached',
	ENETDOWN: 'the network is down',
	EADDRNOTAVAIL: 'no local address fits',
	ECONNRESET: 'that host closed the connection at once',
	EACCES: 'the connection is not permitted',
	EPERM: 'the connection is not permitted',
}

/** A failed TCP connection as one of our problems. */
export function connectProblem(
	error: NodeJS.ErrnoException & { address?: string },
	{ host, port }: Target,
	platform: NodeJS.Platform = process.platform,
): Problem {
	const facts = { host, port }
	// Several addresses were tried: each has its own error.
	const parts: (typeof error)[] = error instanceof AggregateError ? error.errors : [error]
	const codes = parts.map((part) => part.code ?? '')
	if (codes.includes('ECONNREFUSED')) return problem('port-refused', facts)
	if (codes.includes('ENOTFOUND') || codes.includes('EAI_AGAIN') || codes.includes('EAI_NODATA'))
		return problem('host-not-found', facts)
	const denied = parts.some((part) => part.code === 'EHOSTUNREACH' && isPrivateAddress(part.address ?? host))
	if (platform === 'darwin' && denied) return problem('local-network-denied', facts)
	const code = codes.find((one) => one in reasons)
	if (code) return problem('port-unreachable', { ...facts, reason: `${reasons[code]} (${code})` })
	if (codes.includes('ETIMEDOUT')) return problem('port-silent', { ...facts, seconds: 'many' })
	return problem('port-unreachable', { ...facts, reason: error.message || codes.join(', ') })
}

/**
 * An open TCP connection with Nagle's delay off.
 * @throws ProblemError `port-refused`, `port-silent` after `timeoutMs`, `port-unreachable`,
 *   `host-not-found`, `local-network-denied`, `operation-cancelled`
 */
export function connectTcp(target: Target, timeoutMs: number, signal: AbortSignal): Promise<Socket> {
	return new Promise((resolve, reject) => {
		if (signal.aborted) return reject(new ProblemError(problem('operation-cancelled', {})))
		const socket = netConnect({ ...target, noDelay: true, keepAlive: true })
		const settle = (error: Problem | null) => {
			clearTimeout(timer)
			signal.removeEventListener('abort', onAbort)
			socket.off('error', onError)
			if (!error) return resolve(socket)
			socket.on('error', () => {})
			socket.destroy()
			reject(new ProblemError(error))
		}
		const onError = (error: Error) => settle(connectProblem(error, target))
		const onAbort = () => settle(problem('operation-cancelled', {}))
		const timer = setTimeout(
			() => settle(problem('port-silent', { ...target, seconds: timeoutMs / 1000 })),
			timeoutMs,
		)
		socket.once('connect', () => settle(null))
		socket.on('error', onError)
		signal.addEventListener('abort', onAbort, { once: true })
	})
}
