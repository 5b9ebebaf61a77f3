import type { Conflict, FileChange, FileVersion, Plan, PlanStep } from '../../contract/code.ts'
import type { Problem } from '../../contract/problem.ts'
import { factText } from '../fact-text.ts'
import { refuse } from '../git/git.ts'
import type { Choice, Staying, Stays } from './choice.ts'
import type { Difference } from './compare.ts'
import { type Entry, shownPath } from './entry.ts'
import type { Lot, Transfer } from './lot.ts'

/** The steps of an operation on files, by their ids. */
export const fileSteps = {
	send: 'files-send',
	fetch: 'files-fetch',
	deleteThere: 'files-delete-there',
	deleteHere: 'files-delete-here',
} as const

const lotNames = ['send', 'deleteThere', 'fetch', 'deleteHere'] as const

const titles: Record<(typeof lotNames)[number], (lot: Lot) => string> = {
	send: (lot) => `Send ${moved(lot)}`,
	fetch: (lot) => `Bring back ${moved(lot)}`,
	deleteThere: ({ count }) => `Delete ${countOfFiles(count)}, kept in a backup`,
	deleteHere: ({ count }) => `Delete ${countOfFiles(count)}, kept in a backup`,
}

/** The choice as a plan shows it, the largest files first. */
export function outlineFiles(
	choice: Choice,
	problem: Problem | null,
): Pick<Plan, 'id' | 'steps' | 'conflicts' | 'notes' | 'problem'> {
	const steps = lotNames
		.filter((name) => choice[name].count > 0)
		.map((name): PlanStep => {
			const lot = choice[name]
			return {
				id: fileSteps[name],
				machine: name === 'send' || name === 'deleteThere' ? 'workstation' : 'laptop',
				title: titles[name](lot),
				commits: null,
				files: lot.largest.map((transfer) => changeOf(name, transfer)),
				fileCount: lot.count,
				bytes: lot.bytes,
			}
		})
	const notes = [...choice.stays].map(([why, staying]) => stayingWords(why, staying))
	const more = choice.conflictCount - choice.conflicts.length
	if (more > 0) notes.push(`${countOfFiles(more)} more changed on both sides; not all are listed.`)
	return { id: choice.id, steps, conflicts: choice.conflicts.map(conflictOf), notes, problem }
}

const changeOf = (lot: (typeof lotNames)[number], { entry, over }: Transfer): FileChange => ({
	path: shownPath(entry.path),
	change: lot === 'deleteThere' || lot === 'deleteHere' ? 'deleted' : over ? 'modified' : 'added',
	bytes: entry.size,
})

const conflictOf = ({ path, clash, laptop, workstation }: Difference): Conflict => ({
	path: shownPath(clash ?? path),
	laptop: [],
	workstation: [],
	versions: { laptop: versionOf(laptop), workstation: versionOf(workstation) },
})

const versionOf = (entry: Entry | null): FileVersion =>
	entry && { bytes: entry.size, changedAt: Number(entry.mtime / 1_000_000n) }

const words: Record<Stays, (subject: string, isOne: boolean) => string> = {
	'gone-here': (subject, isOne) =>
		`${subject} gone from the laptop, and ${isOne ? 'stays' : 'stay'} on the workstation`,
	'gone-there': (subject, isOne) =>
		`${subject} gone from the workstation, and ${isOne ? 'stays' : 'stay'} on the laptop`,
	'changed-there': (subject, isOne) =>
		`${subject} newer on the workstation, and ${isOne ? 'stays as it is' : 'stay as they are'} there`,
	occupied: (subject, isOne) =>
		`${subject} left out: something else stands in ${isOne ? 'its' : 'their'} place`,
	'same-name': (subject) =>
		`${subject} left out: names that differ only in case or accents are the same there`,
	'left-rules': (subject) => `${subject} left out by the rules now, and no longer kept in step`,
}

function stayingWords(why: Stays, { paths, count }: Staying): string {
	const isOne = count === 1
	const said = words[why](`${countOfFiles(count)} ${isOne ? 'is' : 'are'}`, isOne)
	const shown = paths.map(shownPath)
	const rest = count - shown.length
	return `${said}: ${rest > 0 ? `${shown.join(', ')} and ${rest} more` : factText(shown)}.`
}

/** `1 file`, `12 files` */
export const countOfFiles = (count: number): string => (count === 1 ? '1 file' : `${count} files`)

function moved({ count, newCount }: Lot): string {
	const changed = count - newCount
	if (newCount === 0 || changed === 0) return `${countOfFiles(count)}, ${newCount === 0 ? 'changed' : 'new'}`
	return `${countOfFiles(count)}, ${newCount} new and ${changed} changed`
}

/** Deletions and conflicts are the first half of an id. */
const boundLength = 32

/**
 * Files that changed since the preview are moved as they now are, but nothing is deleted and no side is taken that was
 * not shown.
 * @throws ProblemError `plan-moved`
 */
export function requireFilesPlan(plan: string | undefined, { id }: Choice): void {
	if (plan !== undefined && plan.slice(0, boundLength) !== id.slice(0, boundLength))
		refuse('plan-moved', { what: 'A deletion or a file that changed on both sides is not as it was shown' })
}
