import type { GpuDevice, GpuProcess, GpuState, Reading } from '../../contract/state.ts'
import { problem } from '../problems.ts'
import { type RecordItem, recordsOf } from '../remote/record-lines.ts'

type GpuRecord = Extract<RecordItem, { kind: 'record' }>

/** The exit code of `limited` in lib.sh for a command that took too long. */
const tooLate = 124
/** NVML's codes for a driver that is not there, not fitting or not answering, and a card that needs help. */
const driverCodes = new Set([4, 9, 12, 15, 16, 18, 126, 255])

/**
 * The GPU as the last record in a script's output tells it; `unknown` when there is none. `simulated` is
 * false: the workstation's owner knows better.
 */
export function parseGpuRecords(output: string, at: number): GpuState {
	const records = recordsOf(output, ['gpu']).filter((item) => item.kind === 'record')
	const last = records.at(-1)
	return last ? gpuOf(last, at) : { status: 'unknown' }
}

/** What `gpu_record` of lib.sh printed, as a state. Never throws: what cannot be read is said. */
export function gpuOf(record: GpuRecord, at: number): GpuState {
	const all = (key: string) => record.fields.filter(([name]) => name === key).map(([, value]) => value)
	const code = /^\d+$/.test(record.end) ? Number(record.end) : -1
	const said = all('said')
	const lines = all('device')
	const complaint = complaintOf(code, said.length > 0 ? said : lines)
	if (complaint) return { status: 'absent', at, problem: complaint }
	const fields = (all('fields')[0] ?? '').split(',')
	const devices = lines.flatMap((line) => deviceOf(fields, line) ?? [])
	const [first] = lines
	if (devices.length === 0 && first !== undefined)
		return { status: 'absent', at, problem: problem('gpu-unreadable', { reason: first.slice(0, 200) }) }
	if (devices.length === 0) return { status: 'absent', at, problem: problem('gpu-none', {}) }
	const processes = all('process').flatMap((line) => processOf(line) ?? [])
	return { status: 'read', at, simulated: false, devices, processes }
}

function complaintOf(code: number, said: string[]) {
	const words = said.join(' ').trim().slice(0, 300)
	const reason = (words || `nothing, with exit code ${code}`).replace(/\.$/, '')
	if (code === 127) return problem('gpu-no-tool', {})
	if (code === tooLate) return problem('gpu-no-driver', { reason: 'nothing within 10 s' })
	if (code === 6 || /no devices were found/i.test(words)) return problem('gpu-none', {})
	// Older drivers complain with code 0.
	if (driverCodes.has(code) || /NVIDIA-SMI has failed|Failed to initialize NVML/i.test(words))
		return problem('gpu-no-driver', { reason })
	return code === 0 ? null : problem('gpu-unreadable', { reason })
}

/** A cell of nvidia-smi: a number, or the words in its place without their brackets. */
export function readingOf(cell: string | undefined): Reading {
	const text = (cell ?? '').trim()
	if (/^-?\d+(\.\d+)?$/.test(text)) return { value: Number(text) }
	const words = text.replace(/^\[(.*)\]$/, '$1').slice(0, 60)
	return { missing: words === '' ? 'unknown' : words }
}

/** Cells of a line; the last of `count` takes what is left, commas too. Null when there are too few. */
function cellsOf(line: string, count: number): string[] | null {
	const cells = line.split(',')
	if (cells.length < count) return null
	return [...cells.slice(0, count - 1), cells.slice(count - 1).join(',')].map((cell) => cell.trim())
}

function deviceOf(fields: string[], line: string): GpuDevice | null {
	const cells = cellsOf(line, fields.length)
	const cell = (name: string) => (fields.includes(name) ? cells?.[fields.indexOf(name)] : undefined)
	const index = cell('index') ?? ''
	const name = cell('name')
	if (!/^\d+$/.test(index) || name === undefined) return null
	return {
		index: Number(index),
		uuid: cell('uuid') ?? '',
		name,
		driver: cell('driver_version') ?? '',
		utilisation: readingOf(cell('utilization.gpu')),
		memoryUsedMiB: readingOf(cell('memory.used')),
		memoryTotalMiB: readingOf(cell('memory.total')),
		temperature: readingOf(cell('temperature.gpu')),
		power: readingOf(cell('power.draw')),
		powerLimit: readingOf(cell('power.limit')),
	}
}

function processOf(line: string): GpuProcess | null {
	const [pid, gpu, memory, name] = cellsOf(line, 4) ?? []
	if (pid === undefined || gpu === undefined || name === undefined || !/^\d+$/.test(pid)) return null
	return { pid: Number(pid), name, gpu, memoryMiB: readingOf(memory) }
}
