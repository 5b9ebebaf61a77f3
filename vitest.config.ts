import { defineConfig } from 'vitest/config'

/** Where a condition is awaited: long enough for a busy machine. */
const patient = {
	setupFiles: ['test/patience.ts'],
	expect: { poll: { timeout: 20_000, interval: 20 } },
}

/** One project a ring of tests; `npm test` runs them in this order and says what was skipped and why. */
export default defineConfig({
	test: {
		// Most of the time a test waits for a peer: two at once, also on two cores.
		maxWorkers: 2,
		projects: [
			{ test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000, ...patient } },
			{
				test: {
					name: 'peers',
					include: ['test/peers/**/*.test.ts'],
					testTimeout: 120_000,
					...patient,
					hookTimeout: 60_000,
					// Their work is mostly done by others, and waiting for them.
					maxWorkers: 4,
					// These start thousands of processes, each by a copy of the worker's page tables: a small worker, quick starts.
					execArgv: ['--max-semi-space-size=2'],
				},
			},
			{
				test: {
					name: 'window',
					include: ['test/window/**/*.test.ts'],
					testTimeout: 120_000,
					...patient,
					hookTimeout: 120_000,
				},
			},
			{
				test: {
					name: 'app',
					include: ['test/app/**/*.test.ts'],
					testTimeout: 120_000,
					...patient,
					hookTimeout: 120_000,
					fileParallelism: false,
				},
			},
		],
	},
})
