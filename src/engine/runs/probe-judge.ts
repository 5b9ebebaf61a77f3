import type { Probe } from '../../contract/probe.ts'
import type { Problem } from '../../contract/problem.ts'
import { gpuOf } from '../gpu/gpu-records.ts'
import { problem } from '../problems.ts'
import { newerCuda, runsOn } from './cuda-versions.ts'
import type { ProbeRecords } from './probe-records.ts'

type Found = Omit<Probe, 'workstation' | 'project'>

/** What was read as an answer: the parts, and what is wrong with its usual cause, worst first. Pure. */
export function judgeProbe(records: ProbeRecords, at: number): Found {
	const driver = driverOf(records)
	const { python, torch, tirex, multiply } = records
	const found: Found = {
		at,
		python: python && { ...python, kind: records.found?.kind ?? 'plain' },
		driver,
		torch:
			torch?.version === undefined
				? null
				: { version: torch.version, build: buildOf(torch), available: torch.available ?? false },
		devices: devicesOf(records),
		multiply:
			multiply?.agrees === undefined
				? null
				: { agrees: multiply.agrees, error: numberOf(multiply.error), ms: multiply.ms ?? 0 },
		tirex:
			tirex?.version === undefined
				? null
				: { version: tirex.version, weights: tirex.weights ?? false, forecast: tirex.forecast ?? null },
		problems: [],
	}
	const problems = [pythonProblem(records), ...gpuProblems(records, found), tirexProblem(records)]
	return { ...found, problems: problems.filter((each) => each !== null) }
}

const numberOf = (value: unknown) => (typeof value === 'number' ? value : null)

function buildOf({ cuda, hip }: NonNullable<ProbeRecords['torch']>): string | null {
	if (cuda) return `CUDA ${cuda}`
	return hip ? `ROCm ${hip}` : null
}

// --- the driver and its devices ---

/** Cells: index, driver's version, memory in all and free in MiB, capability, name; the last may hold commas. */
function smiDevices({ smi }: ProbeRecords) {
	return smi.devices.flatMap((line) => {
		const cells = line.split(',').map((cell) => cell.trim())
		const [index = '', version = '', total, free, capability = ''] = cells
		if (cells.length < 6 || !/^\d+$/.test(index)) return []
		const mebibytes = (cell = '') => (/^\d+(\.\d+)?$/.test(cell) ? Number(cell) : null)
		return {
			version,
			device: {
				index: Number(index),
				name: cells.slice(5).join(', '),
				capability: /^\d+\.\d+$/.test(capability) ? capability : null,
				memoryTotalMiB: mebibytes(total),
				memoryFreeMiB: mebibytes(free),
			},
		}
	})
}

function driverOf(records: ProbeRecords): Probe['driver'] {
	const version = smiDevices(records)[0]?.version
	return version ? { version, cuda: records.smi.cuda } : null
}

const bytesInMiB = 1024 * 1024

function devicesOf(records: ProbeRecords): Probe['devices'] {
	const seen = records.devices?.devices
	if (!seen) return smiDevices(records).map(({ device }) => device)
	return seen.map(({ index, name, capability, total, free }) => ({
		index,
		name,
		capability,
		memoryTotalMiB: total / bytesInMiB,
		memoryFreeMiB: free === null ? null : free / bytesInMiB,
	}))
}

// --- what is wrong ---

/** How the work ended during these parts, when it did not come to its own end. */
function breakOff({ end, code, said }: ProbeRecords, parts: readonly string[]): string | null {
	if (!end) return parts.includes('start') ? (code === 124 ? 'nothing in time' : lastOf(said, code)) : null
	if (!parts.includes(end.during)) return null
	const last = end.said ? `: ${end.said}` : ''
	if (end.how === 'late') return `nothing in time${last}`
	if (end.how === 'signal') return `Python was ended by signal ${end.code}${signalWords(end.code)}${last}`
	return end.code === 0 ? null : `Python ended with exit code ${end.code}${last}`
}

const signalWords = (signal = 0) =>
	({ 4: ' (illegal instruction)', 6: ' (abort)', 9: ' (killed: no memory?)', 11: ' (segmentation fault)' })[
		signal
	] ?? ''

const lastOf = (said: string, code: number | null) => said || `nothing, with exit code ${code ?? 'unknown'}`

/** The first line of what an exception says; torch adds advice to it. */
const firstLine = (text: string) => text.split('\n', 1)[0]?.trim() ?? ''

function pythonProblem(records: ProbeRecords): Problem | null {
	if (records.python) return null
	const { found, folder, code, said } = records
	if (!found && code === 0) return problem('python-missing', { folder })
	const words = breakOff(records, ['start']) ?? lastOf(said, code)
	return problem('python-failed', { command: found?.command || 'The login shell', said: words })
}

