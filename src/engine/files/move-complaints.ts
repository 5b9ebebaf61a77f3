import type { Problem } from '../../contract/problem.ts'
import { problem } from '../problems.ts'
import { shownPath } from './entry.ts'

/** A path that did not get there. */
export interface MoveFailure {
	/** As `Entry.path` has it. */
	path: string
	/**
	 * `gone`: it is not there any more. `denied`: it may not be read, or not be written there. `in-the-way`: a folder with
	 * something in it has its place. `special`: it is no file any more, but a socket, a FIFO or a device.
	 */
	why: 'gone' | 'denied' | 'in-the-way' | 'special' | 'other'
	/** What rsync said of it, for showing. */
	said: string
}

/** More than these are not told one by one. */
const mostFailures = 100_000

/**
 * Takes in what rsync complains of. The words are rsync's own, of 3.0 to 3.5 and without translation; whatever does not
 * name a path of ours is kept as it is, and then nobody may rely on the list of failures.
 */
export class Complaints {
	readonly failures = new Map<string, MoveFailure>()
	/** Complaints that name no path. */
	readonly loose: string[] = []
	/** The receiver's disk is full, or cannot be written to at all. */
	fatal: 'full' | 'read-only' | null = null
	/** What our own command on the workstation said before rsync began. */
	place: { what: 'missing' | 'gone' | 'elsewhere' | 'unwritable'; found: string } | null = null
	/** There were more failures than are kept. */
	overflown = false
	readonly #roots: readonly string[]
	#rest = ''

	/** `roots`: both sides' folders, absolute. */
	constructor(roots: readonly string[]) {
		this.#roots = roots.map((root) => `${bytesOf(root).replace(/\/+$/, '')}/`)
	}

	take(text: string): void {
		const lines = (this.#rest + text).split('\n')
		this.#rest = lines.pop()?.slice(-20_000) ?? ''
		for (const line of lines) this.line(line)
	}

	end(): void {
		this.line(this.#rest)
		this.#rest = ''
	}

	/** One line of rsync's standard error, or one of its output that is no progress. */
	line(raw: string): void {
		const line = raw.trimEnd()
		if (line === '' || ignored.test(line)) return
		const place = /^hawser-place (missing|gone|elsewhere|unwritable) ?(.*)$/.exec(line)
		if (place) {
			this.place = { what: place[1] as 'missing', found: place[2] ?? '' }
			return
		}
		if (/: (?:No space left on device|Disk quota exceeded) \(\d+\)$/.test(line)) this.fatal = 'full'
		else if (/: Read-only file system \(\d+\)$/.test(line)) this.fatal = 'read-only'
		const path = this.#pathIn(line)
		if (path === null) {
			if (this.loose.length < 20) this.loose.push(line)
			return
		}
		this.add({ path, why: whyOf(line), said: line })
	}

	add(failure: MoveFailure): void {
		if (this.failures.has(failure.path)) return
		if (this.failures.size < mostFailures) this.failures.set(failure.path, failure)
		else this.overflown = true
	}

	#pathIn(line: string): string | null {
		const vanished = /^(?:rsync: (?:\[[^\]]*\] )?)?file has vanished: "(.*)"$/.exec(line)
		const skipped = /^skipping (?:non-regular file|directory) "?(.*?)"?$/.exec(line)
		const blocked = /^could not make way for \S+ [a-z ]+: (.*)$/.exec(line)
		const nonEmpty = /^cannot delete non-empty directory: (.*)$/.exec(line)
		const failed =
			/^rsync: (?:\[[^\]]*\] )?[^"]*"(.*?)"(?: -> ".*")?(?: \(in [^)]*\))?(?: failed)?: .* \(\d+\)$/.exec(
				line,
			)
		// The name of what is being received: rsync adds a dot before and six characters behind it.
		const isStaged = /^rsync: (?:\[[^\]]*\] )?(?:mkstemp|rename) "/.test(line)
		const relative = skipped ?? blocked ?? nonEmpty
		if (relative) return unescaped(relative[1] ?? '')
		const absolute = unescaped((vanished ?? failed)?.[1] ?? '')
		for (const root of this.#roots) {
			if (!absolute.startsWith(root)) continue
			const path = absolute.slice(root.length)
			return isStaged ? path.replace(/(^|\/)\.([^/]*)\.[^/.]{6}$/, '$1$2') : path
		}
		return null
	}
}

/** Summaries and news that say nothing of a single path. */
const ignored =
	/^(?:rsync (?:error|warning): |created \d* ?director(?:y|ies)|\[\w+\] |rsync: connection unexpectedly closed|client_loop: |WARNING: .* failed verification -- update (?:discarded|put into partial-dir) \(will try again\)\.$)/

function whyOf(line: string): MoveFailure['why'] {
	if (/ has vanished: |: No such file or directory \(\d+\)$/.test(line)) return 'gone'
	if (/: (?:Permission denied|Operation not permitted) \(\d+\)$/.test(line)) return 'denied'
	if (
		/^(?:could not make way|cannot delete non-empty)|: (?:Is a directory|Not a directory|File exists) \(\d+\)$/.test(
			line,
		)
	)
		return 'in-the-way'
	return line.startsWith('skipping ') ? 'special' : 'other'
}

/** As rsync writes names without a locale: what is no printable ASCII as `\#` and three octal digits. */
export const unescaped = (name: string): string =>
	bytesOf(name).replaceAll(/\\#([0-3][0-7]{2})/g, (_, digits: string) =>
		String.fromCharCode(Number.parseInt(digits, 8)),
	)

const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** A line of `--out-format='%i %n'`, also of openrsync, which has fewer letters: what differs there still. */
export function pendingIn(line: string): string | null {
	const match = /^[<>ch.*][fdLDS][.+?cstTpogunaxbmr ]{7,9} (.*)$/.exec(line)
	return match ? unescaped(match[1] ?? '').replace(/\/$/, '') : null
}

/** What the complaints come to, if anything, as a problem; null: the failures tell it all. */
export function problemIn(
	complaints: Complaints,
	side: string,
	folder: string,
	remoteRoot: string,
): Problem | null {
	const { place, fatal, failures } = complaints
	const [first] = failures.keys()
	const path = first === undefined ? folder : shownPath(first)
	// It is the workstation that speaks of its own, whichever way the files go.
	const there = { side: 'The workstation', path: remoteRoot }
	if (place?.what === 'missing') return problem('files-root-missing', there)
	if (place?.what === 'gone') return problem('files-root-gone', { ...there, what: place.found })
	if (place?.what === 'elsewhere') return problem('files-root-moved', { ...there, found: place.found })
	if (place) return problem('files-unwritable', there)
	if (fatal === 'full') return problem('files-no-space', { side, path })
	if (fatal === 'read-only') return problem('files-unwritable', { side, path })
	return null
}
