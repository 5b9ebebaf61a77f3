import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
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

/** Processes can be told apart by the folder that they work in; elsewhere there is one project at a time. */
export const canTellApart = existsSync('/proc/self/cwd')

/** The shells and gits that descend from this process and work in that folder: both sides run here. The hub's own are left alone. */
export function descendantsIn(folder: string): number[] {
	const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,comm=,args='], { encoding: 'utf8' })
	const children = new Map<number, { pid: number; name: string; args: string }[]>()
	for (const line of table.split('\n')) {
		const [pid, of, state = '', name = '', ...args] = line.trim().split(/\s+/)
		if (state.startsWith('Z')) continue
		const siblings = children.get(Number(of)) ?? []
		children.set(Number(of), siblings)
		siblings.push({ pid: Number(pid), name, args: args.join(' ') })
	}
	const found: number[] = []
	const grow = (parent: number) => {
		for (const { pid, name, args } of children.get(parent) ?? []) {
			if (args.includes('receive-pack')) continue
			if (/^(sh|git|dash|bash)$/.test(name) && worksIn(pid, folder)) found.push(pid)
			grow(pid)
		}
	}
	grow(process.pid)
	return found
}

function worksIn(pid: number, folder: string): boolean {
	if (!canTellApart) return true
	try {
		return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)
	} catch {
		return false
	}
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Settles when a line of that kind is in one of the journals, or after 1 s: some operations never come so far. */
async function journalled(project: GitProject, kind: string): Promise<void> {
	const journals = [project.clone, project.laptop].map((at) => join(at, '.git/hawser-journal'))
	const end = Date.now() + 1000
	const has = (path: string) => {
		try {
			return new RegExp(`^${kind} `, 'm').test(readFileSync(path, 'utf8'))
		} catch {
			return false
		}
	}
	while (!journals.some(has) && Date.now() < end) await pause(1)
}

export async function killIn(project: GitProject, { which, share, after, delayMs }: Kill): Promise<void> {
	if (after !== 'anytime') await journalled(project, after)
	await pause(delayMs)
	if (which === 'link') return project.link.drop()
	const pids = descendantsIn(project.folder)
	const at = Math.floor(share * pids.length)
	for (const pid of which === 'all' ? pids : pids.slice(at, at + 1)) {
		try {
			process.kill(pid, 'SIGKILL')
		} catch {
			// It ended by itself.
		}
	}
}
