import { describe, expect, test } from 'vitest'
import { factSchema } from '../../../src/contract/problem.ts'
import type { GpuDevice } from '../../../src/contract/state.ts'
import { disk, skewSeconds } from '../../../src/engine/checks/disk.ts'
import { gpu } from '../../../src/engine/checks/gpu.ts'
import { isOlder, parseToolVersion, type ToolName } from '../../../src/engine/checks/tool-versions.ts'
import { judgeTools } from '../../../src/engine/checks/tools.ts'
import { parseWorkstationFacts } from '../../../src/engine/checks/workstation-facts.ts'
import { problem } from '../../../src/engine/problems.ts'
import { startedAt } from '../states.ts'
import { context, facts } from './context.ts'

describe('versions', () => {
	test.each<[ToolName, string, string | null, number[]]>([
		['git', 'git version 2.39.5', '2.39.5', [2, 39, 5]],
		['git', 'git version 2.39.5 (Apple Git-154)', '2.39.5', [2, 39, 5]],
		['git', 'git version 2.47.0.rc1.windows.1', '2.47.0.rc1.windows.1', [2, 47, 0]],
		['git', 'git version 1.8.3.1', '1.8.3.1', [1, 8, 3, 1]],
		['git', 'xcode-select: note: no developer tools were found', null, []],
		['git', '', null, []],
		['rsync', 'rsync  version 3.5.0  protocol version 32', '3.5.0', [3, 5, 0]],
		['rsync', 'rsync  version 2.6.9  protocol version 29', '2.6.9', [2, 6, 9]],
		['rsync', 'rsync  version v3.4.1  protocol version 32', '3.4.1', [3, 4, 1]],
		['rsync', 'openrsync: protocol version 29', 'openrsync', []],
		['rsync', 'openrsync 0.5.0', 'openrsync 0.5.0', [0, 5, 0]],
		['tmux', 'tmux 3.3a', '3.3a', [3, 3]],
		['tmux', 'tmux next-3.5', 'next-3.5', [3, 5]],
		['tmux', 'tmux master', 'master', []],
		['tmux', 'tmux openbsd-7.5', '7.5', [7, 5]],
		['python3', 'Python 3.11.7', '3.11.7', [3, 11, 7]],
		['python3', 'Python 3.13.0rc1+', '3.13.0rc1+', [3, 13, 0]],
		['python3', 'Segmentation fault', null, []],
	])('%s: %j', (tool, line, text, numbers) => {
		const version = parseToolVersion(tool, line)
		expect(version?.text ?? null).toBe(text)
		expect(version?.numbers ?? []).toEqual(numbers)
	})

	test.each([
		['git version 2.38.0', '2.38', false],
		['git version 2.37.9', '2.38', true],
		['git version 2.4', '2.38', true],
		['git version 3.0', '2.38', false],
		['git version 2', '2.38', true],
	])('%s is older than %s: %s', (line, needed, expected) => {
		const version = parseToolVersion('git', line)
		expect(version && isOlder(version, needed)).toBe(expected)
	})
})

