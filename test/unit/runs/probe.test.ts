import { describe, expect, test } from 'vitest'
import type { Probe } from '../../../src/contract/probe.ts'
import { probeSchema } from '../../../src/contract/probe.ts'
import { lacksWeights, probeRows, realProblems } from '../../../src/contract/probe-words.ts'
import { newerCuda, runsOn } from '../../../src/engine/runs/cuda-versions.ts'
import { judgeProbe } from '../../../src/engine/runs/probe-judge.ts'
import { readProbe } from '../../../src/engine/runs/probe-records.ts'

const mark = 'hawser-1'
const card = '0, 550.54.14, 81559, 81000, 9.0, NVIDIA H100 80GB HBM3'
const driver = [
	`smi-device ${card}`,
	'smi-cuda 12.4',
	'smi 0',
	'folder /home/ada/nt-gpu',
	'kind venv /home/ada/nt/.venv/bin/python',
]
const python = { part: 'python', path: '/home/ada/nt/.venv/bin/python', version: '3.12.3' }
const torch = { part: 'torch', version: '2.9.0', cuda: '12.8', hip: null, available: true, archs: ['sm_90'] }
const ended = [{ part: 'end', how: 'exit', code: 0, during: 'tirex', said: '' }]

/** What was printed, from lines and JSON. */
const printed = (...lines: (string | object)[]) =>
	lines.map((line) => `${mark} ${typeof line === 'string' ? line : JSON.stringify(line)}`).join('\n')
const judged = (...lines: (string | object)[]): Probe => ({
	workstation: 'lab',
	project: 'nt',
	...judgeProbe(readProbe(printed(...lines), mark), 5),
})
const codes = (probe: Probe) => probe.problems.map(({ code }) => code)
const rowsOf = (probe: Probe) =>
	Object.fromEntries(probeRows(probe).map(({ name, verdict }) => [name, verdict]))

describe('reading what a probe printed', () => {
	test('lines without the mark, of the wrong shape or cut off are skipped', () => {
		const found = readProbe(
			[
				'{"part":"torch","version":"spoiled"}',
				'hawser-2 {"part":"torch","version":"spoiled"}',
				`motd ends here: ${mark} ${JSON.stringify(python)}`,
				`${mark} {"part":"torch","version":7}`,
				`${mark} {"part":"unheard-of"}`,
				`${mark} {"part":"torch","ver`,
				`${mark} kind brew /opt/python`,
				`${mark} smi what`,
				`${mark} end -1`,
				`${mark} null`,
				`${mark} `,
			].join('\n'),
			mark,
		)
		expect(found).toMatchObject({ python: { version: '3.12.3' }, torch: null, found: null, code: null })
	})

	test('a part that speaks twice is one answer', () => {
		const first = { part: 'tirex', version: '1.4.2', weights: true, forecast: null }
		const { tirex } = readProbe(printed(first, { part: 'tirex', error: 'RuntimeError: no room' }), mark)
		expect(tirex).toMatchObject({ version: '1.4.2', error: 'RuntimeError: no room' })
	})

	test('every answer fits its schema, however little was printed', () => {
		const whole = [...driver, 'said tail', python, torch, ...ended, 'end 0']
		for (let count = 0; count <= whole.length; count++)
			expect(() => probeSchema.parse(judged(...whole.slice(0, count)))).not.toThrow()
	})
})

