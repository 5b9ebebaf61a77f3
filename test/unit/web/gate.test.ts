import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { Gate } from '../../../src/web/gate.ts'

const request = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage

test.each([
	['127.0.0.1:80', true],
	['localhost:80', true],
	['127.0.0.1:81', false],
	['127.0.0.1', false],
	['evil.example:80', false],
	['localhost:80.evil.example', false],
	['[::1]:80', false],
])('host %s: %s', (host, known) => {
	expect(new Gate(80).knowsHost(request({ host }))).toBe(known)
})

test.each([
	['localhost:80', 'http://localhost:80', true],
	['localhost:80', 'http://127.0.0.1:80', false],
	['localhost:80', 'https://localhost:80', false],
	['localhost:80', 'null', false],
	['evil.example:80', 'http://evil.example:80', false],
])('host %s with origin %s: %s', (host, origin, known) => {
	expect(new Gate(80).knowsOrigin(request({ host, origin }))).toBe(known)
})

test('a session is found among other cookies, and only under its own port’s name', () => {
	const gate = new Gate(80)
	const own = gate.cookie.split(';')[0] ?? ''
	expect(gate.hasSession(request({ cookie: `a=b; ${own}; c=d` }))).toBe(true)
	expect(gate.hasSession(request({ cookie: own.replace('-80', '-81') }))).toBe(false)
	expect(gate.hasSession(request({ cookie: `${own}x` }))).toBe(false)
	expect(gate.hasSession(request({ cookie: 'hawser-80=' }))).toBe(false)
	expect(gate.hasSession(request({}))).toBe(false)
})

test('no two gates share a secret, and the cookie is not the token', () => {
	const [one, other] = [new Gate(80), new Gate(80)]
	expect(one.token).not.toBe(other.token)
	expect(one.cookie).not.toBe(other.cookie)
	expect(one.cookie).not.toContain(one.token)
	expect(Buffer.from(one.token, 'base64url')).toHaveLength(32)
	expect(one.isToken(other.token)).toBe(false)
	expect(one.isToken('')).toBe(false)
})
