import { describe, expect, test } from 'vitest'
import { type Problem, type ProblemCode, problemCodes } from '../../../src/contract/problem.ts'
import type { LinkState } from '../../../src/contract/state.ts'
import { climb } from '../../../src/engine/checks/ladder.ts'
import { hostKey, login, port, portAnswered } from '../../../src/engine/checks/reach.ts'
import { problem } from '../../../src/engine/problems.ts'
import { hostKeyQuestion, linkAsksForKey, linkAsksForLogin, linkUp, startedAt } from '../states.ts'
import { context, fake, linkIn, settings } from './context.ts'

const three = [{ ...port, dependsOn: [] }, hostKey, login]
const down = (why: Problem): LinkState =>
	why.needsPerson
		? { status: 'stopped', problem: why, since: startedAt }
		: { status: 'lost', problem: why, since: startedAt, nextTryAt: startedAt }

const climbThree = (found: Problem | null, state: LinkState) =>
	climb(three, context({ link: linkIn(state), reach: async () => found }))

describe('what one attempt to connect tells', () => {
	test.each<[ProblemCode, string[]]>([
		['host-not-found', ['failing no address', 'unknown waits for SSH port', 'unknown waits for Host key']],
		['port-refused', ['failing refused', 'unknown waits for SSH port', 'unknown waits for Host key']],
		['port-silent', ['failing silent', 'unknown waits for SSH port', 'unknown waits for Host key']],
		[
			'port-unreachable',
			['failing no way there', 'unknown waits for SSH port', 'unknown waits for Host key'],
		],
		[
			'local-network-denied',
			['failing kept back by macOS', 'unknown waits for SSH port', 'unknown waits for Host key'],
		],
		['link-lost', ['failing lost', 'unknown waits for SSH port', 'unknown waits for Host key']],
		[
			'ssh-settings-unreadable',
			['failing settings cannot be read', 'unknown waits for SSH port', 'unknown waits for Host key'],
		],
		['ssh-protocol', ['ok answers', 'failing no SSH agreed', 'unknown waits for Host key']],
		[
			'known-hosts-unreadable',
			['unknown not tried', 'failing known hosts cannot be read', 'unknown waits for Host key'],
		],
		[
			'known-hosts-unwritable',
			['unknown not tried', 'failing could not be kept', 'unknown waits for Host key'],
		],
		['host-key-unknown', ['ok answers', 'failing waits for you', 'unknown waits for Host key']],
		['host-key-changed', ['ok answers', 'failing changed', 'unknown waits for Host key']],
		['host-key-revoked', ['ok answers', 'failing revoked', 'unknown waits for Host key']],
		['login-refused', ['ok answers', 'ok known', 'failing refused']],
		['login-key-unusable', ['ok answers', 'ok known', 'failing key cannot be used']],
		['login-key-locked', ['ok answers', 'ok known', 'failing key is locked']],
		['login-asks', ['ok answers', 'ok known', 'failing waits for you']],
		['login-unanswered', ['ok answers', 'ok known', 'failing not answered']],
		['openssh-missing', ['unknown not tried', 'unknown not tried', 'failing needs the system’s ssh']],
		[
			'network-down',
			['unknown waits for a network', 'unknown waits for a network', 'unknown waits for a network'],
		],
		['link-off', ['unknown not connected', 'unknown not connected', 'unknown not connected']],
		['link-closed', ['unknown not connected', 'unknown not connected', 'unknown not connected']],
	])('%s', async (code, expected) => {
		const found = problem(code, {})
		const rungs = await climbThree(found, code === 'link-off' ? { status: 'off' } : down(found))
		expect(rungs.map(({ verdict, finding }) => `${verdict} ${finding}`)).toEqual(expected)
		// It is told on its own rung and nowhere else.
		expect(rungs.flatMap((rung) => rung.problem ?? [])).toEqual([found])
	})

	test.each(problemCodes)('%s is never taken for a link that is up', async (code) => {
		const found = problem(code, {})
		const rungs = await climbThree(found, down(found))
		expect(rungs.every(({ verdict }) => verdict === 'ok')).toBe(false)
		expect(rungs.filter((rung) => rung.problem)).toHaveLength(1)
	})
})

