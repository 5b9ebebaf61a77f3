import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { run } from '../../src/engine/process/process.ts'
import type { Bed } from './bed.ts'
import type { Row } from './row.ts'

const minuteMs = 60_000
const root = fileURLToPath(new URL('../../', import.meta.url))

/** CPU time in ms (100 ticks a second on Linux) and resident memory in MB of one process. */
async function usage(pid: number): Promise<{ cpuMs: number; residentMb: number }> {
	const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
	const status = await readFile(`/proc/${pid}/status`, 'utf8')
	const resident = /VmRSS:\s+(\d+) kB/.exec(status)?.[1]
	return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, residentMb: Number(resident) / 1024 }
}

/** A quiet minute of the engine as it ships, with one workstation connected. */
export async function quietRow(bed: Bed): Promise<Row> {
	if (process.platform !== 'linux') return skipped('needs /proc')
	const ender = new AbortController()
	const started = Promise.withResolvers<number>()
	const serving = run({
		file: process.execPath,
		args: ['dist/cli.mjs', '--home', bed.dataFolder, 'serve', '--no-open'],
		cwd: root,
		timeoutMs: 10 * minuteMs,
		signal: ender.signal,
		onStart: (child) => started.resolve(child.pid),
	}).catch(() => {})
	const pid = await started.promise
	// Start-up, connecting and the first collections are not the quiet that is measured.
	await sleep(15_000)
	const before = await usage(pid)
	await sleep(minuteMs)
	const after = await usage(pid)
	ender.abort()
	await serving
	const share = ((after.cpuMs - before.cpuMs) / minuteMs) * 100
	return {
		name: 'engine and web face, a quiet minute',
		ours: `${after.residentMb.toFixed(0)} MB, ${share.toFixed(2)} % of a core`,
		plain: '',
		ratio: null,
		bar: '≤ 120 MB, ≤ 0.5 %',
		met: after.residentMb <= 120 && share <= 0.5,
	}
}

function skipped(reason: string): Row {
	return {
		name: 'engine, a quiet minute',
		ours: `skipped: ${reason}`,
		plain: '',
		ratio: null,
		bar: '',
		met: true,
	}
}
