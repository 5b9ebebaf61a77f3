import { readdirSync, readFileSync } from 'node:fs'
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { GpuState, Run } from '../../src/contract/state.ts'
import type { Link } from '../../src/engine/link/link.ts'
import type { RunFacts } from '../../src/engine/runs/run-records.ts'
import { listRuns, newRunId, type RunRequest, startRun } from '../../src/engine/runs/runs.ts'
import { type RunUpdate, watchWorkstation } from '../../src/engine/runs/watch.ts'

/** A workstation's home for tests of runs, and what they need to see in it. */
export interface RunHome {
	home: string
	/** Where runs run; holds a space and quotes. */
	folder: string
	start(link: Link, command: string, more?: Partial<RunRequest>): Promise<Run>
	/** Writes a program into a folder that stands first on `path`. */
	program(name: string, text: string): Promise<void>
	/** A PATH with the system's everyday tools, without those named. */
	path(...without: string[]): Promise<string>
	/** Commands of the processes that were started in this home. Linux only. */
	living(): { pid: number; command: string }[]
	fifos(): Promise<string[]>
	pidOf(run: string): Promise<number>
	dispose(): Promise<void>
}

const systemFolders = ['/usr/bin', '/bin']

/** `home`: one that is there already and is not removed. */
export async function makeRunHome(options: { name?: string; home?: string } = {}): Promise<RunHome> {
	const top = await mkdtemp(join(tmpdir(), 'hawser-runs-'))
	const home = options.home ?? join(top, options.name ?? 'home')
	const folder = join(home, 'a "work" tree’s')
	await mkdir(join(folder, 'results'), { recursive: true })
	const programs = join(top, 'programs')
	await mkdir(programs)
	const living = () => livingIn(home)
	return {
		home,
		folder,
		start: (link, command, more = {}) =>
			startRun(link, {
				id: newRunId('nt', Date.now()),
				project: 'nt',
				workstation: 'lab',
				folder,
				branch: 'gpu-validation',
				commit: 'abc',
				command,
				metrics: ['results/*.json'],
				runner: 'tmux',
				...more,
			}),
		async program(name, text) {
			await writeFile(join(programs, name), text)
			await chmod(join(programs, name), 0o755)
		},
		async path(...without) {
			const tools = join(top, `tools-${without.join('-')}`)
			await mkdir(tools)
			for (const name of new Set((await Promise.all(systemFolders.map((from) => readdir(from)))).flat())) {
				if (without.includes(name)) continue
				const from = await Promise.any(
					systemFolders.map((at) => access(join(at, name)).then(() => at)),
				).catch(() => null)
				if (from) await symlink(join(from, name), join(tools, name))
			}
			return `${programs}:${tools}`
		},
		living,
		fifos: async () => await readdir(join(home, '.hawser/waiters')).catch(() => []),
		pidOf: async (run) => Number(await readFile(join(home, '.hawser/runs', run, 'pid'), 'utf8')),
		async dispose() {
			for (const { pid } of living()) {
				try {
					process.kill(pid, 'SIGKILL')
				} catch {
					// It is gone already.
				}
			}
			await rm(top, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
		},
	}
}

function livingIn(home: string): { pid: number; command: string }[] {
	if (process.platform !== 'linux') return []
	return readdirSync('/proc').flatMap((name) => {
		if (!/^\d+$/.test(name) || Number(name) === process.pid) return []
		try {
			const variables = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0')
			const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
			// tmux writes a title over its environment; its socket is in its command line.
			const here = variables.includes(`HOME=${home}`) || command.includes(join(home, '.hawser'))
			return here ? [{ pid: Number(name), command }] : []
		} catch {
			return []
		}
	})
}

/**
 * Stands in for systemd's logind and manager, which cannot run here: what `busctl`, `loginctl` and `systemctl` print, in
 * shapes that were taken from systemd 252. Needs a link with `path()`.
 */
export async function standInSystemd(
	at: Pick<RunHome, 'program'>,
	says: { killsAtLogOut?: boolean; spares?: string; lingers?: boolean; state?: string },
): Promise<void> {
	const spared = says.spares === undefined ? 'as 0' : `as 1 "${says.spares}"`
	const print = (text: string) => `#!/bin/sh\nprintf '%s\\n' ${text}\n`
	await at.program('busctl', print(`'b ${says.killsAtLogOut ?? true}' '${spared}' 'as 0'`))
	await at.program('loginctl', print(`Linger=${says.lingers ? 'yes' : 'no'}`))
	await at.program('systemctl', print(says.state ?? 'running'))
}

/** Stands in for nvidia-smi with one device: every pid in the home's file `gpu-pids` holds 1500 MiB of it. */
export const standInGpu = `#!/bin/sh
case $1 in --query-compute-apps=pid,gpu_uuid,used_memory) ;; *) exit 2 ;; esac
while read -r pid; do echo "$pid, GPU-1a, 1500"; done 2>/dev/null <"$HOME/gpu-pids"
exit 0
`

/** Settles when the workstation says that the run has ended; bounded. */
export async function whenEnded(link: Link, id: string): Promise<Run> {
	return await vi.waitFor(
		async () => {
			const run = (await listRuns(link, 'lab')).find((one) => one.id === id)
			if (!run || run.outcome.status === 'running') throw new Error(`${id} has not ended`)
			return run
		},
		{ timeout: 30_000, interval: 100 },
	)
}

/** A watch and all that it told. */
export interface Heard {
	gpu: GpuState[]
	updates: RunUpdate[]
	changed: RunFacts[]
	ended: RunFacts[]
	ticks: number
	stop(): Promise<void>
	/** How the watch ended by itself. */
	end: Promise<unknown>
}

/** Starts a watch; settles at its first tick. */
export async function startWatch(link: Link, gpuSeconds = 60): Promise<Heard> {
	const ender = new AbortController()
	const heard: Omit<Heard, 'stop' | 'end'> = { gpu: [], updates: [], changed: [], ended: [], ticks: 0 }
	const end = watchWorkstation(
		link,
		{
			gpu: (gpu) => void heard.gpu.push(gpu),
			run: (update) => void heard.updates.push(update),
			changed: (run) => void heard.changed.push(run),
			ended: (_, run) => void heard.ended.push(run),
			tick: () => void heard.ticks++,
		},
		ender.signal,
		{ gpuSeconds },
	).catch((error: unknown) => error)
	await until(() => heard.ticks > 0)
	return Object.assign(heard, {
		end,
		stop: async () => {
			ender.abort()
			await end
		},
	})
}

/** Settles when the condition holds; bounded. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
	await vi.waitFor(
		async () => {
			if (!(await condition())) throw new Error(`not yet: ${condition.toString()}`)
		},
		{ timeout: 30_000, interval: 20 },
	)
}
