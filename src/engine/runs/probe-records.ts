import { z } from 'zod'

/** What probe.sh and probe.py printed, read. What is not ours, or not whole, is skipped. */
export interface ProbeRecords {
	/** nvidia-smi's exit code; 127: it is not there, 124: it said nothing in time. */
	smi: { code: number; said: string[]; devices: string[]; cuda: string | null }
	folder: string
	/** How Python was found and by which command; null: none was, or nothing was said. */
	found: { kind: 'settings' | 'venv' | 'conda' | 'uv' | 'plain'; command: string } | null
	python: z.infer<typeof pythonSchema> | null
	torch: z.infer<typeof torchSchema> | null
	devices: z.infer<typeof devicesSchema> | null
	multiply: z.infer<typeof multiplySchema> | null
	tirex: z.infer<typeof tirexSchema> | null
	/** How Python's work ended; null: nothing told it. */
	end: z.infer<typeof endSchema> | null
	/** The end of what was complained outside of that work, and the code it ended with (124: too late). */
	said: string
	code: number | null
}

const short = z.string().max(2000)
const pythonSchema = z.object({ path: short, version: short })
/** Whatever goes wrong in a part is its `error`: the exception's name and words. */
const failed = { error: short.optional(), missing: z.boolean().optional() }
const torchSchema = z.object({
	...failed,
	version: short.optional(),
	cuda: short.nullish(),
	hip: short.nullish(),
	available: z.boolean().optional(),
	archs: z.array(short).max(200).optional(),
	/** Why torch sees no GPU, in its own words. */
	reason: short.nullish(),
	/** CUDA_VISIBLE_DEVICES, where it is set. */
	hidden: short.nullish(),
})
const devicesSchema = z.object({
	...failed,
	devices: z
		.array(
			z.object({
				index: z.int(),
				name: short,
				capability: short,
				/** In bytes. */
				total: z.number(),
				free: z.number().nullable(),
			}),
		)
		.max(64)
		.optional(),
})
const multiplySchema = z.object({
	...failed,
	agrees: z.boolean().optional(),
	error: z.union([short, z.number()]).nullish(),
	ms: z.number().optional(),
})
const tirexSchema = z.object({
	...failed,
	version: short.optional(),
	weights: z.boolean().optional(),
	forecast: z.object({ finite: z.boolean(), ms: z.number(), device: short }).nullish(),
})
const endSchema = z.object({
	how: z.enum(['exit', 'signal', 'late']),
	code: z.int().optional(),
	during: short,
	said: short,
})

const schemas = {
	python: pythonSchema,
	torch: torchSchema,
	devices: devicesSchema,
	multiply: multiplySchema,
	tirex: tirexSchema,
	end: endSchema,
}
const partSchema = z.looseObject({ part: z.enum(['python', 'torch', 'devices', 'multiply', 'tirex', 'end']) })
const kindSchema = z.enum(['settings', 'venv', 'conda', 'uv', 'plain'])

/** Reads the lines that begin with `mark`; the others came from login shells and libraries. Never throws. */
export function readProbe(output: string, mark: string): ProbeRecords {
	const records: ProbeRecords = {
		smi: { code: 127, said: [], devices: [], cuda: null },
		folder: '',
		found: null,
		python: null,
		torch: null,
		devices: null,
		multiply: null,
		tirex: null,
		end: null,
		said: '',
		code: null,
	}
	for (const line of output.split('\n')) {
		// A shell that prints no line break at its end has our line follow on its own.
		const at = line.indexOf(`${mark} `)
		if (at < 0) continue
		const text = line.slice(at + mark.length + 1).trim()
		if (text.startsWith('{')) takeJson(records, text)
		else takeWord(records, text)
	}
	return records
}

function takeWord(records: ProbeRecords, text: string): void {
	const [, word = '', rest = ''] = /^(\S+) ?(.*)$/s.exec(text) ?? []
	const { smi } = records
	if (word === 'smi') smi.code = Number.parseInt(rest, 10) || 0
	else if (word === 'smi-said') smi.said.push(rest)
	else if (word === 'smi-device') smi.devices.push(rest)
	else if (word === 'smi-cuda') smi.cuda = rest
	else if (word === 'folder') records.folder = rest
	else if (word === 'said') records.said = rest
	else if (word === 'end') records.code = /^\d+$/.test(rest) ? Number(rest) : null
	else if (word === 'kind') {
		const [, kind, command = ''] = /^(\S+) ?(.*)$/s.exec(rest) ?? []
		const known = kindSchema.safeParse(kind)
		records.found = known.success ? { kind: known.data, command } : null
	}
}

function takeJson(records: ProbeRecords, text: string): void {
	let value: unknown
	try {
		value = JSON.parse(text)
	} catch {
		return
	}
	const part = partSchema.safeParse(value).data?.part
	if (part === undefined) return
	const parsed = schemas[part].safeParse(value)
	// A part may say first what is there and then what came of it.
	if (parsed.success) Object.assign(records, { [part]: { ...records[part], ...parsed.data } })
}
