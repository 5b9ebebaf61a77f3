/** What `facts.sh` found on a workstation. */
export interface WorkstationFacts {
	/** Version lines by tool; a tool that is not there is absent. */
	tools: ReadonlyMap<string, string>
	/** Tools that are there and do not run: what they said instead. */
	broken: ReadonlyMap<string, string>
	/** The workstation's clock when it was asked, ms since the epoch; null when it did not say. */
	clock: number | null
	/** Space where the home lies, in KiB. `mount` empty: not known. */
	disk: { free: number; size: number; mount: string } | null
	/** `Linux x86_64` */
	system: string
	/** The login shell's name, such as `fish`, and what `/bin/sh` is there, such as `dash`; empty: not known. */
	shell: { login: string; sh: string }
}

/** As `facts.sh` cuts them, but for a path; another program may have answered in its place. */
const longest = 400
const shown = (text: string) => text.slice(0, longest).replace(/\p{C}/gu, '')

/** Pure. Lines that are not understood are left out: a login shell may print anything. */
export function parseWorkstationFacts(output: string): WorkstationFacts {
	const tools = new Map<string, string>()
	const broken = new Map<string, string>()
	let clock: number | null = null
	let disk: WorkstationFacts['disk'] = null
	let system = ''
	let shell = { login: '', sh: '' }
	for (const line of output.split('\n')) {
		const [kind, first = '', second = '', third = ''] = line.split('\t', 4).map(shown)
		if (kind === 'tool' && first !== '')
			if (third === '0') tools.set(first, second)
			else broken.set(first, third === '124' ? 'it does not answer' : second)
		else if (kind === 'clock' && /^\d{13}$/.test(first)) clock = Number(first)
		else if (kind === 'system') system = first
		else if (kind === 'shell') shell = { login: first, sh: second }
		else if (kind === 'disk' && /^\d{1,18}$/.test(first) && /^\d{1,18}$/.test(second))
			disk = { free: Number(first), size: Number(second), mount: third }
	}
	return { tools, broken, clock, disk, system, shell }
}
