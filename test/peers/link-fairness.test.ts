import { describe, expect, test } from 'vitest'
import type { Link } from '../../src/engine/link/link.ts'
import { faultBed, pour } from './link-faults-bed.ts'
import { result, until } from './linked.ts'
import { sshdMissing } from './sshd.ts'

/**
 * How long small things take beside big ones, on a line of 12.5 MB/s and 30 ms there and back. The line's own queue is
 * under 80 KiB (7 ms); beside it count the buffers of both kernels, which are larger on loopback than on a real line.
 */

const bytesPerSecond = 12_500_000
const oneWayMs = 15
const samples = 15
/** How much longer a probe may take, in the middle of all. */
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

/** The link's own probe and a small command, each as often as `samples`: median and worst, ms. */
async function measure(link: Link): Promise<{ probe: number[]; command: number[] }> {
	const probe: number[] = []
	const stop = link.onState((state) => {
		if (state.status === 'up' && state.latencyMs !== null) probe.push(state.latencyMs)
	})
	const command: number[] = []
	for (let round = 0; round < samples; round++) {
		const start = performance.now()
		expect(await result(await link.exec('true'))).toMatchObject({ code: 0 })
		command.push(performance.now() - start)
	}
	stop()
	return { probe, command }
}

describe.skipIf(sshdMissing)(`on one link${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`, () => {
	test('a probe and a small command beside big transfers', async () => {
		const bed = await faultBed(oneWayMs)
		const rows: Record<string, Record<string, string>> = {}
		const probes: Record<string, number> = {}
		for (const [name, load] of Object.entries(loads)) {
			const link = bed.link({ keepalive: { intervalMs: 200, count: 100 } })
			link.connect()
			await until(link, (state) => state.status === 'up' && state.latencyMs !== null)
			bed.proxy.bytesPerSecond = bytesPerSecond
			await load(link)
			// Until the buffers are as full as they get.
			await new Promise((done) => setTimeout(done, 1500))
			const from = [bed.proxy.passed('up'), bed.proxy.passed('down'), performance.now()] as const
			const { probe, command } = await measure(link)
			const seconds = (performance.now() - from[2]) / 1000
			const rate = (direction: 'up' | 'down', before: number) =>
				`${((bed.proxy.passed(direction) - before) / seconds / 1e6).toFixed(1)} MB/s`
			const figures = (values: number[]) =>
				`median ${middle(values).toFixed(0)}, worst ${Math.max(...values).toFixed(0)} of ${values.length}`
			probes[name] = middle(probe)
			rows[name] = {
				'probe, ms': figures(probe),
				'exec true, ms': figures(command),
				up: rate('up', from[0]),
				down: rate('down', from[1]),
			}
			bed.proxy.bytesPerSecond = null
			await link.dispose()
		}
		console.table(rows)
		for (const [name, ms] of Object.entries(probes))
			expect(ms - (probes.nothing ?? 0), `a probe beside ${name}`).toBeLessThanOrEqual(mostMs)
	})
})