describe('tools', () => {
	const having = (change: Record<string, string | null>, broken: Record<string, string> = {}) => {
		const tools = new Map(facts.tools)
		for (const [name, line] of Object.entries(change))
			line === null ? tools.delete(name) : tools.set(name, line)
		for (const name of Object.keys(broken)) tools.delete(name)
		return judgeTools({ ...facts, tools, broken: new Map(Object.entries(broken)) })
	}

	test('all there: versions and the shell as facts', () => {
		expect(having({})).toEqual({
			verdict: 'ok',
			finding: 'git 2.39.5 and the others',
			facts: {
				system: 'Linux x86_64',
				'login shell': 'fish',
				sh: 'dash',
				git: '2.39.5',
				rsync: '3.2.7',
				tmux: '3.3a',
				python: '3.11.7',
			},
		})
	})

	test('without git no code gets there', () => {
		expect(having({ git: null })).toMatchObject({
			verdict: 'failing',
			finding: 'no git',
			facts: { tmux: '3.3a' },
			problem: { code: 'tool-missing', needsPerson: true },
		})
	})

	test('a git that does not run is none', () => {
		expect(having({}, { git: 'error while loading shared libraries: libz.so.1' })).toMatchObject({
			verdict: 'failing',
			finding: 'no working git',
			facts: { git: expect.stringContaining('libz.so.1') },
		})
	})

	test('a git that lacks what is needed is too old; one that only lacks renames is not', () => {
		expect(having({ git: 'git version 1.8.3.1' })).toMatchObject({
			verdict: 'failing',
			finding: 'git 1.8.3.1 is too old',
			problem: { code: 'tool-old', facts: { tool: 'git', version: '1.8.3.1', needed: '2.17' } },
		})
		const older = having({ git: 'git version 2.34.1' })
		expect(older).toMatchObject({ verdict: 'ok', finding: 'git 2.34.1; old git' })
		expect(older.facts?.git).toContain('renamed')
		expect(having({ git: 'git version from-here' })).toMatchObject({
			verdict: 'ok',
			finding: 'git and the others',
		})
	})

	test('the others only narrow what works, and say what', () => {
		const found = having({ rsync: null, tmux: null, python3: null })
		expect(found).toMatchObject({ verdict: 'ok', finding: 'git 2.39.5; no rsync, no tmux, no python' })
		expect(found.facts?.tmux).toMatch(/^none: .*detached/)
		expect(found.facts?.rsync).toMatch(/^none: .*files/)
	})

	test.each([
		['rsync  version 2.6.9  protocol version 29', 'old rsync'],
		['openrsync: protocol version 29', 'openrsync'],
	])('%s is limited', (line, lack) => {
		const found = having({ rsync: line })
		expect(found).toMatchObject({ verdict: 'ok', finding: `git 2.39.5; ${lack}` })
		expect(found.facts?.rsync).toContain('limited')
	})
})

describe('the clock', () => {
	const at = startedAt
	test.each([
		['within the round trip', at + 2000, at, at + 4000, 0],
		['whole seconds, read just before', at - 500 - ((at - 500) % 1000), at, at, 0],
		['ahead', at + 300_000, at, at + 4000, 296],
		['behind', at - 300_001, at, at + 4000, -300],
		['a slow line is no skew', at + 59_000, at, at + 60_000, 0],
	])('%s', (_what, clock, asked, answered, expected) => {
		expect(skewSeconds(clock, asked, answered)).toBe(expected)
	})

	test('the time between the question and the answer is left out', async () => {
		const times = [startedAt, startedAt + 90_000]
		const found = await disk.check(context({ now: () => times.shift() ?? 0 }))
		expect(found).toMatchObject({ verdict: 'ok', facts: { 'clock skew': 'none' } })
	})
})

describe('disk and clock', () => {
	const low = { free: 1000, size: 2000, mount: '/home' }
	const late = startedAt - 300_500
	test.each([
		['well', {}, 'ok', '50.0 GiB free', undefined],
		['low', { disk: low }, 'failing', '0.0 GiB free', 'disk-low'],
		['skewed', { clock: late }, 'failing', '50.0 GiB free, clock off by -300 s', 'clock-skew'],
		['both', { disk: low, clock: late }, 'failing', '0.0 GiB free, clock off by -300 s', 'disk-low'],
		['no disk told', { disk: null }, 'unknown', 'free space is unknown', undefined],
		[
			'no disk told, skewed',
			{ disk: null, clock: late },
			'failing',
			'free space is unknown, clock off by -300 s',
			'clock-skew',
		],
		['no clock told', { clock: null }, 'ok', '50.0 GiB free', undefined],
	])('%s', async (_what, change, verdict, finding, code) => {
		const found = await disk.check(context({ facts: async () => ({ ...facts, ...change }) }))
		expect(found).toMatchObject({ verdict, finding })
		expect('problem' in found ? found.problem?.code : undefined).toBe(code)
	})

	test('as facts', async () => {
		expect((await disk.check(context())).facts).toEqual({
			free: '50.0 GiB',
			size: '100.0 GiB',
			mount: '/',
			'clock skew': 'none',
		})
		const skewed = await disk.check(context({ facts: async () => ({ ...facts, clock: late }) }))
		expect(skewed).toMatchObject({ facts: { 'clock skew': '300 s behind this laptop' } })
		expect('problem' in skewed && skewed.problem?.meaning).toContain('300 s behind')
	})
})

