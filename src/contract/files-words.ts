import type { FileVersion, LeftOut } from './code.ts'
import { sizeWords } from './size-words.ts'
import type { FilesMoved, FilesPending, OperationOutcome } from './state.ts'

/**
 * What travels as files, in words: the one place for it, for the window, the menu and the terminal. Imports types alone
 * besides other words, so that a page may load it. Names from outside are in the words as they are.
 */

/** `3 files to send (4.0 KiB), 1 file to bring back (812 B)`: what waits to travel as files, on one line. */
export function filesWords(files: FilesPending | null): string {
	if (files === null || files.status === 'unknown') return 'not read yet'
	if (files.status === 'unreadable') return files.problem.title
	const conflicts = conflictWords(files)
	const parts = [...filesParts(files), ...(conflicts === null ? [] : [conflicts.title])]
	if (parts.length > 0) return parts.join(', ')
	return files.toLaptop === null ? notReadThere : 'nothing pending'
}

type FilesRead = Extract<FilesPending, { status: 'read' }>
type FilesLane = FilesRead['toWorkstation']

/** Of the workstation's side nothing is known, and on the laptop there is nothing to tell of. */
const notReadThere = 'nothing changed here; the workstation was not read yet'

/** What waits each way, a part each; none where nothing does. */
export function filesParts({ toWorkstation, toLaptop }: FilesRead): string[] {
	const part = (lane: FilesLane | null, goal: string) =>
		lane && lane.count > 0 ? [withSize(`${count(lane.count, 'file')} ${goal}`, lane.bytes)] : []
	return [...part(toWorkstation, 'to send'), ...part(toLaptop, 'to bring back')]
}

/** Files that wait for somebody to choose a side; null: there are none. */
export function conflictWords(files: FilesPending | null): { title: string; meaning: string } | null {
	if (files?.status !== 'read' || files.conflictCount === 0) return null
	const one = files.conflictCount === 1
	return {
		title: `${count(files.conflictCount, 'file')} changed on both sides`,
		meaning: `Choose in the preview whose is taken; the other ${one ? 'version' : 'versions'} will be kept in a backup.`,
	}
}

/** `12 files up (3.4 MiB)`, `2 deleted on the workstation`: what travelled as files, a part each. */
export function movedWords(files: OperationOutcome['files']): string[] {
	if (!files) return []
	const moved = ({ count: number, bytes }: FilesMoved, way: string) =>
		number > 0 ? [withSize(`${count(number, 'file')} ${way}`, bytes)] : []
	const deleted = ({ deleted: number }: FilesMoved, side: string) =>
		number > 0 ? [`${number} deleted on the ${side}`] : []
	return [
		...moved(files.up, 'up'),
		...deleted(files.up, 'workstation'),
		...moved(files.back, 'back'),
		...deleted(files.back, 'laptop'),
	]
}

/** `4.0 KiB, changed 23 Nov 10:15`, or that it is gone there: one side's version of a file. `when` words a time. */
export function versionWords(version: FileVersion, when: (at: number) => string): string {
	return version === null
		? 'deleted there'
		: `${sizeWords(version.bytes)}, changed ${when(version.changedAt)}`
}

/** `12 files and folders stay, by 3 rules`: what is left out, all together; null: nothing is. */
export function leftOutWords(
	leftOut: readonly LeftOut[] | undefined,
): { all: string; tracked: string } | null {
	if (!leftOut || leftOut.length === 0) return null
	const sum = (pick: (one: LeftOut) => number) => leftOut.reduce((total, one) => total + pick(one), 0)
	const all = sum((one) => one.count)
	const tracked = sum((one) => one.tracked)
	return {
		all: `${count(all, 'file or folder', 'files and folders')} ${all === 1 ? 'stays' : 'stay'}, by ${count(leftOut.length, 'rule')}`,
		tracked: tracked > 0 ? trackedWords(tracked) : '',
	}
}

/** `git tracks 2 of them` */
export const trackedWords = (tracked: number) => `git tracks ${tracked} of them`

const withSize = (words: string, bytes: number) => (bytes > 0 ? `${words} (${sizeWords(bytes)})` : words)

const count = (number: number, one: string, many = `${one}s`) => `${number} ${number === 1 ? one : many}`
