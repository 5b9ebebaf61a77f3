import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
	fingerprint,
	type HostKey,
	judge,
	knownHostLine,
	knownTypes,
	linesAbout,
	lookupName,
	matchesHost,
} from '../../../src/engine/link/known-hosts.ts'

function key(type: string, content: string): HostKey {
	const field = (text: string) => {
		const length = Buffer.alloc(4)
		length.writeUInt32BE(text.length)
		return Buffer.concat([length, Buffer.from(text)])
	}
	return { type, blob: Buffer.concat([field(type), field(content)]) }
}
const words = ({ type, blob }: HostKey) => `${type} ${blob.toString('base64')}`
const ed = key('ssh-ed25519', 'one')
const otherEd = key('ssh-ed25519', 'another')
const ecdsa = key('ecdsa-sha2-nistp256', 'two')
const about = (name: string, ...lines: string[]) => linesAbout([name], lines.join('\n'), '/known')

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
	test('comments, blank, odd and broken lines are left out; line numbers stay', async () => {
		const entries = await about(
			'lab',
			'# no',
			'',
			`lab ${words(ed)} comment`,
			'lab ssh-rsa !!!',
			`lab ssh-rsa ${ed.blob.toString('base64')}`,
			'lab',
			'lab ssh-ed25519',
			`@what lab ${words(ed)}`,
			`#lab ${words(ed)}`,
			`\t@revoked\tb,lab\t${words(ecdsa)}\r`,
			`other ${words(ed)}`,
		)
		expect(entries.map(({ hosts, marker, line, key: { type } }) => [hosts, marker, line, type])).toEqual([
			['lab', null, 3, 'ssh-ed25519'],
			['b,lab', 'revoked', 10, 'ecdsa-sha2-nistp256'],
		])
	})

	test('fifty thousand lines, plain and hashed: everybody else goes on meanwhile', async () => {
		const lines = Array.from({ length: 50_000 }, (_, index) =>
			knownHostLine(`host${index}.example`, ed, index % 2 === 0).trimEnd(),
		)
		let turns = 0
		let counting = true
		const turn = () => {
			turns += 1
			if (counting) setImmediate(turn)
		}
		setImmediate(turn)
		const found = await about('host49998.example', ...lines)
		counting = false
		expect(found.map(({ line }) => line)).toEqual([49_999])
		expect(turns).toBeGreaterThan(50)
	}, 60_000)

	test('a pattern of many stars takes no longer than another', () => {
		expect(matchesHost(`${'*a'.repeat(200)}b`, 'a'.repeat(2000))).toBe(false)
	})
})

describe('the verdict', () => {
	const verdict = async (lines: string[], shown = ed, askable?: string[]) =>
		judge(await about('lab', ...lines), 'lab', shown, askable)
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
	])('%s', async (_name, lines, expected) => {
		expect((await verdict(lines)).verdict).toBe(expected)
	})

	test('a key of another type is changed where the known one was asked for, else unknown', async () => {
		const lines = [`lab ${words(ecdsa)}`]
		expect(await verdict(lines, ed, ['ssh-ed25519', 'ecdsa-sha2-nistp256'])).toMatchObject({
			verdict: 'changed',
			entry: { file: '/known', line: 1 },
		})
		expect((await verdict(lines, ed, ['ssh-ed25519'])).verdict).toBe('unknown')
		expect(knownTypes(await about('lab', ...lines, `lab ${words(ed)}`), 'lab')).toEqual([
			'ecdsa-sha2-nistp256',
			'ssh-ed25519',
		])
	})
})

test('a written line is known when it is read again, hashed or not', async () => {
	for (const hashed of [false, true]) {
		const line = knownHostLine('[lab]:2222', ed, hashed)
		expect(line.includes('lab')).toBe(!hashed)
		expect(judge(await about('[lab]:2222', line), '[lab]:2222', ed).verdict).toBe('known')
	}
})

test('the fingerprint has no padding', () => {
	expect(fingerprint(ed.blob)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/)
})
