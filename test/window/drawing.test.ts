import { describe, expect, test } from 'vitest'
import { lineOf } from '../../renderer/line.ts'
import { linkWords, transportWords } from '../../renderer/link-words.ts'
import { age, ago, duration, mainMetric, metricChange, metricValue } from '../../renderer/words.ts'
import type { LinkState, Rung, WorkstationState } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { hours, minutes, now, seconds } from './moments.ts'
import { builtIn, up, workstation } from './pieces.ts'
import { brokenAt, noRungs, rungs } from './rung-pieces.ts'
import { states } from './states.ts'

describe('the line', () => {
	const draw = (of: WorkstationState) => {
		const { stops, ropes } = lineOf(of, 'This laptop', now)
		return { verdicts: stops.map(({ verdict }) => verdict).join(' '), ropes: ropes.join(' ') }
	}
	const only = (state: { workstations: Record<string, WorkstationState> }) => {
		const [found] = Object.values(state.workstations)
		if (!found) throw new Error('no workstation')
		return found
	}
	const silent = problem('port-silent', { host: 'lab', port: 22, seconds: 15 })
	const failing = (change: Partial<Rung> = {}): Partial<Rung> => ({
		verdict: 'failing',
		finding: 'none',
		problem: silent,
		...change,
	})

	test.each<[string, WorkstationState, string, string]>([
		['holds', workstation(), 'ok ok ok ok ok', 'ok ok ok ok'],
		['passes a ZeroTier that is not used', builtIn(), 'ok unused ok ok ok', 'ok ok ok ok'],
		[
			'breaks at ZeroTier',
			only(states['down-zerotier']()),
			'ok failing unknown unknown unknown',
			'ok broken unknown unknown',
		],
		['breaks at SSH', only(states['down-port']()), 'ok ok failing unknown unknown', 'ok ok broken unknown'],
		['asks', only(states.asking()), 'ok ok asking unknown unknown', 'ok ok unknown unknown'],
		[
			'shows no green behind a lost link, whatever was found before',
			workstation({ link: { status: 'lost', problem: silent, since: now, nextTryAt: now } }),
			'ok ok failing unknown unknown',
			'ok ok broken unknown',
		],
		[
			'is tried for the first time',
			workstation({ link: { status: 'dialling', since: now, attempt: 1, problem: null }, rungs: noRungs() }),
			'unknown unknown trying unknown unknown',
			'unknown unknown unknown unknown',
		],
		[
			'is off',
			workstation({ wanted: false, link: { status: 'off' } }),
			'ok ok unknown unknown unknown',
			'ok unknown unknown unknown',
		],
		[
			'has no GPU but all else',
			workstation({ rungs: rungs({ gpu: failing() }) }),
			'ok ok ok ok failing',
			'ok ok ok ok',
		],
		[
			'lacks disk',
			workstation({ rungs: rungs({ disk: failing() }) }),
			'ok ok ok failing ok',
			'ok ok ok broken',
		],
		[
			'was never probed, but the link is up',
			workstation({ rungs: [] }),
			'unknown unknown ok unknown unknown',
			'ok ok unknown unknown',
		],
		[
			'holds up to SSH while ZeroTier says that it is offline: packets pass',
			only(states['zerotier-offline-but-up']()),
			'ok failing ok ok ok',
			'ok ok ok ok',
		],
		[
			'is proved by the link, whatever the checks of its port say',
			workstation({ rungs: brokenAt('port', failing()) }),
			'ok ok ok unknown unknown',
			'ok ok unknown unknown',
		],
		[
			'waits for a network',
			only(states.waiting()),
			'failing unknown unknown unknown unknown',
			'broken unknown unknown unknown',
		],
		[
			'breaks behind a portal',
			only(states['captive-portal']()),
			'failing unknown unknown unknown unknown',
			'broken unknown unknown unknown',
		],
		[
			'is at its host key',
			only(states['checking-key']()),
			'ok ok trying unknown unknown',
			'ok ok unknown unknown',
		],
		[
			'is at its login',
			only(states['logging-in']()),
			'ok ok trying unknown unknown',
			'ok ok unknown unknown',
		],
		[
			'waits for a password',
			only(states['login-password']()),
			'ok ok asking unknown unknown',
			'ok ok unknown unknown',
		],
		[
			'is tried again after a try that failed',
			only(states['dialling-again']()),
			'ok ok failing unknown unknown',
			'ok ok broken unknown',
		],
	])('%s', (_, of, verdicts, ropes) => {
		expect(draw(of)).toEqual({ verdicts, ropes })
	})

	test('says the age of what lies behind a break', () => {
		const { stops } = lineOf(only(states['down-port']()), 'This laptop', now)
		expect(stops.map(({ note }) => note)).toEqual(['en0', '12 ms', 'silent', '3 min ago', '3 min ago'])
	})

	const noteAt = (of: WorkstationState, id: string) =>
		lineOf(of, 'This laptop', now).stops.find((stop) => stop.id === id)?.note
	test.each<[string, WorkstationState, string]>([
		['direct with its latency', workstation(), '12 ms'],
		['direct', workstation({ peer: { path: 'direct', latencyMs: null, heardAt: null } }), 'direct'],
		['relayed', only(states['zerotier-relayed']()), 'relayed'],
		[
			'the round trip of the link where the peer is not known',
			workstation({ peer: null, link: { ...up, latencyMs: 14 } as LinkState }),
			'14 ms',
		],
		['not used', builtIn(), 'not used'],
		['what is wrong', only(states['zerotier-not-running']()), 'not running'],
		['what is wrong in short', only(states['zerotier-silent']()), 'peer silent'],
	])('says of ZeroTier: %s', (_, of, note) => {
		expect(noteAt(of, 'zerotier')).toBe(note)
	})

	test('a loss that no check has seen yet is no answer, whatever was found before', () => {
		const lost = workstation({
			link: { status: 'lost', problem: silent, since: now, nextTryAt: now },
			rungs: rungs({ port: { finding: 'answers' } }),
		})
		expect(noteAt(lost, 'ssh')).toBe('no answer')
	})

	test.each([
		['dialling', 'connecting'],
		['checking-key', 'checking key'],
		['logging-in', 'logging in'],
		['asking', 'new key'],
		['login-passphrase', 'passphrase'],
		['login-password', 'password'],
		['login-code', 'asks you'],
		['login-confirm', 'asks you'],
		['login-touch', 'touch key'],
		['waiting', 'waits'],
		['off', 'off'],
	] as const)('says of SSH in the state %s: %s', (name, note) => {
		expect(noteAt(only(states[name]()), 'ssh')).toBe(note)
	})
})

