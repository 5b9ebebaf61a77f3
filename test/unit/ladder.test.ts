import { describe, expect, test } from 'vitest'
import type { Rung } from '../../src/contract/state.ts'
import type { Check, CheckContext, Finding } from '../../src/engine/checks/check.ts'
import { checks } from '../../src/engine/checks/checks.ts'
import { disk } from '../../src/engine/checks/disk.ts'
import { climb } from '../../src/engine/checks/ladder.ts'
import { hostKey, login, port } from '../../src/engine/checks/reach.ts'
import { tools } from '../../src/engine/checks/tools.ts'
import { parseWorkstationFacts, type WorkstationFacts } from '../../src/engine/checks/workstation-facts.ts'
import { problem } from '../../src/engine/problems.ts'
import { startedAt } from './states.ts'

const facts: WorkstationFacts = {
	tools: new Map([['git', 'git version 2.39.5']]),
	clock: startedAt / 1000,
	disk: { free: 50 * 1024 * 1024, size: 100 * 1024 * 1024 },
	system: 'Linux x86_64',
}

function context(change: Partial<CheckContext> = {}): CheckContext {
	return {
		workstation: { name: 'lab', ssh: { host: 'lab' }, runner: 'tmux', tunnels: [] },
		link: undefined as unknown as CheckContext['link'],
		reach: async () => null,
		facts: async () => facts,
		gpu: async () => ({ status: 'unknown' }),
		now: () => startedAt,
		...change,
	}
}

function fake(id: Rung['id'], dependsOn: Rung['id'][], finding: Finding | Error): Check {
	return {
		id,
		title: id,
		dependsOn,
		check: async () => {
			if (finding instanceof Error) throw finding
			return finding
		},
	}
}

describe('the ladder', () => {
	test('a rung whose floor is broken is unknown, and says what it waits for', async () => {
		const rungs = await climb(
			[
				fake('network', [], {
					verdict: 'failing',
					finding: 'no network',
					problem: problem('network-down', {}),
				}),
				fake('port', ['network'], { verdict: 'ok', finding: '' }),
				fake('login', ['port'], { verdict: 'ok', finding: '' }),
			],
			context(),
		)
		expect(rungs.map((rung) => [rung.verdict, rung.finding])).toEqual([
			['failing', 'no network'],
			['unknown', 'waits for network'],
			['unknown', 'waits for port'],
		])
		expect(rungs.map(({ at }) => at)).toEqual([startedAt, null, null])
	})

	test('a rung that is not used carries the next', async () => {
		const rungs = await climb(
			[
				fake('zerotier', [], { verdict: 'unused', finding: 'not used' }),
				fake('port', ['zerotier'], { verdict: 'ok', finding: 'answers' }),
			],
			context(),
		)
		expect(rungs[1]?.verdict).toBe('ok')
	})

	test('a check that throws is unknown, with the reason', async () => {
		const [rung] = await climb([fake('port', [], new Error('boom'))], context())
		expect(rung).toMatchObject({ verdict: 'unknown', problem: null, at: startedAt })
	})

	test('the checks are in the order of the line', () => {
		const seen = new Set<string>()
		for (const check of checks) {
			for (const floor of check.dependsOn) expect(seen).toContain(floor)
			seen.add(check.id)
		}
	})
})

describe('the three rungs of one connection attempt', () => {
	test.each([
		['port-refused', ['failing', 'unknown', 'unknown']],
		['host-not-found', ['failing', 'unknown', 'unknown']],
		['host-key-changed', ['ok', 'failing', 'unknown']],
		['host-key-unknown', ['ok', 'failing', 'unknown']],
		['login-refused', ['ok', 'ok', 'failing']],
		['login-key-locked', ['ok', 'ok', 'failing']],
	] as const)('%s', async (code, verdicts) => {
		const rungs = await climb(
			[{ ...port, dependsOn: [] }, hostKey, login],
			context({ reach: async () => problem(code, {}) }),
		)
		expect(rungs.map((rung) => rung.verdict)).toEqual(verdicts)
	})
})

describe('single checks', () => {
	test('without git nothing works; other tools only narrow it', async () => {
		expect(await tools.check(context())).toEqual({
			verdict: 'ok',
			finding: '1 of 4, no rsync, tmux, python3',
		})
		const bare = context({ facts: async () => ({ ...facts, tools: new Map() }) })
		expect(await tools.check(bare)).toMatchObject({ verdict: 'failing', problem: { code: 'tool-missing' } })
	})

	test('disk and clock', async () => {
		expect(await disk.check(context())).toEqual({ verdict: 'ok', finding: '50.0 GiB free' })
		const full = context({ facts: async () => ({ ...facts, disk: { free: 1000, size: 2000 } }) })
		expect(await disk.check(full)).toMatchObject({ problem: { code: 'disk-low' } })
		const late = context({ facts: async () => ({ ...facts, clock: startedAt / 1000 - 300 }) })
		expect(await disk.check(late)).toMatchObject({
			problem: { code: 'clock-skew', facts: { seconds: -300 } },
		})
		const silent = context({ facts: async () => ({ ...facts, disk: null }) })
		expect(await disk.check(silent)).toMatchObject({ verdict: 'unknown' })
	})

	test('facts are read past whatever else is printed', () => {
		const text = 'Welcome\ntool\tgit\tgit version 2.39.5\nclock\tabc\nclock\t1700\ndisk\t10\t20\ndisk\tx\ty\n'
		expect(parseWorkstationFacts(text)).toEqual({
			tools: new Map([['git', 'git version 2.39.5']]),
			clock: 1700,
			disk: { free: 10, size: 20 },
			system: '',
		})
	})
})
