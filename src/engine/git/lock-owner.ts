import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { run } from '../process/process.ts'

/** A person waits for this answer, and it is only a help. */
const askMs = 3000

/**
 * The process that holds a lock of git's, such as `git (process 4242)`; null where that cannot be told. What has
 * the file open holds it. Git closes it before it starts an editor and keeps the lock: a git at work in that
 * worktree is then named.
 */
export async function lockOwner(
	path: string,
	worktree: string,
	signal?: AbortSignal,
): Promise<string | null> {
	if (process.platform !== 'linux') return await fromLsof(path, signal)
	return await fromProc(path, await realpath(worktree).catch(() => worktree))
}

async function fromProc(path: string, worktree: string): Promise<string | null> {
	let atWork: string | null = null
	for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
		for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => []))
			if ((await linkAt(`/proc/${pid}/fd/${descriptor}`)) === path) return await named(pid)
		const folder = await linkAt(`/proc/${pid}/cwd`)
		if (folder !== worktree && !folder?.startsWith(`${worktree}/`)) continue
		if ((await wordAt(`/proc/${pid}/comm`)) === 'git' && !(await isOurs(pid))) atWork ??= await named(pid)
	}
	return atWork
}

const linkAt = (path: string) => readlink(path).catch(() => null)
const wordAt = async (path: string) => (await readFile(path, 'utf8').catch(() => '')).trim()
const named = async (pid: string) => nameOf(await wordAt(`/proc/${pid}/comm`), pid)
const nameOf = (program: string, pid: string) => `${program === '' ? 'a program' : program} (process ${pid})`

/** Our own reading of that worktree. */
async function isOurs(pid: string): Promise<boolean> {
	const stat = await wordAt(`/proc/${pid}/stat`)
	// After the name, which may hold anything, come the state and the parent.
	return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === process.pid
}

async function fromLsof(path: string, signal?: AbortSignal): Promise<string | null> {
	try {
		const args = ['-w', '-F', 'pc', '--', path]
		// 1: nobody has it open.
		const { stdout } = await run({ file: 'lsof', args, timeoutMs: askMs, expected: [0, 1], signal })
		return parseLsof(stdout)
	} catch {
		return null
	}
}

/** The first process in the output of `lsof -F pc`: lines of `p` and a pid, `c` and a name. See lsof(8). */
export function parseLsof(text: string): string | null {
	const pid = /^p(\d+)$/m.exec(text)?.[1]
	return pid === undefined ? null : nameOf(/^c(.*)$/m.exec(text)?.[1] ?? '', pid)
}
