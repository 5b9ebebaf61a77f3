/** What `facts.sh` found on a workstation. */
export interface WorkstationFacts {
	/** Version lines by tool; a tool that is not there is absent. */
	tools: ReadonlyMap<string, string>
	/** The workstation's clock, s since the epoch; null when it did not say. */
	clock: number | null
	/** Space where the home lies, in KiB. */
	disk: { free: number; size: number } | null
	/** `Linux x86_64` */
	system: string
}

/** Pure. Lines that are not understood are left out: a login shell may print anything. */
export function parseWorkstationFacts(output: string): WorkstationFacts {
	const tools = new Map<string, string>()
	let clock: number | null = null
	let disk: WorkstationFacts['disk'] = null
	let system = ''
	for (const line of output.split('\n')) {
		const [kind, first = '', second = ''] = line.split('\t')
		if (kind === 'tool' && first !== '') tools.set(first, second)
		else if (kind === 'clock' && /^\d{1,12}$/.test(first)) clock = Number(first)
		else if (kind === 'system') system = first
		else if (kind === 'disk' && /^\d{1,18}$/.test(first) && /^\d{1,18}$/.test(second))
			disk = { free: Number(first), size: Number(second) }
	}
	return { tools, clock, disk, system }
}
