import { type BackupPlace, backupFiles } from './backups.ts'
import { shownPath } from './entry.ts'
import { type Left, Numbered, talk, word } from './keeping.ts'
import { backupId } from './places.ts'

export interface Restored {
	/** How many are in their places again. */
	restored: number
	/** Were as in the backup already. */
	same: number
	left: Left[]
	/** The backup of what was in their places; null where nothing was. */
	kept: string | null
}

export interface RestoreOptions {
	/** As shown; of a folder all that the backup has below it. Default: all of it. */
	paths?: readonly string[]
	signal?: AbortSignal
	/** Called for each that is settled. */
	onDone?: (path: string, outcome: 'restored' | 'same' | 'left') => void
}

/**
 * Copies files of a backup back to their places on that machine, with their times and bits; folders are made where
 * they lack. What is there now is first put into a backup of its own. The backup stays. Ended in the middle, again goes
 * on.
 * @param now ms; names the backup that is made
 * @throws ProblemError `backup-unknown`, `files-root-missing`, `backup-failed`, `link-lost`, `operation-cancelled`
 */
export async function restoreFiles(
	place: BackupPlace,
	id: string,
	now: number,
	options: RestoreOptions = {},
): Promise<Restored> {
	const { machine, root, backups } = place
	const own = backupId('restore', now)
	const result: Restored = { restored: 0, same: 0, left: [], kept: null }
	const leave = (left: Left) => {
		result.left.push(left)
		options.onDone?.(left.path, 'left')
	}
	const wanted = options.paths && new Wanted(options.paths)
	const files = backupFiles(place, id, options.signal)
	const numbered = new Numbered(
		wanted ? wanted.of(files) : files,
		(_, number, name) => `r ${number} ${word(name)}`,
		leave,
	)
	const at = { root, backup: `${backups}/${own}` }
	const args = [root, `${backups}/${id}/tree`, at.backup]
	await talk(
		machine,
		'files-restore',
		args,
		at,
		numbered,
		(answer) => {
			if (answer.word === 'kept') {
				result.kept = own
				return
			}
			const path = numbered.settle(answer.number)
			if (path === null) return
			if (answer.word === 'restored' || answer.word === 'same') {
				result[answer.word]++
				options.onDone?.(path, answer.word)
			} else leave({ path, why: answer.why, said: answer.said })
		},
		options.signal,
	)
	for (const path of wanted?.missing ?? []) leave({ path, why: 'absent', said: '' })
	return result
}

/** Which files of a backup a person means. */
class Wanted {
	readonly #shown: ReadonlySet<string>
	readonly #found = new Set<string>()

	constructor(shown: readonly string[]) {
		this.#shown = new Set(shown.map((path) => path.replace(/(?<=.)\/+$/, '')))
	}

	async *of<T extends { path: string }>(files: AsyncIterable<T>): AsyncGenerator<T> {
		for await (const file of files) {
			const name = this.#nameOf(shownPath(file.path))
			if (name === null) continue
			this.#found.add(name)
			yield file
		}
	}

	/** By which of the names it is meant: its own, or that of a folder above it. */
	#nameOf(path: string): string | null {
		for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
			const name = path.slice(0, end)
			if (this.#shown.has(name)) return name
		}
		return null
	}

	/** As bytes. */
	get missing(): string[] {
		return [...this.#shown]
			.filter((path) => !this.#found.has(path))
			.map((path) => Buffer.from(path).toString('latin1'))
	}
}
