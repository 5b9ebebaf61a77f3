import { defineConfig } from 'vitest/config'

/** One project a ring of tests; `npm test` runs them in this order and says what was skipped and why. */
export default defineConfig({
	test: {
		projects: [
			{ test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 10_000 } },
			{
				test: {
					name: 'peers',
					include: ['test/peers/**/*.test.ts'],
					testTimeout: 120_000,
					hookTimeout: 60_000,
				},
			},
			{
				test: {
					name: 'window',
					include: ['test/window/**/*.test.ts'],
					testTimeout: 120_000,
					hookTimeout: 120_000,
					fileParallelism: false,
				},
			},
			{
				test: {
					name: 'app',
					include: ['test/app/**/*.test.ts'],
					testTimeout: 120_000,
					hookTimeout: 120_000,
					fileParallelism: false,
				},
			},
		],
	},
})
