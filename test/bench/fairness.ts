import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Link } from '../../src/engine/link/link.ts'
import { createLink } from '../../src/engine/link/live-link.ts'
import type { Bed } from './bed.ts'
import { ms, quantile, type Row, timed } from './row.ts'

/** What a big upload and a big download cost a small question on the same connection. */

const bytesPerSecond = 12_500_000
const questions = 40
const worstMs = 100

interface Delays {
	/** Of the link's own probe, from the first byte of the transfers on: worst of them over the idle median, ms. */
	probe: number
	/** Of `true`, in the middle, over the idle median, ms. */
	command: number
}

async function ours(bed: Bed, transport: 'ssh2' | 'openssh'): Promise<Delays> {
	const ssh = { ...bed.ssh, transport }
	const keepalive = { intervalMs: 100, count: 600 }
	const link = createLink({ name: 'lab', ssh, env: { ...process.env, SSH_AUTH_SOCK: undefined }, keepalive })
	try {
		link.connect()
		await link.whenUp(30_000)
		const idle = { probes: await probes(link, 10), commands: await timed(10, () => small(link)) }
		const up = await link.exec('cat >/dev/null')
		const down = await link.exec('cat /dev/zero')
		const measured = probes(link, questions)
		pour(up.stdin)
		down.stdout.resume()
		const [busy, commands] = [await measured, await timed(10, () => small(link))]
		return {
			probe: Math.max(...busy) - quantile(idle.probes, 0.5),
			command: quantile(commands, 0.5) - quantile(idle.commands, 0.5),
		}
	} finally {
		await link.dispose()
	}
}

function probes(link: Link, count: number): Promise<number[]> {
	const latencies: number[] = []
	return new Promise((resolve) => {
		const stop = link.onState((state) => {
			if (state.status !== 'up' || state.latencyMs === null) return
			if (latencies.push(state.latencyMs) < count) return
			stop()
			resolve(latencies)
		})
	})
}

async function small(link: Link): Promise<void> {
	const remote = await link.exec('true')
	remote.stdout.resume()
	await remote.exit
}

/** Writes for as long as somebody takes it. */
function pour(to: NodeJS.WritableStream): void {
	const piece = Buffer.alloc(64 * 1024)
	const more = () => {
		while (to.writable && to.write(piece));
	}
	to.on('error', () => {})
	to.on('drain', more)
	more()
}

/** The same by ssh itself: one master, and everything through it. */
async function plain(bed: Bed): Promise<number> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-mux-'))
	const path = join(folder, 's')
	const start = (stdio: 'ignore' | 'pipe', ...args: string[]) =>
		spawn('ssh', ['-S', path, ...args.slice(0, -1), ...bed.sshArgs, ...args.slice(-1)], {
			stdio: [stdio, 'ignore', 'ignore'],
		})
	const truth = async () => {
		await once(start('ignore', 'true'), 'close')
	}
	const master = start('ignore', '-M', 'sleep 3600')
	const transfers: ReturnType<typeof start>[] = []
	try {
		while ((await once(start('ignore', '-O', 'check', ''), 'close'))[0] !== 0);
		const idle = await timed(10, truth)
		const up = start('pipe', 'cat >/dev/null')
		transfers.push(up, start('ignore', 'cat /dev/zero'))
		if (up.stdin) pour(up.stdin)
		await timed(5, truth)
		return quantile(await timed(10, truth), 0.5) - quantile(idle, 0.5)
	} finally {
		const all = [...transfers, master]
		const closed = all.map((child) => once(child, 'close'))
		for (const child of all) child.kill()
		await Promise.all(closed)
		await rm(folder, { recursive: true, force: true })
	}
}

export async function fairnessRows(bed: Bed): Promise<Row[]> {
	await bed.line.speed(bytesPerSecond)
	try {
		const theirs = await plain(bed)
		const rows: Row[] = []
		for (const transport of ['ssh2', 'openssh'] as const) {
			const { probe, command } = await ours(bed, transport)
			rows.push({
				name: `probe beside a big upload and download, 12.5 MB/s, ${transport}`,
				ours: `worst of ${questions}: + ${ms(probe)}; a small command + ${ms(command)}`,
				plain: `a small command on one ssh master + ${ms(theirs)}`,
				ratio: command / theirs,
				bar: `worst ≤ + ${worstMs} ms`,
				met: probe <= worstMs,
			})
		}
		return rows
	} finally {
		await bed.line.speed(null)
	}
}
