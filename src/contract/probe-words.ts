import type { Probe } from './probe.ts'

/** A part of a probe's answer in a few words. The same in every face. */
export interface ProbeRow {
	name: string
	finding: string
	/** `unused`: not there or not asked, and nothing is wrong with that. */
	verdict: 'ok' | 'failing' | 'unused'
}

const kinds = {
	settings: 'from the settings',
	venv: 'virtual environment',
	conda: 'conda',
	uv: 'uv',
	plain: 'the login’s own',
} as const

/** The parts from Python to the forecast, each in one line. What is wrong with them is told by the problems. */
export function probeRows(probe: Probe): ProbeRow[] {
	const { python, driver, devices } = probe
	const row = (name: string, verdict: ProbeRow['verdict'], finding: string): ProbeRow => ({
		name,
		finding,
		verdict,
	})
	return [
		python
			? row('Python', 'ok', `${python.version} · ${kinds[python.kind]} · ${python.path}`)
			: row('Python', 'failing', 'none that answers'),
		driver
			? row('Driver', 'ok', `${driver.version}${driver.cuda ? ` · up to CUDA ${driver.cuda}` : ''}`)
			: row('Driver', says(probe, 'driver') ? 'failing' : 'unused', 'none that answers'),
		...devices.map((device) => row(`GPU ${device.index}`, 'ok', deviceWords(device))),
		...(python ? [torchRow(probe), multiplyRow(probe), tirexRow(probe)] : []),
	].filter((each) => each !== null)
}

const about = {
	driver: /^gpu-|^torch-driver-mismatch$/,
	torch: /^torch-(?!missing|wrong)/,
	tirex: /^tirex-(?!missing)/,
} as const

const says = ({ problems }: Probe, what: keyof typeof about) =>
	problems.some(({ code }) => about[what].test(code))

function deviceWords({ name, capability, memoryTotalMiB, memoryFreeMiB }: Probe['devices'][number]): string {
	const gib = (mebibytes: number) => (mebibytes / 1024).toFixed(1)
	const free = memoryFreeMiB === null ? '' : `${gib(memoryFreeMiB)} of `
	const memory =
		memoryTotalMiB === null ? null : `${free}${gib(memoryTotalMiB)} GiB${free === '' ? '' : ' free'}`
	return [name, capability && `capability ${capability}`, memory].filter(Boolean).join(' · ')
}

function torchRow(probe: Probe): ProbeRow {
	const { torch } = probe
	const failing = says(probe, 'torch')
	if (!torch)
		return {
			name: 'PyTorch',
			verdict: failing ? 'failing' : 'unused',
			finding: failing ? 'does not work' : 'not installed',
		}
	const build = torch.build ? `for ${torch.build}` : 'for the CPU only'
	const sees = torch.available ? 'sees the GPU' : 'sees no GPU'
	return {
		name: 'PyTorch',
		verdict: failing ? 'failing' : 'ok',
		finding: [torch.version, build, sees].join(' · '),
	}
}

function multiplyRow({ multiply }: Probe): ProbeRow | null {
	if (!multiply) return null
	const error = multiply.error === null ? 'no numbers' : `differs by ${multiply.error.toExponential(1)}`
	const verdict = multiply.agrees ? 'ok' : 'failing'
	const finding = `${multiply.agrees ? 'as on the CPU' : 'not as on the CPU'} · ${error} · ${ms(multiply.ms)}`
	return { name: 'Multiply', verdict, finding }
}

function tirexRow(probe: Probe): ProbeRow | null {
	const { tirex, torch } = probe
	const failing = says(probe, 'tirex')
	const name = 'TiRex'
	if (!tirex) {
		if (failing) return { name, verdict: 'failing', finding: 'does not work' }
		return torch ? { name, verdict: 'unused', finding: 'not installed' } : null
	}
	const version = tirex.version
	if (!tirex.forecast && !tirex.weights && !failing)
		return { name, verdict: 'unused', finding: `${version} · no forecast: its weights are not there` }
	if (!tirex.forecast) return { name, verdict: 'failing', finding: `${version} · no forecast` }
	const { finite, device } = tirex.forecast
	const finding = `${version} · forecast ${finite ? 'fine' : 'not made of numbers'} · ${ms(tirex.forecast.ms)} on ${device}`
	return { name, verdict: failing ? 'failing' : 'ok', finding }
}

const ms = (value: number) => (value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`)

/** Whether a forecast was left out only because TiRex's weights would have to be downloaded first. */
export const lacksWeights = ({ tirex, problems }: Probe) =>
	tirex?.weights === false && tirex.forecast === null && !problems.some(({ code }) => code === 'tirex-failed')

/** Not there, which is an ordinary answer: not every project needs them. */
const ordinary = new Set<Probe['problems'][number]['code']>(['torch-missing', 'tirex-missing'])

/** What is really wrong, worst first. */
export const realProblems = ({ problems }: Probe) => problems.filter(({ code }) => !ordinary.has(code))
