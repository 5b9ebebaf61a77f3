import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { World } from './files-model.ts'

/** A kill at a moment of an operation, as data, so that it can be played again. */
export interface Kill {
	/** `rsync`: one of them; `rsyncs`: all; `link`; `shells`: all that the workstation runs for us; `engine`. */
	which: 'rsync' | 'rsyncs' | 'link' | 'shells' | 'engine'
	/** Which one, 0 to 1. */
	share: number
	/** After the operation's begin, or after the first rsync was seen. */
	after: 'begin' | 'rsync'
	delayMs: number
}

interface Process {
	pid: number
	parent: number
	name: string
}

/** All, or those that are new since. */
function processes(known: ReadonlySet<number>): Process[] {
	if (process.platform !== 'linux') {
		const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8' })
		return table.split('\n').flatMap((line) => {
			const [pid, parent, name = ''] = line.trim().split(/\s+/)
			return pid ? [{ pid: Number(pid), parent: Number(parent), name: name.replace(/.*\//, '') }] : []
		})
	}
	return readdirSync('/proc').flatMap((entry) => {
		const pid = Number(entry)
		if (!Number.isInteger(pid) || known.has(pid)) return []
		try {
			const [, name = '', parent] =
				/^\d+ \((.*)\) . (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? []
			return [{ pid, parent: Number(parent), name }]
		} catch {
			return []
		}
	})
}

/** The rsyncs of both sides: all of it runs below this process. */
function rsyncs(): number[] {
	const all = processes(new Set())
	const below = (parent: number): Process[] =>
		all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)])
	return below(process.pid).flatMap(({ pid, name }) => (name === 'rsync' ? [pid] : []))
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Waits for the moment, or for the operation's end. */
async function moment({ after, delayMs }: Kill, operation: { ended: boolean }): Promise<void> {
	if (after === 'rsync') {
		const known = new Set(processes(new Set()).map(({ pid }) => pid))
		while (!operation.ended && !processes(known).some(({ name }) => name === 'rsync')) await pause(5)
	}
	const due = performance.now() + delayMs
	while (!operation.ended && performance.now() < due) await pause(Math.min(5, delayMs))
}

/** Kills at that moment. Gives whether it hit anything. */
export async function killIn(world: World, kill: Kill, operation: { ended: boolean }): Promise<boolean> {
	await moment(kill, operation)
	const { sshd, engine } = world.ground
	if (operation.ended) return false
	if (kill.which === 'link') return (await sshd.stopConnections()) > 0
	if (kill.which === 'shells') return (await sshd.stopCommands()) > 0
	if (kill.which === 'engine') {
		await engine.dispose()
		return true
	}
	const pids = rsyncs()
	const at = Math.floor(kill.share * pids.length)
	return (kill.which === 'rsyncs' ? pids : pids.slice(at, at + 1))
		.map((pid) => {
			try {
				return process.kill(pid, 'SIGKILL')
			} catch {
				// It ended by itself.
				return false
			}
		})
		.includes(true)
}