describe('the link in words', () => {
	const { lost, stopped } = {
		lost: problem('port-silent', { host: 'lab', port: 22, seconds: 15 }),
		stopped: problem('host-key-revoked', { host: 'lab', file: '~/.ssh/known_hosts' }),
	}
	const linkOf = (name: 'through-jump-hosts' | 'systems-ssh' | 'login-touch' | 'asking') =>
		states[name]().workstations.lab?.link ?? { status: 'off' as const }
	const sentences: [LinkState, string][] = [
		[{ status: 'off' }, 'not connected'],
		[{ status: 'waiting', since: now - minutes(3) }, 'waits for a network, for 3 min'],
		[
			{ status: 'dialling', since: now - seconds(4), attempt: 2, problem: null },
			'connecting, try 2, for 4 s',
		],
		[{ status: 'host-key', since: now, question: null }, 'checking the host key'],
		[linkOf('asking'), 'its host key waits for your answer'],
		[{ status: 'login', since: now, question: null }, 'logging in'],
		[linkOf('login-touch'), 'the login waits for you: a touch of your security key'],
		[up, 'connected to 10.147.17.5:22 for 4 h 12 min, 12 ms'],
		[
			linkOf('through-jump-hosts'),
			'connected to gpu-07.cluster.example:22 through gate.example:2222, then login.cluster.example:22 for 4 h, 31 ms',
		],
		[
			{ status: 'lost', problem: lost, since: now - minutes(3), nextTryAt: now + seconds(8) },
			'not reachable for 3 min, next try in 8 s',
		],
		[
			{ status: 'lost', problem: lost, since: now - minutes(3), nextTryAt: now },
			'not reachable for 3 min, next try now',
		],
		[{ status: 'stopped', problem: stopped, since: now - minutes(1) }, 'stopped 1 min ago, waits for you'],
	]
	test.each(sentences.map(([link, words]) => [words, link] as const))('%s', (words, link) => {
		expect(linkWords(link, now)).toBe(words)
	})

	test('the system’s ssh is said, and why; Hawser’s own is not', () => {
		expect(transportWords(linkOf('systems-ssh'))).toBe(
			'Through the system’s ssh: The key ~/.ssh/id_ed25519_sk lives in a hardware token.',
		)
		expect(transportWords(up)).toBeNull()
	})
})

describe('words', () => {
	test.each([
		[0, '0 s'],
		[-seconds(5), '0 s'],
		[seconds(59.9), '59 s'],
		[minutes(12), '12 min'],
		[hours(4) + minutes(12), '4 h 12 min'],
		[hours(5), '5 h'],
		[hours(76), '3 d 4 h'],
	])('a duration of %s ms', (span, expected) => {
		expect(duration(span)).toBe(expected)
	})

	test.each([
		[seconds(2), '2 s ago'],
		[minutes(41), '41 min ago'],
		[hours(3), '3 h ago'],
		[hours(26), 'yesterday'],
		[hours(100), 'on 19 Nov'],
		[-minutes(3), 'now'],
		[seconds(0.4), 'now'],
	])('an age of %s ms', (span, expected) => {
		expect(ago(now - span, now)).toBe(expected)
	})

	test('an age alone is as short as can be', () => {
		expect(age(now - minutes(8), now)).toBe('8 min')
	})

	test.each([
		[0.812, '0.812'],
		[-0.014, '−0.014'],
		[0.000_123_4, '0.00012'],
		[1440, '1,440'],
		[12_345.678, '12,345.7'],
		[0, '0'],
	])('a metric of %s', (value, expected) => {
		expect(metricValue(value)).toBe(expected)
	})

	test('a change has a sign, and none is said', () => {
		expect([0.21, -0.014, 0].map(metricChange)).toEqual(['+0.210', '−0.014', '±0'])
	})

	test('MASE stands for the others', () => {
		expect(mainMetric({ windows: 3, mase: 1 })).toBe('mase')
		expect(mainMetric({ loss: 3 })).toBe('loss')
		expect(mainMetric({})).toBeNull()
	})
})
