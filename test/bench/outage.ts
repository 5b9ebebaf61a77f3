import { setTimeout as sleep } from 'node:timers/promises'
import type { Link } from '../../src/engine/link/link.ts'
import { createLink } from '../../src/engine/link/live-link.ts'
import type { Bed } from './bed.ts'
import { type Holder, hold, onPath } from './plain-tools.ts'
import { quantile, type Row } from './row.ts'

/** A line that breaks and comes back: our link with its defaults beside what people use, all on the same line at once. */

interface Outage {
	name: string
	rounds: number
	/** How long it lasts, ms. */
	lastsMs: number
	start(bed: Bed): Promise<void>
	end(bed: Bed): Promise<void>
	/** Of our own figures, ms. */
	bar: { found: number; usable: number }
}

const outages: Outage[] = [
	{
		name: 'dead line for 15 s (nothing passes, nothing is reset)',
		rounds: 3,
		lastsMs: 15_000,
		start: ({ line }) => line.stall(),
		end: ({ line }) => line.resume(),
		bar: { found: 10_000, usable: 1000 },
	},
	{
		name: 'connections reset, the line is good',
		rounds: 3,
		lastsMs: 0,
		start: ({ line }) => line.reset(),
		end: async () => {},
		bar: { found: 1000, usable: 2000 },
	},
	{
		name: 'connections reset and the port closed for 5 s',
		rounds: 3,
		lastsMs: 5000,
		start: async ({ line }) => {
			await Promise.all([line.refuse(), line.reset()])
		},
		end: ({ line }) => line.listen(),
		bar: { found: 1000, usable: 5000 },
	},
]

/** Our link as one more tool that holds a line. */
async function holdLink(bed: Bed): Promise<Holder> {
	const link = createLink({ name: 'lab', ssh: bed.ssh, env: { ...process.env, SSH_AUTH_SOCK: undefined } })
	link.connect()
	await link.whenUp(30_000)
	return {
		noticed: () => leaves(link),
		usable: async () => {
			while (!(await answers(link)));
			return performance.now()
		},
		stop: () => link.dispose(),
	}
}

/** Whether a command works, as soon as it is up. */
async function answers(link: Link): Promise<boolean> {
	await link.whenUp(120_000)
	try {
		const remote = await link.exec('true')
		remote.stdin.end()
		remote.stdout.resume()
		return (await remote.exit).code === 0
	} catch {
		return false
	}
}

function leaves(link: Link): Promise<number> {
	return new Promise((done) => {
		const stop = link.onState(({ status }) => {
			if (status === 'up') return
			stop()
			done(performance.now())
		})
	})
}

interface Figures {
	found: number[]
	usable: number[]
}

async function measure(
	bed: Bed,
	outage: Outage,
	holders: Record<string, Holder>,
): Promise<Record<string, Figures>> {
	const figures: Record<string, Figures> = {}
	for (const name of Object.keys(holders)) figures[name] = { found: [], usable: [] }
	for (let round = 0; round < outage.rounds; round++) {
		await Promise.all(Object.values(holders).map((one) => one.usable()))
		// Anywhere between two questions of the keep-alives; long enough that nobody counts it as a failed start.
		await sleep(11_000 + (3000 * round) / outage.rounds)
		const began = performance.now()
		const found = Object.entries(holders).map(async ([name, one]) => {
			figures[name]?.found.push((await one.noticed()) - began)
		})
		await outage.start(bed)
		await sleep(outage.lastsMs)
		await outage.end(bed)
		const ended = performance.now()
		// What has not noticed by then has nothing to recover from.
		await Promise.all(found)
		await Promise.all(
			Object.entries(holders).map(async ([name, one]) => {
				figures[name]?.usable.push((await one.usable()) - ended)
			}),
		)
	}
	return figures
}

/** Plain ssh is restarted by nobody: only how soon it ends is told. */
async function plainFound(bed: Bed, outage: Outage): Promise<number> {
	const holder = await hold(bed, 'ssh')
	try {
		await holder.usable()
		const began = performance.now()
		const noticed = holder.noticed()
		await outage.start(bed)
		const found = (await noticed) - began
		await outage.end(bed)
		return found
	} finally {
		await holder.stop()
	}
}

const seconds = (values: number[]) => `${(quantile(values, 0.5) / 1000).toFixed(1)} s`
const told = ({ found, usable }: Figures) =>
	`found ${seconds(found)}, usable ${seconds(usable)} after its end`

export async function outageRows(bed: Bed): Promise<Row[]> {
	const rows: Row[] = []
	for (const outage of outages) {
		const holders: Record<string, Holder> = { ours: await holdLink(bed) }
		// Without the gate time of 0 it gives up for good when its first ssh lives for less than 30 s.
		if (onPath('autossh')) holders.autossh = await hold(bed, 'autossh', { AUTOSSH_GATETIME: '0' })
		let figures: Record<string, Figures>
		try {
			figures = await measure(bed, outage, holders)
		} finally {
			for (const one of Object.values(holders)) await one.stop()
		}
		const { ours = { found: [], usable: [] }, autossh } = figures
		const plain = [
			autossh ? `autossh -M 0, alive 3 s × 2: ${told(autossh)}` : 'autossh is not installed',
			`ssh: found ${seconds([await plainFound(bed, outage)])}, nobody restarts it`,
		]
		if (outage.lastsMs > 10_000) plain.push('autossh by itself (-M port) asks every 600 s')
		const { bar } = outage
		rows.push({
			name: outage.name,
			ours: told(ours),
			plain: plain.join('; '),
			ratio: autossh ? quantile(ours.usable, 0.5) / quantile(autossh.usable, 0.5) : null,
			bar: `found ≤ ${bar.found / 1000} s, usable ≤ ${bar.usable / 1000} s`,
			met: Math.max(...ours.found) <= bar.found && quantile(ours.usable, 0.5) <= bar.usable,
		})
	}
	return rows
}
