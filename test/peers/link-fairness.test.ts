import { describe, expect, test } from 'vitest'
import type { Link } from '../../src/engine/link/link.ts'
import { faultBed, pour } from './link-faults-bed.ts'
import { until } from './linked.ts'
import { sshdMissing } from './sshd.ts'

/**
 * How long small things take beside big ones, on a line of 12.5 MB/s and 30 ms there and back. The line's own queue is
 * under 80 KiB (7 ms); beside it count the buffers of both kernels, which are larger on loopback than on a real line.
 */

const bytesPerSecond = 12_500_000
const oneWayMs = 15
const samples = 8
/** How much longer a probe may take, in the middle of all; `npm run bench` tells the worst. */
const mostMs = 100

const loads: Record<string, (link: Link) => Promise<void>> = {
	nothing: async () => {},
	'a followed log': async (link) => {
		const remote = await link.exec('while :; do echo "loss 0.1"; sleep 0.01; done')
		remote.stdout.resume()
	},
	'a big upload': async (link) => pour((await link.exec('cat >/dev/null')).stdin),
	'a big download': async (link) => void (await link.exec('cat /dev/zero')).stdout.resume(),
	'all of them': async (link) => {
		for (const name of ['a followed log', 'a big upload', 'a big download']) await loads[name]?.(link)
	},
}

const middle = (values: number[]) =>
	values.sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0

/** The next round trips of the link's own probe, ms. */
function probes(link: Link): Promise<number[]> {
	const latencies: number[] = []
	return new Promise((resolve) => {
		const stop = link.onState((state) => {
			if (state.status !== 'up' || state.latencyMs === null) return
			latencies.push(state.latencyMs)
			if (latencies.length < samples) return
			stop()
			resolve(latencies)
		})
	})
}

describe.skipIf(sshdMissing)(`on one link${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`, () => {
	test.each(['ssh2', 'openssh'] as const)('a probe beside big transfers, over %s', async (transport) => {
		const bed = await faultBed(oneWayMs, { transport })
		const rows: Record<string, Record<string, string>> = {}
		const medians: Record<string, number> = {}
		for (const [name, load] of Object.entries(loads)) {
			const link = bed.link({ keepalive: { intervalMs: 100, count: 200 } })
			link.connect()
			await until(link, (state) => state.status === 'up' && state.latencyMs !== null)
			bed.proxy.bytesPerSecond = bytesPerSecond
			const from = { up: bed.proxy.passed('up'), down: bed.proxy.passed('down'), at: performance.now() }
			await load(link)
			const latencies = await probes(link)
			const seconds = (performance.now() - from.at) / 1000
			const rate = (direction: 'up' | 'down') =>
				`${((bed.proxy.passed(direction) - from[direction]) / seconds / 1e6).toFixed(1)} MB/s`
			medians[name] = middle(latencies)
			rows[name] = {
				'median, ms': medians[name].toFixed(0),
				'worst, ms': Math.max(...latencies).toFixed(0),
				up: rate('up'),
				down: rate('down'),
			}
			bed.proxy.bytesPerSecond = null
			await link.dispose()
		}
		console.table(rows)
		for (const [name, ms] of Object.entries(medians))
			expect(ms - (medians.nothing ?? 0), `a probe beside ${name}`).toBeLessThanOrEqual(mostMs)
	})
})
