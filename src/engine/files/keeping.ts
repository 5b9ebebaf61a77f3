import { ProblemError } from '../../contract/client.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'
import { scriptFailed } from '../remote/script-failure.ts'
import { type Entry, shownPath } from './entry.ts'
import { type Machine, runLines } from './line-script.ts'

/**
 * Putting files of a tree away into a backup on the machine where they lie: by `files-keep.sh` on either one.
 * Whenever it is ended, every file is still in its place or whole in the backup, and again is safe. What the backup
 * holds already is never overwritten: a namesake goes to a backup beside it (`ID-2`).
 */

/**
 * Why something was left as it is. `changed`: it is not, or no longer, what was seen. `way`: a folder above it is now a
 * link or a file. `absent`: the backup has no such file. `folder`, `special`: such a thing is in its place. `failed`: a
 * tool said why.
 */
export type WhyLeft = 'changed' | 'way' | 'absent' | 'folder' | 'special' | 'failed' | 'unsafe'

export interface Left {
	path: string
	why: WhyLeft
	/** Of `failed`. */
	said: string
}

export interface Kept {
	/** How many are in the backup now. */
	kept: number
	/** Were not there any more. */
	absent: number
	left: Left[]
}

export interface KeepOptions {
	signal?: AbortSignal
	/** Called for each that is settled, in no certain order. */
	onDone?: (path: string, outcome: 'kept' | 'absent' | 'left') => void
}

/** A tree of files and the folder of one backup on that machine; `~/` is the home there. */
export interface Keeping {
	root: string
	/** Such as `~/.hawser/files/KEY/backups/ID`: made when there is something to keep. */
	backup: string
}

type Some<T> = Iterable<T> | AsyncIterable<T>

/** `stays`: the deepest folder above it that stays also when it becomes empty. Default: none does. */
export type Removed = Entry & { stays?: string }

/**
 * Moves exactly these into the backup there, each only while it is the version that was seen; of folders only empty
 * ones. Folders that became empty by it go too, other than `stays`. Best in the order of their paths.
 * @throws ProblemError `files-root-missing`, `backup-failed`, `link-lost`, `operation-cancelled`, `remote-failed`, `remote-killed`;
 *   what was settled by then stays so
 */
export const removeThere = (link: Link, at: Keeping, seen: Some<Removed>, options: KeepOptions = {}) =>
	keep(link, 'remove', at, seen, removalLine, options)

/** The same on this laptop. */
export const removeHere = (at: Keeping, seen: Some<Removed>, options: KeepOptions = {}) =>
	keep('laptop', 'remove', at, seen, removalLine, options)

/** Copies what is there now into the backup, whatever version it is. */
export const keepThere = (link: Link, at: Keeping, paths: Some<string>, options: KeepOptions = {}) =>
	keep(link, 'copy', at, pathsOf(paths), copyLine, options)

export const keepHere = (at: Keeping, paths: Some<string>, options: KeepOptions = {}) =>
	keep('laptop', 'copy', at, pathsOf(paths), copyLine, options)

async function* pathsOf(paths: Some<string>): AsyncIterable<{ path: string }> {
	for await (const path of paths) yield { path }
}

async function keep<T extends Numberable>(
	machine: Machine,
	mode: 'remove' | 'copy',
	at: Keeping,
	things: Some<T>,
	lineOf: (thing: T, number: number, name: string) => string,
	options: KeepOptions,
): Promise<Kept> {
	const result: Kept = { kept: 0, absent: 0, left: [] }
	const leave = (left: Left) => {
		result.left.push(left)
		options.onDone?.(left.path, 'left')
	}
	const numbered = new Numbered(things, lineOf, leave)
	const settle = (answer: Answer) => {
		const path = numbered.settle(answer.number)
		if (path === null) return
		if (answer.word === 'kept' || answer.word === 'absent') {
			result[answer.word]++
			options.onDone?.(path, answer.word)
		} else leave({ path, why: answer.why, said: answer.said })
	}
	await talk(machine, 'files-keep', [mode, at.root, at.backup], at, numbered, settle, options.signal)
	return result
}

/** One line of a script of ours about a numbered thing. */
export interface Answer {
	word: string
	number: number
	why: WhyLeft
	said: string
}

/**
 * Gives a script the lines and hears its answers to its end.
 * @throws ProblemError as `removeThere`
 */
