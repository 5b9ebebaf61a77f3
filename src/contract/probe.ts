import { z } from 'zod'
import { problemSchema } from './problem.ts'

/**
 * What a probe found of the project's own Python and the GPU under it. A missing part is an answer: `null` with a
 * problem that says why and what to do, or `null` alone where nothing is wrong (it was not asked, since a part below it
 * is missing).
 */
export const probeSchema = z.object({
	workstation: z.string(),
	project: z.string(),
	at: z.number(),
	/** `kind`: how it was found; `settings` when the settings name it. Null: no Python was found, or it does not start. */
	python: z
		.object({
			path: z.string(),
			version: z.string(),
			kind: z.enum(['settings', 'venv', 'conda', 'uv', 'plain']),
		})
		.nullable(),
	/** The NVIDIA driver and the newest CUDA it can do, as the driver says; `cuda` is null when it does not say. */
	driver: z.object({ version: z.string(), cuda: z.string().nullable() }).nullable(),
	torch: z
		.object({
			version: z.string(),
			/** What it was built for, `CUDA 12.8` or `ROCm 6.4`; null: for the CPU only. */
			build: z.string().nullable(),
			/** Whether torch itself sees a GPU that it can use. */
			available: z.boolean(),
		})
		.nullable(),
	/** As torch sees them, else as the driver does. */
	devices: z.array(
		z.object({
			index: z.int(),
			name: z.string(),
			/** Compute capability, `9.0`; null when nothing says it. */
			capability: z.string().nullable(),
			memoryTotalMiB: z.number().nullable(),
			memoryFreeMiB: z.number().nullable(),
		}),
	),
	/**
	 * A matrix of 512 × 512 in 32 bit multiplied on the first GPU and on the CPU. `error`: the largest difference,
	 * relative to the largest value; null: the GPU's result holds values that are no numbers.
	 */
	multiply: z.object({ agrees: z.boolean(), error: z.number().nullable(), ms: z.number() }).nullable(),
	tirex: z
		.object({
			version: z.string(),
			/** Whether its weights (some 140 MB) lie on the workstation. A probe downloads them only when told to. */
			weights: z.boolean(),
			/** Null: it was not asked for a forecast since its weights are not there, or that failed. */
			forecast: z.object({ finite: z.boolean(), ms: z.number(), device: z.string() }).nullable(),
		})
		.nullable(),
	/** What is wrong, the usual cause and what to do, worst first. Empty: all that is there works. */
	problems: z.array(problemSchema),
})
export type Probe = z.infer<typeof probeSchema>