describe('judging it', () => {
	test('nothing is wrong', () => {
		const multiply = { part: 'multiply', agrees: true, error: 2e-7, ms: 0.4 }
		const devices = {
			part: 'devices',
			devices: [{ index: 0, name: 'H100', capability: '9.0', total: 85e9, free: null }],
		}
		const forecast = { finite: true, ms: 31.7, device: 'cuda:0' }
		const tirex = { part: 'tirex', version: '1.4.2', weights: true, forecast }
		const probe = judged(...driver, python, torch, devices, multiply, tirex, ...ended, 'end 0')
		expect(probe.problems).toEqual([])
		expect(probeRows(probe).map(({ name, finding }) => `${name}: ${finding}`)).toEqual([
			'Python: 3.12.3 · virtual environment · /home/ada/nt/.venv/bin/python',
			'Driver: 550.54.14 · up to CUDA 12.4',
			'GPU 0: H100 · capability 9.0 · 79.2 GiB',
			'PyTorch: 2.9.0 · for CUDA 12.8 · sees the GPU',
			'Multiply: as on the CPU · differs by 2.0e-7 · 0.4 ms',
			'TiRex: 1.4.2 · forecast fine · 32 ms on cuda:0',
		])
		expect(new Set(Object.values(rowsOf(probe)))).toEqual(new Set(['ok']))
	})

	test('a GPU without TiRex or torch: unused, not failing', () => {
		const without = judged(...driver, python, { part: 'torch', missing: true }, ...ended, 'end 0')
		expect(codes(without)).toEqual(['torch-missing'])
		expect(realProblems(without)).toEqual([])
		expect(rowsOf(without)).toMatchObject({ PyTorch: 'unused', Driver: 'ok' })
		expect(rowsOf(without)).not.toHaveProperty('TiRex')
		const tirex = { part: 'tirex', version: '1.4.2', weights: false, forecast: null }
		const noWeights = judged(...driver, python, torch, tirex, ...ended, 'end 0')
		expect([codes(noWeights), rowsOf(noWeights).TiRex, lacksWeights(noWeights)]).toEqual([[], 'unused', true])
	})

	test.each([
		['12.8', '12.4', undefined, 'torch-driver-old'],
		['12.4', '12.8', undefined, 'torch-failed'],
		['13.0', '12.4', 'No CUDA GPUs are available', 'torch-failed'],
		['12.4', '12.8', 'CUDA driver version is insufficient for CUDA runtime version', 'torch-driver-old'],
	])('built for %s, a driver for %s, saying %s: %s', (build, can, reason, code) => {
		const lines = driver.map((line) => line.replace('smi-cuda 12.4', `smi-cuda ${can}`))
		const blind = { ...torch, cuda: build, available: false, reason }
		expect(codes(judged(...lines, python, blind, ...ended))).toEqual([code])
	})

	test('what torch says of the driver’s CUDA stands in for a driver that does not', () => {
		const said = 'The NVIDIA driver on your system is too old (found version 11040).'
		const lines = driver.filter((line) => !line.startsWith('smi-cuda'))
		const [worst] = judged(...lines, python, { ...torch, available: false, reason: said }, ...ended).problems
		expect(worst).toMatchObject({ code: 'torch-driver-old', facts: { cuda: '11.4' } })
	})

	test('a second card that the build has no code for is found, and the first one’s work is believed', () => {
		const two = [0, 1].map((index) => ({
			index,
			name: `card ${index}`,
			capability: '7.0',
			total: 1,
			free: 1,
		}))
		const multiply = { part: 'multiply', agrees: true, error: 0, ms: 1 }
		const [worst] = judged(
			...driver,
			python,
			torch,
			{ part: 'devices', devices: two },
			multiply,
			...ended,
		).problems
		expect(worst).toMatchObject({
			code: 'torch-no-capability',
			facts: { device: 'card 1', capability: '7.0' },
		})
	})

	test('ROCm has neither NVIDIA’s tool nor its capabilities', () => {
		const rocm = { ...torch, cuda: null, hip: '6.4', archs: ['gfx942'] }
		const devices = {
			part: 'devices',
			devices: [{ index: 0, name: 'MI300X', capability: '9.4', total: 1, free: 1 }],
		}
		const multiply = { part: 'multiply', agrees: true, error: 1e-7, ms: 1 }
		const probe = judged('smi 127', python, rocm, devices, multiply, ...ended)
		expect([probe.problems, probe.torch?.build, rowsOf(probe).Driver]).toEqual([[], 'ROCm 6.4', 'unused'])
	})

	test('Python that ended before it said anything tells why', () => {
		const found = 'kind plain /usr/bin/python3'
		const words = (...lines: string[]) => judged(...lines).problems[0]
		expect(words(found, 'said libpython3.so is missing', 'end 127')).toMatchObject({
			code: 'python-failed',
			facts: { command: '/usr/bin/python3', said: 'libpython3.so is missing' },
		})
		expect(words(found, 'said ', 'end 3')?.facts.said).toBe('nothing, with exit code 3')
		expect(words('said ', 'end 124')).toMatchObject({
			code: 'python-failed',
			facts: { said: 'nothing in time' },
		})
		expect(words('folder /nt', 'kind none', 'said ', 'end 0')).toMatchObject({
			code: 'python-missing',
			facts: { folder: '/nt' },
		})
	})

	test('a card whose numbers are not there is unknown, not zero', () => {
		const lines = driver.with(0, 'smi-device 0, 580.95.05, [N/A], [N/A], 12.1, NVIDIA GB10, rev. 2')
		expect(judged(...lines).devices).toEqual([
			{
				index: 0,
				name: 'NVIDIA GB10, rev. 2',
				capability: '12.1',
				memoryTotalMiB: null,
				memoryFreeMiB: null,
			},
		])
	})
})

describe('versions of CUDA and of cards', () => {
	test.each([
		['12.8', '12.4', true],
		['12.4', '12.4', false],
		['9.2', '12.4', false],
		['13.0', '12.9', true],
		['12.10', '12.9', true],
	])('CUDA %s is newer than %s: %s', (one, other, newer) => {
		expect(newerCuda(one, other)).toBe(newer)
	})

	test.each([
		[['sm_80'], '8.6', true],
		[['sm_86'], '8.0', false],
		[['sm_80'], '9.0', false],
		[['sm_80', 'compute_80'], '12.0', true],
		[['sm_90a'], '9.0', true],
		[['sm_90a'], '9.1', false],
		[['sm_100f'], '10.3', true],
		[['sm_120'], '12.0', true],
		[['compute_90'], '8.9', false],
		[['gfx90a', 'rubbish'], '9.0', false],
	])('%s on a card of %s: %s', (archs, capability, runs) => {
		expect(runsOn(archs, capability)).toBe(runs)
	})
})
