import { describe, expect, test } from 'vitest'
import { parseGpuRecords, readingOf } from '../../../src/engine/gpu/gpu-records.ts'

const fields =
	'index,uuid,driver_version,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw,power.limit,name'

function record(lines: string[], code: number): string {
	return ['gpu.begin 1', ...lines, `gpu.end ${code}`, ''].join('\n')
}

const said = (text: string, code: number) => record([`gpu.said ${text}`], code)

describe('a reading of the GPU', () => {
	test('two cards, one of them with a comma in its name and cells without numbers', () => {
		const output = record(
			[
				`gpu.fields ${fields}`,
				'gpu.device 0, GPU-1a, 550.54.15, 97, 18211, 24564, 71, 412.34, 450.00, NVIDIA GeForce RTX 4090',
				'gpu.device 1, GPU-2b, 550.54.15, [N/A], [GPU requires reset], 81559, ERR!, [Not Supported], [Unknown Error], Card, with a comma',
				'gpu.process 4711, GPU-1a, 18000, python -c a, b',
				'gpu.process [N/A], GPU-1a, 1, hidden',
			],
			0,
		)
		expect(parseGpuRecords(`clock\t1\n${output}`, 42)).toEqual({
			status: 'read',
			at: 42,
			simulated: false,
			devices: [
				{
					index: 0,
					uuid: 'GPU-1a',
					name: 'NVIDIA GeForce RTX 4090',
					driver: '550.54.15',
					utilisation: { value: 97 },
					memoryUsedMiB: { value: 18211 },
					memoryTotalMiB: { value: 24564 },
					temperature: { value: 71 },
					power: { value: 412.34 },
					powerLimit: { value: 450 },
				},
				{
					index: 1,
					uuid: 'GPU-2b',
					name: 'Card, with a comma',
					driver: '550.54.15',
					utilisation: { missing: 'N/A' },
					memoryUsedMiB: { missing: 'GPU requires reset' },
					memoryTotalMiB: { value: 81559 },
					temperature: { missing: 'ERR!' },
					power: { missing: 'Not Supported' },
					powerLimit: { missing: 'Unknown Error' },
				},
			],
			processes: [{ pid: 4711, name: 'python -c a, b', gpu: 'GPU-1a', memoryMiB: { value: 18000 } }],
		})
	})

	test('fields that this driver does not know are missing, not zero', () => {
		const output = record(
			[
				'gpu.fields index,uuid,driver_version,utilization.gpu,memory.used,memory.total,temperature.gpu,name',
				'gpu.device 0, GPU-1a, 390.157, 3, 100, 2048, 40, Quadro K620',
			],
			0,
		)
		expect(parseGpuRecords(output, 1)).toMatchObject({
			devices: [{ power: { missing: 'unknown' }, powerLimit: { missing: 'unknown' }, name: 'Quadro K620' }],
		})
	})

	test.each([
		['no tool', record([], 127), 'gpu-no-tool'],
		['driver not loaded', said('NVIDIA-SMI has failed because it could not communicate', 9), 'gpu-no-driver'],
		['no library', said("NVIDIA-SMI couldn't find libnvidia-ml.so", 12), 'gpu-no-driver'],
		['mismatch', said('Failed to initialize NVML: Driver/library version mismatch', 18), 'gpu-no-driver'],
		['mismatch of an old driver', said('Failed to initialize NVML: Unknown Error', 255), 'gpu-no-driver'],
		['too late', record([], 124), 'gpu-no-driver'],
		['no devices', said('No devices were found', 6), 'gpu-none'],
		[
			'no devices, code 0',
			record([`gpu.fields ${fields}`, 'gpu.device No devices were found'], 0),
			'gpu-none',
		],
		['nothing at all', record([`gpu.fields ${fields}`], 0), 'gpu-none'],
		[
			'driver failure, code 0',
			record([`gpu.fields ${fields}`, 'gpu.device NVIDIA-SMI has failed because'], 0),
			'gpu-no-driver',
		],
		[
			'garbage',
			record([`gpu.fields ${fields}`, 'gpu.device <html>, 1, 2, 3, 4, 5, 6, 7, 8, 9'], 0),
			'gpu-unreadable',
		],
		['too few cells', record([`gpu.fields ${fields}`, 'gpu.device 0, GPU-1a'], 0), 'gpu-unreadable'],
		['another code', said('Field "x" is not a valid field to query.', 2), 'gpu-unreadable'],
		['no code', record([], Number.NaN), 'gpu-unreadable'],
	])('%s', (_, output, code) => {
		expect(parseGpuRecords(output, 7)).toMatchObject({ status: 'absent', at: 7, problem: { code } })
	})

	test('the reason is what the tool said', () => {
		const state = parseGpuRecords(said('Failed to initialize NVML: Driver/library version mismatch', 18), 1)
		expect(state.status === 'absent' && state.problem.facts.reason).toBe(
			'Failed to initialize NVML: Driver/library version mismatch',
		)
	})

	test('without a record, and with one that was cut off, nothing is known', () => {
		expect(parseGpuRecords('tool\tgit\t2\n', 1)).toEqual({ status: 'unknown' })
		expect(parseGpuRecords('gpu.begin 1\ngpu.device 0, a', 1)).toEqual({ status: 'unknown' })
	})

	test.each([
		['42', { value: 42 }],
		[' 42.50 ', { value: 42.5 }],
		['0', { value: 0 }],
		['[N/A]', { missing: 'N/A' }],
		['[Insufficient Permissions]', { missing: 'Insufficient Permissions' }],
		['', { missing: 'unknown' }],
		[undefined, { missing: 'unknown' }],
		['NaN', { missing: 'NaN' }],
	])('cell %s', (cell, reading) => {
		expect(readingOf(cell)).toEqual(reading)
	})
})
