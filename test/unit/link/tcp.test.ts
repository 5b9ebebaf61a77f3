import { describe, expect, test } from 'vitest'
import { connectProblem, isPrivateAddress } from '../../../src/engine/link/tcp.ts'

const failure = (code: string, address?: string) =>
	Object.assign(new Error(`connect ${code}`), { code, address })
const target = { host: 'lab', port: 22 }

describe('a failed connection', () => {
	test.each([
		['ECONNREFUSED', 'port-refused'],
		['ENOTFOUND', 'host-not-found'],
		['EAI_AGAIN', 'host-not-found'],
		['ETIMEDOUT', 'port-silent'],
		['EHOSTUNREACH', 'port-unreachable'],
		['ENETUNREACH', 'port-unreachable'],
		['EWHATEVER', 'port-unreachable'],
	])('%s is %s', (code, expected) => {
		expect(connectProblem(failure(code, '10.1.2.3'), target, 'linux').code).toBe(expected)
	})

	test('on macOS a private host without a route may be a denied permission', () => {
		expect(connectProblem(failure('EHOSTUNREACH', '10.1.2.3'), target, 'darwin').code).toBe(
			'local-network-denied',
		)
		expect(connectProblem(failure('EHOSTUNREACH', '1.2.3.4'), target, 'darwin').code).toBe('port-unreachable')
	})

	test('of several addresses the one that answered tells most', () => {
		const both = new AggregateError([failure('ENETUNREACH', 'fe80::1'), failure('ECONNREFUSED', '10.1.2.3')])
		expect(connectProblem(both, target, 'darwin').code).toBe('port-refused')
	})
})

test.each([
	['10.0.0.1', true],
	['172.16.0.1', true],
	['172.32.0.1', false],
	['192.168.1.1', true],
	['169.254.1.1', true],
	['8.8.8.8', false],
	['fd00::1', true],
	['fe80::1', true],
	['2001:db8::1', false],
	['lab', false],
])('%s is private: %s', (address, expected) => {
	expect(isPrivateAddress(address)).toBe(expected)
})
