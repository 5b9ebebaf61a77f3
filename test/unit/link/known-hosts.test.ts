import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
	fingerprint,
	type HostKey,
	judge,
	knownHostLine,
	knownTypes,
	lookupName,
	matchesHost,
	parseKnownHosts,
} from '../../../src/engine/link/known-hosts.ts'

function key(type: string, content: string): HostKey {
	const name = Buffer.from(type)
	const length = Buffer.alloc(4)
	length.writeUInt32BE(name.length)
	return { type, blob: Buffer.concat([length, name, Buffer.from(content)]) }
}
const words = ({ type, blob }: HostKey) => `${type} ${blob.toString('base64')}`
const ed = key('ssh-ed25519', 'one')
const otherEd = key('ssh-ed25519', 'another')
const ecdsa = key('ecdsa-sha2-nistp256', 'two')
const parse = (...lines: string[]) => parseKnownHosts(lines.join('\n'), '/known')

describe('which lines speak of a host', () => {
	const hashed = (name: string) => {
		const salt = Buffer.from('salt')
		return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
	}
	test.each([
		['lab', 'lab', true],
		['LAB.Example', 'lab.example', true],
		['lab,10.0.0.1', '10.0.0.1', true],
		['lab', 'lab2', false],
		['*.example', 'a.example', true],
		['*.example,!bad.example', 'bad.example', false],
		['!bad.example,*.example', 'bad.example', false],
		['!bad.example', 'good.example', false],
		['lab?', 'lab1', true],
		['lab?', 'lab', false],
		['[lab]:2222', '[lab]:2222', true],
		['[lab]:2222', 'lab', false],
		['lab', '[lab]:2222', false],
		['l.b', 'lab', false],
		['[*]:2222', '[lab]:2222', true],
		[hashed('[lab]:2222'), '[lab]:2222', true],
		[hashed('[lab]:2222'), 'lab', false],
		['|2|x|y', 'lab', false],
	])('%s for %s: %s', (hosts, name, expected) => {
		expect(matchesHost(hosts, name)).toBe(expected)
	})

	test('the name carries the port only when it is another one', () => {
		expect([lookupName('Lab', 22), lookupName('Lab', 2222)]).toEqual(['lab', '[lab]:2222'])
	})
})

describe('reading the file', () => {
	test('comments, blank, odd and broken lines are left out; line numbers stay', () => {
		const entries = parse(
			'# no',
			'',
			`lab ${words(ed)} comment`,
			'lab ssh-rsa !!!',
			'@what lab x y',
			`\tb\t${words(ecdsa)}\r`,
		)
		expect(entries.map(({ hosts, line, key: { type } }) => [hosts, line, type])).toEqual([
			['lab', 3, 'ssh-ed25519'],
			['b', 6, 'ecdsa-sha2-nistp256'],
		])
	})
})

describe('the verdict', () => {
	const verdict = (lines: string[], shown = ed, askable?: string[]) =>
		judge(parse(...lines), 'lab', shown, askable)
	test.each<[string, string[], string]>([
		['nothing known', [], 'unknown'],
		['another host', [`other ${words(ed)}`], 'unknown'],
		['the key itself', [`lab ${words(ed)}`], 'known'],
		['another key of this type', [`lab ${words(otherEd)}`], 'changed'],
		['both, in whatever order', [`lab ${words(otherEd)}`, `lab ${words(ed)}`], 'known'],
		['a revoked key', [`lab ${words(ed)}`, `@revoked * ${words(ed)}`], 'revoked'],
		['another key revoked', [`@revoked * ${words(otherEd)}`], 'unknown'],
		['an authority with the same key', [`@cert-authority * ${words(ed)}`], 'unknown'],
		['a negated host', [`*,!lab ${words(ed)}`], 'unknown'],
	])('%s', (_name, lines, expected) => {
		expect(verdict(lines).verdict).toBe(expected)
	})

	test('a key of another type is changed where the known one was asked for, else unknown', () => {
		const lines = [`lab ${words(ecdsa)}`]
		expect(verdict(lines, ed, ['ssh-ed25519', 'ecdsa-sha2-nistp256'])).toMatchObject({
			verdict: 'changed',
			entry: { file: '/known', line: 1 },
		})
		expect(verdict(lines, ed, ['ssh-ed25519']).verdict).toBe('unknown')
		expect(knownTypes(parse(...lines, `lab ${words(ed)}`), 'lab')).toEqual([
			'ecdsa-sha2-nistp256',
			'ssh-ed25519',
		])
	})
})

test('a written line is known when it is read again, hashed or not', () => {
	for (const hashed of [false, true]) {
		const line = knownHostLine('[lab]:2222', ed, hashed)
		expect(line.includes('lab')).toBe(!hashed)
		expect(judge(parse(line), '[lab]:2222', ed).verdict).toBe('known')
	}
})

test('the fingerprint has no padding', () => {
	expect(fingerprint(ed.blob)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/)
})
