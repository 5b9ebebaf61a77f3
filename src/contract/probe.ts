import { z } from 'zod'
import { problemSchema } from './problem.ts'

/**
 * What a probe found of the project's own Python and the GPU under it. A missing part is an answer: `null` with a
 * problem that says why and what to do, or `null` alone where nothing is wrong (no torch is needed, say).
 */
export const probeSchema = z.object({
	workstation: z.string(),
	project: z.string(),
	at: z.number(),
	/** `kind`: how it was found; `settings` when the settings name it. Null: no Python was found. */
	python: z
		.object({
			path: z.string(),
			version: z.string(),
			kind: z.enum(['settings', 'venv', 'conda', 'uv', 'plain']),
		})
		.nullable(),
	/** The NVIDIA driver and the newest CUDA it can do, as the driver says. */
	driver: z.object({ version: z.string(), cuda: z.string() }).nullable(),
	torch: z
		.object({
			version: z.string(),
			/** The CUDA (or ROCm) it was built for; null: a build for the CPU only. */
			build: z.string().nullable(),
			available: z.boolean(),
		})
		.nullable(),
	devices: z.array(
		z.object({
			index: z.int(),
			name: z.string(),
			/** Compute capability, `9.0`. */
			capability: z.string(),
			memoryTotalMiB: z.number(),
			memoryFreeMiB: z.number(),
		}),
	),
	/** A small matrix multiplied on the GPU and on the CPU. `error`: the largest difference, relative. */
	multiply: z.object({ agrees: z.boolean(), error: z.number(), ms: z.number() }).nullable(),
	tirex: z
		.object({
			version: z.string(),
			/** Null: it was not asked for a forecast (its weights are not there), or that failed. */
			forecast: z.object({ finite: z.boolean(), ms: z.number(), device: z.string() }).nullable(),
		})
		.nullable(),
	/** What is wrong, the usual cause and what to do, worst first. Empty: all that is there works. */
	problems: z.array(problemSchema),
})
export type Probe = z.infer<typeof probeSchema>
