import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { GitProject } from './git-project.ts'

/** A kill at a moment of an operation, as data, so that it can be played again. */
export interface Kill {
	/** All of its processes, one of them, or none: only the link is lost. */
	which: 'all' | 'one' | 'link'
	/** Which one, 0 to 1. */
	share: number
	/** A line of a journal after which it comes; `anytime`: after the operation's begin. */
	after: 'anytime' | 'owner' | 'folder' | 'move' | 'child'
	delayMs: number
}

interface Process {
	pid: number
	/** One that a kill may hit: a shell or a git of ours. The hub's own are left alone. */
	ours: boolean
}

const isOurs = (name: string, args: string) =>
	/^(sh|git|dash|bash)$/.test(name) && !args.includes('receive-pack')

/**
 * What works in that folder: both sides run here. Told by the folder that a process is in, whoever started it, so
 * also one whose parent was killed; where that cannot be told, by descent from this process.
 */
export function atWorkIn(folder: string): Process[] {
	return existsSync('/proc/self/cwd') ? inFolder(folder) : descendants()
}

function inFolder(folder: string): Process[] {
	const found: Process[] = []
	for (const pid of readdirSync('/proc')) {
		if (!/^\d+$/.test(pid)) continue
		try {
			const at = readlinkSync(`/proc/${pid}/cwd`)
			if (at !== folder && !at.startsWith(`${folder}/`)) continue
			const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
			const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
			found.push({ pid: Number(pid), ours: isOurs(name, args) })
		} catch {
			// It ended meanwhile, or is a zombie.
		}
	}
	return found
}

function descendants(): Process[] {
	const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,comm=,args='], { encoding: 'utf8' })
	const children = new Map<number, Process[]>()
	for (const line of table.split('\n')) {
		const [pid, of, state = '', name = '', ...args] = line.trim().split(/\s+/)
		if (state.startsWith('Z')) continue
		const siblings = children.get(Number(of)) ?? []
		children.set(Number(of), siblings)
		siblings.push({ pid: Number(pid), ours: isOurs(name, args.join(' ')) })
	}
	const grow = (parent: number): Process[] =>
		(children.get(parent) ?? []).flatMap((child) => [child, ...grow(child.pid)])
	return grow(process.pid).filter(({ ours }) => ours)
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Waits for it, or for the operation's end: some operations never come so far. */
async function until(moment: () => boolean, operation: { ended: boolean }): Promise<void> {
	while (!operation.ended && !moment()) await pause(1)
}

/** Whether a line of that kind is in one of the journals. */
function journalled({ clone, laptop }: GitProject, kind: string): boolean {
	return [clone, laptop].some((at) => {
		try {
			return new RegExp(`^${kind} `, 'm').test(readFileSync(join(at, '.git/hawser-journal'), 'utf8'))
		} catch {
			return false
		}
	})
}

/** Kills at that moment, or what is left when the operation has ended before. Gives whether it hit anything. */
export async function killIn(
	project: GitProject,
	{ which, share, after, delayMs }: Kill,
	operation: { ended: boolean },
): Promise<boolean> {
	if (after !== 'anytime') await until(() => journalled(project, after), operation)
	const due = performance.now() + delayMs
	await until(() => performance.now() >= due, operation)
	if (which === 'link') {
		const hit = project.link.running().length > 0
		project.link.drop()
		return hit
	}
	const pids = atWorkIn(project.folder).flatMap(({ pid, ours }) => (ours ? [pid] : []))
	const at = Math.floor(share * pids.length)
	const killed = (which === 'all' ? pids : pids.slice(at, at + 1)).filter((pid) => {
		try {
			return process.kill(pid, 'SIGKILL')
		} catch {
			// It ended by itself.
			return false
		}
	})
	return killed.length > 0
}