describe('the GPU', () => {
	const device: GpuDevice = {
		index: 0,
		uuid: 'GPU-1',
		name: 'NVIDIA GeForce RTX 4090',
		driver: '550.54.15',
		utilisation: { value: 3 },
		memoryUsedMiB: { value: 12 },
		memoryTotalMiB: { value: 24564 },
		temperature: { missing: 'N/A' },
		power: { missing: 'N/A' },
		powerLimit: { missing: 'N/A' },
	}
	const reading = (devices: GpuDevice[], simulated = false) =>
		gpu.check(
			context({ gpu: async () => ({ status: 'read', at: startedAt, simulated, devices, processes: [] }) }),
		)

	test('driver and devices as facts', async () => {
		const second = { ...device, index: 1, memoryTotalMiB: { missing: 'N/A' } }
		expect(await reading([device, second])).toEqual({
			verdict: 'ok',
			finding: '2 × NVIDIA GeForce RTX 4090',
			facts: {
				driver: '550.54.15',
				devices: ['0: NVIDIA GeForce RTX 4090, 24 GiB', '1: NVIDIA GeForce RTX 4090'],
			},
		})
	})

	test('made-up readings are said to be that; an unknown driver is not told', async () => {
		expect((await reading([{ ...device, driver: '' }], true)).facts).toEqual({
			devices: ['0: NVIDIA GeForce RTX 4090, 24 GiB'],
			readings: 'simulated',
		})
	})

	test('none', async () => {
		const why = problem('gpu-none', {})
		const absent = context({ gpu: async () => ({ status: 'absent', at: startedAt, problem: why }) })
		expect(await gpu.check(absent)).toMatchObject({ verdict: 'failing', problem: { code: 'gpu-none' } })
		expect(await gpu.check(context())).toMatchObject({ verdict: 'unknown' })
	})
})

describe('what facts.sh printed', () => {
	test('is read past whatever else is printed', () => {
		const text = [
			'Welcome',
			'tool\tgit\tgit version 2.39.5\t0',
			'tool\ttmux\tsegfault\t139',
			'tool\trsync\t\t124',
			'tool\tpython3',
			'clock\tabc',
			`clock\t${startedAt}`,
			'clock\t1700',
			'shell\tfish\tdash',
			'system\tLinux x86_64',
			'disk\t10\t20\t/mnt/my disk',
			'disk\tx\ty',
			'',
		].join('\n')
		expect(parseWorkstationFacts(text)).toEqual({
			tools: new Map([['git', 'git version 2.39.5']]),
			broken: new Map([
				['tmux', 'segfault'],
				['rsync', 'it does not answer'],
				['python3', ''],
			]),
			clock: startedAt,
			disk: { free: 10, size: 20, mount: '/mnt/my disk' },
			system: 'Linux x86_64',
			shell: { login: 'fish', sh: 'dash' },
		})
	})

	test.each(['', '\0', 'tool', 'disk\t99999999999999999999\t1', '\t\t\t', 'tool\t\t\t0'])(
		'%j says nothing',
		(text) => {
			const found = parseWorkstationFacts(text)
			expect(found).toMatchObject({ clock: null, disk: null, system: '' })
			expect(found.tools.size + found.broken.size).toBe(0)
			for (const fact of Object.values(judgeTools(found).facts ?? {})) factSchema.parse(fact)
		},
	)
})
