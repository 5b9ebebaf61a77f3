import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { ProblemError } from '../../contract/client.ts'
import { problem } from '../problems.ts'

/** What is done under the lock takes milliseconds; whoever waits longer than this (ms) gives up. */
const patience = 15_000
/** A lock this old (ms) is left over, whatever process now has its number. */
const oldest = 60_000
const interval = 20

/**
 * Does `work` while no other process does work under the same lock file. The lock of a process that was
 * killed is taken over.
 * @throws ProblemError `engine-unreachable` when another holds it for too long
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
	const started = performance.now()
	while (!(await take(file))) {
		await breakLeftOver(file)
		if (performance.now() - started > patience) {
			const reason = 'Another Hawser is starting and does not get further'
			throw new ProblemError(problem('engine-unreachable', { reason, file }))
		}
		await delay(interval)
	}
	try {
		return await work()
	} finally {
		await rm(file, { force: true })
	}
}

async function take(file: string): Promise<boolean> {
	try {
		await using handle = await open(file, 'wx', 0o600)
		// On a full disk it is a lock all the same, for as long as one counts as just made.
		await handle.writeFile(String(process.pid)).catch(() => {})
		return true
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
		throw error
	}
}

async function breakLeftOver(file: string): Promise<void> {
	const held = await read(file)
	if (!held || !isLeftOver(held)) return
	// Of several that see it only one gets to move it away, and it may by then be somebody's new lock.
	const aside = `${file}.${randomUUID()}`
	try {
		await rename(file, aside)
		const moved = await read(aside)
		if (moved && !isLeftOver(moved)) await link(aside, file)
	} catch {
		// Somebody else was faster.
	} finally {
		await rm(aside, { force: true })
	}
}

interface Held {
	pid: number
	age: number
}

async function read(file: string): Promise<Held | null> {
	try {
		const [text, stats] = await Promise.all([readFile(file, 'utf8'), stat(file)])
		return { pid: Number(text), age: Date.now() - stats.mtimeMs }
	} catch {
		return null
	}
}

function isLeftOver({ pid, age }: Held): boolean {
	if (age > oldest) return true
	// Just made, and its owner has not written yet.
	if (!Number.isInteger(pid) || pid <= 0) return age > 2000
	try {
		process.kill(pid, 0)
		return false
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'ESRCH'
	}
}
