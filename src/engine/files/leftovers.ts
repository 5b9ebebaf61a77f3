import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Keeping, Numbered, talk, word } from './keeping.ts'
import type { Machine } from './line-script.ts'

/**
 * An rsync that is killed outright leaves what it was receiving in the tree, beside its place. That a transfer is under
 * way is noted on the laptop, so that the next one knows whether there was one that did not come to its end.
 */

const minuteMs = 60_000

const noteIn = (own: string, direction: 'up' | 'back') => join(own, `moving-${direction}`)

/** Notes that one begins; when the last one did not end, how many minutes ago that one began. */
export async function beginMoving(own: string, direction: 'up' | 'back'): Promise<number | null> {
	const note = noteIn(own, direction)
	const before = await stat(note).catch(() => null)
	if (before) return Math.max(0, Date.now() - before.mtimeMs) / minuteMs
	// Without a note a later one only leaves what it finds.
	await mkdir(dirname(note), { recursive: true, mode: 0o700 }).catch(() => {})
	await writeFile(note, '', { mode: 0o600 }).catch(() => {})
	return null
}

export async function endMoving(own: string, direction: 'up' | 'back'): Promise<void> {
	await rm(noteIn(own, direction), { force: true })
}

/**
 * Puts what was left beside the places of these into a backup, for it is no file of anybody's; how much it was.
 * @param minutes since the transfer began: what is older is none of it
 * @throws ProblemError as `removeThere`
 */
export async function clearLeftovers(
	machine: Machine,
	at: Keeping,
	received: AsyncIterable<{ path: string }>,
	minutes: number,
	signal: AbortSignal,
): Promise<number> {
	let count = 0
	const lines = new Numbered(
		received,
		(_, number, name) => `t ${number} ${word(name)}`,
		() => {},
	)
	const onAnswer = (answer: { word: string }) => {
		if (answer.word === 'kept') count += 1
	}
	// Clocks of disks and kernels differ by a little.
	const age = String(Math.ceil(minutes) + 1)
	await talk(machine, 'files-tidy', [at.root, at.backup, age], at, lines, onAnswer, signal)
	return count
}