export async function talk(
	machine: Machine,
	name: 'files-keep' | 'files-restore' | 'files-tidy',
	args: readonly string[],
	{ root, backup }: Keeping,
	lines: AsyncIterable<string>,
	onAnswer: (answer: Answer) => void,
	signal?: AbortSignal,
): Promise<void> {
	let isDone = false
	let refusal = ''
	const onLine = (line: string) => {
		const [word = '', number = '', why = '', ...said] = line.split(' ')
		if (line === 'done') isDone = true
		else if (word === 'no-backup') refusal = line.slice(word.length + 1)
		else if (/^\d+$/.test(number))
			onAnswer({ word, number: Number(number), why: whyOf(why), said: said.join(' ') })
	}
	const { code, stderr } = await runLines(machine, name, args, lines, onLine, signal)
	const side = machine === 'laptop' ? 'The laptop' : 'The workstation'
	if (code === 3) throw new ProblemError(problem('files-root-missing', { side, path: root }))
	if (code === 4) throw new ProblemError(problem('backup-failed', { side, path: backup, reason: refusal }))
	if (code === 0 && isDone) return
	throw scriptFailed(name, { code }, stderr)
}

const reasons = new Set<string>(['changed', 'way', 'absent', 'folder', 'special', 'failed'])
const whyOf = (why: string) => (reasons.has(why) ? (why as WhyLeft) : 'failed')

/** What has a place in the lines for a script. */
export interface Numberable {
	path: string
	/** See `Removed`. */
	stays?: string
}

/** The lines for a script: each thing gets a number, and a line names the folder wherever it is another one. */
export class Numbered<T extends Numberable> implements AsyncIterable<string> {
	readonly #things: Some<T>
	readonly #lineOf: (thing: T, number: number, name: string) => string
	readonly #leave: (left: Left) => void
	readonly #open = new Map<number, string>()

	constructor(
		things: Some<T>,
		lineOf: (thing: T, number: number, name: string) => string,
		leave: (left: Left) => void,
	) {
		this.#things = things
		this.#lineOf = lineOf
		this.#leave = leave
	}

	/** The path with that number; the second time null. */
	settle(number: number): string | null {
		const path = this.#open.get(number) ?? null
		this.#open.delete(number)
		return path
	}

	async *[Symbol.asyncIterator]() {
		let number = 0
		let folder = '.'
		for await (const thing of this.#things) {
			const { path } = thing
			if (!isSafePath(path)) {
				this.#leave({ path, why: 'unsafe', said: '' })
				continue
			}
			const slash = path.lastIndexOf('/')
			const within = slash < 0 ? '.' : path.slice(0, slash)
			if (within !== folder || number === 0) {
				folder = within
				yield `d ${word(folder)}`
				if (thing.stays) yield `s ${word(thing.stays)}`
			}
			this.#open.set(++number, path)
			yield this.#lineOf(thing, number, path.slice(slash + 1))
		}
		yield 'end'
	}
}

/** Relative, without detours, and nothing of git's own. */
const isSafePath = (path: string) =>
	!path.includes('\0') && path.split('/').every((part) => !/^(\.{0,2}|\.git)$/i.test(part))

/** As one word of a line, for `read_plain` of files-lib.sh. Old shells mix some control characters up with their own. */
export const word = (text: string) =>
	text.replaceAll(/[\u0001-\u001f\u007f\\]/g, (one) => `\\0${one.charCodeAt(0).toString(8).padStart(3, '0')}`)

const second = 1_000_000_000n

function removalLine(entry: Entry, number: number, name: string): string {
	const { kind, size, mtime, executable, target } = entry
	if (kind === 'link') return `l ${number} ${word(name)}/${word(target)}`
	if (kind === 'folder') return `e ${number} ${word(name)}`
	// Down, also before 1970, as stat has it.
	const nanoseconds = ((mtime % second) + second) % second
	const seconds = (mtime - nanoseconds) / second
	const time = `${seconds} ${String(nanoseconds).padStart(9, '0')}`
	return `f ${number} ${size} ${time} ${executable ? 'x' : '-'} ${word(name)}`
}

const copyLine = (_: { path: string }, number: number, name: string) => `k ${number} ${word(name)}`

const whyWords: Record<WhyLeft, string> = {
	changed: 'it changed meanwhile',
	way: 'a folder above it is now something else',
	absent: 'the backup does not have it',
	folder: 'a folder is in its place',
	special: 'something that is no file is in its place',
	failed: 'it could not be moved',
	unsafe: 'its name is not used',
}

/** For a person: which file, and why it was left. */
export const leftWords = ({ path, why, said }: Left) =>
	`${shownPath(path)} (${why === 'failed' && said !== '' ? said : whyWords[why]})`