describe('while the link is on its way', () => {
	const silent = problem('port-silent', { host: 'lab', port: 22, seconds: 15 })

	test('it waits for a person to accept the host’s key', async () => {
		const asked = problem('host-key-unknown', { ...hostKeyQuestion })
		const rungs = await climbThree(asked, linkAsksForKey)
		expect(rungs).toMatchObject([
			{ verdict: 'ok' },
			{
				verdict: 'failing',
				finding: 'waits for you',
				facts: { 'key type': 'ssh-ed25519', fingerprint: 'SHA256:abc' },
				problem: { code: 'host-key-unknown', next: { kind: 'accept-host-key' } },
			},
			{ verdict: 'unknown', finding: 'waits for Host key' },
		])
	})

	test('it waits for a person to log in', async () => {
		const rungs = await climbThree(
			problem('login-asks', { host: 'lab', what: 'a password' }),
			linkAsksForLogin(),
		)
		expect(rungs).toMatchObject([
			{ verdict: 'ok' },
			{ verdict: 'ok' },
			{ verdict: 'failing', finding: 'waits for you', problem: { next: { kind: 'answer-login' } } },
		])
	})

	test.each<[LinkState, string[]]>([
		[
			{ status: 'waiting', since: startedAt },
			['unknown waits for a network', 'unknown not reached yet', 'unknown not reached yet'],
		],
		[
			{ status: 'dialling', since: startedAt, attempt: 1, problem: null },
			['failing silent', 'unknown waits for SSH port', 'unknown waits for Host key'],
		],
		[
			{ status: 'host-key', since: startedAt, question: null },
			['ok answers', 'unknown being checked', 'unknown not reached yet'],
		],
		[{ status: 'login', since: startedAt, question: null }, ['ok answers', 'ok known', 'unknown logging in']],
	])('$status', async (state, expected) => {
		const rungs = await climbThree(silent, state)
		expect(rungs.map(({ verdict, finding }) => `${verdict} ${finding}`)).toEqual(expected)
	})
})

describe('a link that is up', () => {
	const up = linkUp({
		endpoint: '10.1.2.3:22',
		through: ['gate:22', 'inner:2222'],
		transport: { kind: 'openssh', reason: 'The key lives in hardware' },
		latencyMs: 12.4,
	})

	test('proves all three, whatever lies below says of itself', async () => {
		const off = fake('zerotier-service', [], {
			verdict: 'failing',
			finding: 'offline',
			problem: problem('zerotier-offline', {}),
		})
		const reach = () => Promise.reject(new Error('must not be asked'))
		const rungs = await climb([off, port, hostKey, login], context({ link: linkIn(up), reach }))
		expect(rungs.slice(1)).toMatchObject([
			{
				verdict: 'ok',
				facts: { endpoint: '10.1.2.3:22', 'jump hosts': ['gate:22', 'inner:2222'], 'round trip': '12 ms' },
			},
			{ verdict: 'ok', facts: {} },
			{ verdict: 'ok', facts: { transport: 'the system’s ssh: The key lives in hardware' } },
		])
	})

	test('while it is not, the port waits for what is failing below', async () => {
		const off = fake('zerotier-peer', [], {
			verdict: 'failing',
			finding: 'silent',
			problem: problem('zerotier-peer-silent', {}),
		})
		const found = problem('port-silent', {})
		const rungs = await climb([off, port], context({ link: linkIn(down(found)), reach: async () => found }))
		expect(rungs[1]).toMatchObject({ verdict: 'unknown', finding: 'waits for zerotier-peer', at: null })
	})

	test('one that comes up while it is waited for is ok too', async () => {
		const rungs = await climbThree(null, { status: 'dialling', since: startedAt, attempt: 1, problem: null })
		expect(rungs.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok'])
	})
})

test('the port says where it would connect to, without users', async () => {
	const found = problem('port-silent', {})
	const state = down(found)
	const ssh = 'hostname fd00::7\nport 2222\nproxyjump me@gate:22,inner'
	const asked = context({
		link: linkIn(state),
		reach: async () => found,
		settings: async () => settings('lab', ssh),
	})
	expect((await port.check(asked)).facts).toEqual({
		endpoint: '[fd00::7]:2222',
		'jump hosts': ['gate:22', 'inner'],
	})
	const unreadable = context({
		link: linkIn(state),
		reach: async () => found,
		settings: () => Promise.reject(new Error('ssh -G')),
	})
	expect(await port.check(unreadable)).toMatchObject({ verdict: 'failing', facts: {} })
})

test.each<[LinkState, boolean]>([
	[{ status: 'off' }, false],
	[{ status: 'dialling', since: startedAt, attempt: 1, problem: null }, false],
	[linkUp(), true],
	[linkAsksForKey, true],
	[linkAsksForLogin(), true],
	[down(problem('port-silent', {})), false],
	[down(problem('known-hosts-unreadable', {})), false],
	[down(problem('host-key-changed', {})), true],
	[down(problem('internal', {})), false],
])('whether the port has answered: $status', (state, expected) => {
	expect(portAnswered(state)).toBe(expected)
})
