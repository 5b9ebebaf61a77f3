import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { ProblemError } from '../../contract/client.ts'
import { refuse } from '../git/git.ts'
import type { Link, RemoteProcess } from '../link/link.ts'
import { problem } from '../problems.ts'
import { type ReadyLine, wholeBootstrap } from '../remote/ready-line.ts'
import { afterMarker, printMarker, scriptText, setArguments, startScript } from '../remote/script.ts'
import { batched } from './batches.ts'
import { type Entry, type Listing, pathOfShown } from './entry.ts'
import { NulSplitter } from './records.ts'
import { headOf, parseRecord, type RemoteHead } from './remote-records.ts'
import { byBytes, outermost } from './sorted.ts'
import { Troubles } from './troubles.ts'

export interface RemoteOptions {
	/** Only what is in these folders, or is one of these files: see `reachOf`. Null or left out: all of the tree. */
	only?: readonly string[] | null
	/** Folders to pass over, such as those that git ignores on the laptop. */
	prune?: readonly string[]
	/** The digest of a listing that is known: when it is still so, there are no entries. */
	known?: string | null
	/** Opened ahead for it. */
	line?: ReadyLine | undefined
}

/** A workstation's tree as one listing. */
export interface RemoteTree {
	head: RemoteHead
	/** It is the listing whose digest was given: `entries` is empty. */
	isSame: boolean
	/** Of this listing, the options included; null: there is none. */
	digest: string | null
	/** What could not be listed. All folders are known from the start; the others when the listing has ended. */
	troubles: Troubles
	/** May be gone through once. @throws ProblemError `link-lost`, `remote-garbled`, `remote-timeout`, `operation-cancelled` */
	entries: Listing
	/** For who does not go through it to its end. */
	close(): void
}

/** The script says that it works every three seconds. */
const silenceMs = 30_000
/** Until all of the tree was walked and sorted there. */
const longestMs = 1_800_000
/** Of a workstation's login shell, before our script's own output. */
const longestGreeting = 1024 * 1024
const mostHeadRecords = 100_000
/** Each is compared with each folder's name there. */
const mostPruned = 200

/**
 * Lists a tree of the workstation in one round trip, in the order of paths' bytes.
 * @param root as in the settings: absolute, or below the home there
 * @throws ProblemError `link-lost`, `remote-garbled`, `remote-timeout`, `operation-cancelled`
 */
export async function remoteListing(
	link: Link,
	root: string,
	options: RemoteOptions = {},
	signal?: AbortSignal,
): Promise<RemoteTree> {
	const args = ['tree', pathOfShown(root), options.known ?? '', ...walkWords(options)]
	// As bytes: what is passed over need not be UTF-8.
	const payload = [
		printMarker,
		pathOfShown(scriptText('lib')),
		setArguments(args),
		pathOfShown(scriptText('files-list')),
		'# end\n',
	].join('\n')
	const opening = signal ?? new AbortController().signal
	const remote = await (options.line ? options.line.take(opening) : link.exec(wholeBootstrap, signal))
	remote.stdin.end(Buffer.from(payload, 'latin1'))
	return await listed(remote, signal)
}

/**
 * The versions of single paths that are there, in the order of their bytes; those that are not are left out. A folder
 * is one whatever is in it.
 * @throws as `remoteListing`
 */
export async function remoteVersions(
	link: Link,
	root: string,
	paths: readonly string[],
	signal?: AbortSignal,
): Promise<RemoteTree> {
	const remote = await startScript(link, 'files-list', ['paths', root, ''], signal)
	remote.stdin.end(Buffer.from(paths.map((path) => `./${path}\0`).join(''), 'latin1'))
	return await listed(remote, signal)
}

/** Find's words: where it begins, and what it passes over. */
export function walkWords({ only, prune = [] }: Pick<RemoteOptions, 'only' | 'prune'>): string[] {
	const isWord = (path: string) => !/[\0\n\u001d]/.test(path)
	// One that cannot be said there means all of it.
	const starts = only?.every(isWord) ? outermost(only).map((path) => `./${path}`) : ['.']
	// Nothing to list is something that is not there: without a place find begins here.
	if (starts.length === 0) starts.push('./.hawser-nothing')
	const pruned = outermost(prune).filter(isWord).sort(byDepth).slice(0, mostPruned).sort(byBytes)
	const paths = pruned.flatMap((path) => ['-o', '-path', `./${path.replaceAll(/[\\*?[]/g, '\\$&')}`])
	const skipped = paths.length === 0 ? [] : ['-type', 'd', '(', ...paths.slice(1), ')', '-prune', '-o']
	return [...starts, '(', '-name', '.git', '-o', '-name', '.hawser-*', ')', '-prune', '-o', ...skipped]
}

const byDepth = (one: string, other: string) => one.split('/').length - other.split('/').length