/** Of the driver, PyTorch and the cards. One cause is told once. */
function gpuProblems(records: ProbeRecords, found: Found): (Problem | null)[] {
	const { torch, multiply, devices } = records
	const words = [...records.smi.said, torch?.reason, torch?.error, devices?.error, multiply?.error].filter(
		(each) => typeof each === 'string',
	)
	if (words.some((each) => /driver\/library version mismatch/i.test(each)))
		return [problem('torch-driver-mismatch', {}), missingTorch(records)]
	const gpu = found.torch?.available ? null : noGpu(records, found.at)
	return [gpu, torchProblem(records, found, gpu !== null), missingTorch(records)]
}

function missingTorch({ torch, python }: ProbeRecords): Problem | null {
	return torch?.missing ? problem('torch-missing', { python: python?.path ?? '' }) : null
}

function noGpu({ smi }: ProbeRecords, at: number): Problem | null {
	if (smi.code === 0 && smi.devices.length > 0) return null
	const said = smi.said.map((line): [string, string] => ['said', line])
	const gpu = gpuOf({ kind: 'record', name: 'gpu', id: '1', fields: said, end: String(smi.code) }, at)
	return gpu.status === 'absent' ? gpu.problem : null
}

function torchProblem(records: ProbeRecords, found: Found, withoutGpu: boolean): Problem | null {
	const { torch, multiply, devices } = records
	const failed = (said: string) => problem('torch-failed', { said: firstLine(said) })
	if (torch?.missing) return null
	if (torch?.error !== undefined) return failed(torch.error)
	const broken = breakOff(records, ['torch', 'devices', 'multiply'])
	if (!torch || !found.torch) return broken === null ? null : failed(broken)
	// Without a GPU there is nothing that it could use.
	if (!found.torch.available && withoutGpu) return null
	if (found.torch.build === null)
		return problem('torch-cpu-only', { version: found.torch.version, cuda: found.driver?.cuda ?? '' })
	const error = typeof multiply?.error === 'string' ? multiply.error : devices?.error
	if (!found.torch.available || error !== undefined) {
		const old = oldDriver(records, found, `${torch.reason ?? ''}\n${error ?? ''}`)
		if (old) return old
	}
	if (!found.torch.available) return failed(unseen(torch))
	const uncovered = withoutCode(records, found, error)
	if (uncovered) return uncovered
	if (error !== undefined) return failed(error)
	if (broken !== null) return failed(broken)
	if (found.multiply && !found.multiply.agrees)
		return problem('torch-wrong-result', { error: found.multiply.error ?? 'values that are no numbers' })
	return null
}

function unseen({ reason, hidden }: NonNullable<ProbeRecords['torch']>): string {
	// An empty list, or one that begins with -1, shows no card at all.
	if (typeof hidden === 'string' && /^\s*(-1|$)/.test(hidden))
		return `CUDA_VISIBLE_DEVICES is “${hidden}”, which hides every card`
	return reason || 'torch.cuda.is_available() is False, without a reason'
}

/**
 * Within a major version an older driver runs newer builds, so it is only to blame where something fails; torch says
 * it itself, with the driver's CUDA as 12040.
 */
function oldDriver({ torch }: ProbeRecords, found: Found, words: string): Problem | null {
	const told =
		/driver on your system is too old(?: \(found version (\d+)\))?|driver version is insufficient/i.exec(
			words,
		)
	const number = Number(told?.[1] ?? Number.NaN)
	const saidCuda = number ? `${Math.floor(number / 1000)}.${Math.floor((number % 1000) / 10)}` : null
	const cuda = found.driver?.cuda ?? saidCuda
	const newer = Boolean(torch?.cuda && cuda && newerCuda(torch.cuda, cuda))
	// Where torch says another reason, the versions say nothing.
	if (!told && !(newer && !words.trim())) return null
	return problem('torch-driver-old', {
		build: torch?.cuda ?? '',
		driver: found.driver?.version ?? '',
		cuda: cuda ?? '',
	})
}

/** A card that this build has no code for. What multiplied rightly has code, whatever the lists say. */
function withoutCode({ torch }: ProbeRecords, found: Found, error: string | undefined): Problem | null {
	const archs = torch?.archs ?? []
	const told = error !== undefined && /no kernel image is available/i.test(error)
	if (torch?.hip && !told) return null
	const worked = found.multiply !== null
	const device = found.devices.find(
		({ index, capability }) =>
			(told && index === 0) ||
			(!(worked && index === 0) && capability !== null && archs.length > 0 && !runsOn(archs, capability)),
	)
	if (!device) return null
	return problem('torch-no-capability', {
		device: device.name,
		capability: device.capability ?? '',
		built: archs,
	})
}

function tirexProblem(records: ProbeRecords): Problem | null {
	const { tirex, torch, python } = records
	if (!torch || torch.missing || torch.error !== undefined) return null
	if (tirex?.missing) return problem('tirex-missing', { python: python?.path ?? '' })
	const failed = (said: string) => problem('tirex-failed', { said })
	if (tirex?.error !== undefined) return failed(firstLine(tirex.error))
	if (tirex?.forecast && !tirex.forecast.finite) return problem('tirex-not-finite', {})
	const broken = breakOff(records, ['tirex'])
	return broken === null ? null : failed(broken)
}