async function listed(remote: RemoteProcess, signal: AbortSignal | undefined): Promise<RemoteTree> {
	let hasEnded = false
	const ended = () => {
		hasEnded = true
	}
	remote.exit.then(ended, ended)
	const close = () => {
		if (!hasEnded) remote.close()
	}
	signal?.addEventListener('abort', close, { once: true })
	if (signal?.aborted) close()
	const stop = () => {
		signal?.removeEventListener('abort', close)
		close()
	}
	const stderr: { said: string } = { said: '' }
	remote.stderr.on('data', (data: Buffer) => {
		stderr.said = (stderr.said + data.toString()).slice(-500)
	})
	const pieces = chunks(remote, stderr)
	try {
		const { records, rest } = await headRecords(pieces)
		const troubles = new Troubles()
		const facts = new Map<string, string>()
		for (const record of records) {
			const space = record.indexOf(' ')
			const [name, value] = [record.slice(0, space), record.slice(space + 1)]
			if (name === 'unread') troubles.add({ path: value.replace(/^\.\/?/, ''), kind: 'folder', reason: '' })
			else if (name === 'broken') troubles.add({ path: '', kind: 'folder', reason: value })
			else if (name !== 'beat') facts.set(name, value)
		}
		const packing = facts.get('entries')
		const entries =
			packing === undefined
				? none()
				: batched(() => unpacked(pieces, rest, packing === 'gzip', troubles, stop))
		const digest = facts.get('digest') ?? null
		return { head: headOf(facts), isSame: facts.has('same'), digest, troubles, entries, close: stop }
	} catch (error) {
		stop()
		throw error
	}
}

const none = (): Listing => Readable.from([])

/** The output from our marker on, as it comes; bounded in silence. */
async function* chunks(remote: RemoteProcess, stderr: { said: string }): AsyncGenerator<Buffer> {
	const source: AsyncIterator<Buffer> = remote.stdout[Symbol.asyncIterator]()
	let greeting: Buffer | null = Buffer.alloc(0)
	for (;;) {
		const { value, done } = await soon(source.next(), () => remote.close()).catch(async (error: unknown) => {
			if (error instanceof ProblemError) throw error
			// A stream that breaks off does not say why.
			await remote.exit
			return garbled(String(error))
		})
		if (done) break
		if (greeting === null) {
			yield value
			continue
		}
		greeting = Buffer.concat([greeting, value])
		const own = afterMarker(greeting.toString('latin1'))
		if (own === null && greeting.length > longestGreeting) garbled(stderr.said)
		if (own === null) continue
		greeting = null
		yield Buffer.from(own, 'latin1')
	}
	const { code } = await remote.exit
	if (code !== 0 || greeting !== null) garbled(stderr.said || `it ended with ${code}`)
}

const garbled = (stderr: string): never =>
	refuse('remote-garbled', { script: 'files-list', stderr: stderr.trim() })

const late = (ms: number) =>
	new ProblemError(problem('remote-timeout', { script: 'files-list', seconds: ms / 1000 }))

async function soon<T>(work: Promise<T>, onLate: () => void): Promise<T> {
	const waiting = Promise.withResolvers<never>()
	const timer = setTimeout(() => {
		waiting.reject(late(silenceMs))
		onLate()
	}, silenceMs)
	try {
		return await Promise.race([work, waiting.promise])
	} finally {
		clearTimeout(timer)
	}
}

/** The records up to the listing, and the bytes after them that came along. */
async function headRecords(pieces: AsyncGenerator<Buffer>): Promise<{ records: string[]; rest: Buffer }> {
	const records: string[] = []
	let bytes = Buffer.alloc(0)
	const deadline = performance.now() + longestMs
	for (;;) {
		const { value, done } = await pieces.next()
		if (performance.now() > deadline) throw late(longestMs)
		if (done) return { records, rest: bytes }
		bytes = Buffer.concat([bytes, value])
		let start = 0
		for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
			const record = bytes.toString('latin1', start, end)
			records.push(record)
			start = end + 1
			if (record.startsWith('entries ')) return { records, rest: bytes.subarray(start) }
		}
		bytes = bytes.subarray(start)
		if (records.length > mostHeadRecords || bytes.length > longestGreeting) garbled('it says too much')
	}
}

async function* unpacked(
	pieces: AsyncGenerator<Buffer>,
	rest: Buffer,
	isPacked: boolean,
	troubles: Troubles,
	stop: () => void,
): AsyncGenerator<Entry[]> {
	const all = async function* () {
		if (rest.length > 0) yield rest
		yield* pieces
	}
	const splitter = new NulSplitter()
	let last: string | null = null
	let isWhole = false
	const source = isPacked ? gunzipped(all()) : all()
	try {
		for await (const bytes of source) {
			const entries: Entry[] = []
			for (const record of splitter.take(bytes)) {
				if (isWhole) garbled('it goes on after its end')
				if (record === 'end ') {
					isWhole = true
					continue
				}
				const parsed = parseRecord(record)
				if (parsed === null) garbled(`an entry makes no sense: ${JSON.stringify(record.slice(0, 200))}`)
				else if (parsed === 'nothing') continue
				else if ('trouble' in parsed) troubles.add(parsed.trouble)
				else {
					const { path } = parsed.entry
					if (last !== null && path <= last) garbled(`its entries are not in order: ${JSON.stringify(path)}`)
					last = path
					entries.push(parsed.entry)
				}
			}
			if (entries.length > 0) yield entries
		}
		if (!isWhole || splitter.isCut) garbled('it was cut off')
	} finally {
		stop()
	}
}

async function* gunzipped(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
	const gunzip = createGunzip()
	const failure: { error?: unknown } = {}
	const piped = pipeline(Readable.from(source), gunzip).catch((error: unknown) => {
		failure.error = error
	})
	try {
		for await (const bytes of gunzip) yield bytes as Buffer
	} catch (error) {
		await piped
		const { error: first = error } = failure
		if (first instanceof ProblemError) throw first
		garbled(`it cannot be unpacked: ${String(first)}`)
	}
}
