import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Link } from '../link/link.ts'
import type { Difference } from './compare.ts'
import { word } from './keeping.ts'
import { runLines } from './line-script.ts'

/** A file over this many bytes is not read for it: it counts as another one. */
const mostBytes = 256 * 1024 * 1024

/**
 * Whether files of the same size hold the same bytes on both sides: SHA-256 of each. What cannot be read does not.
 * @param root the laptop's tree, absolute; `remote`: the workstation's
 * @throws ProblemError `link-lost`, `operation-cancelled`, `remote-timeout`
 */
export async function sameContent(
	link: Link,
	root: string,
	remote: string,
	differences: readonly Difference[],
	signal?: AbortSignal,
): Promise<boolean[]> {
	const small = differences.filter(({ laptop }) => laptop !== null && laptop.size <= mostBytes)
	const there: string[] = []
	const lines = async function* () {
		for (const { path } of small) yield word(`./${path}`)
	}
	const asked = runLines(link, 'files-digests', [remote], lines(), (line) => there.push(line), signal)
	// Both are over before this is, whichever fails first.
	asked.catch(() => {})
	const here: string[] = []
	for (const { path } of small) here.push((await digestOf(root, path, signal)) ?? 'none')
	await asked
	const same = new Set(small.filter((_, at) => here[at] === there[at]).map(({ path }) => path))
	return differences.map(({ path }) => same.has(path))
}

async function digestOf(root: string, path: string, signal?: AbortSignal): Promise<string | null> {
	const hash = createHash('sha256')
	const place = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')])
	try {
		await pipeline(createReadStream(place), hash, signal ? { signal } : {})
		return hash.digest('hex')
	} catch (error) {
		signal?.throwIfAborted()
		if (error instanceof Error && 'code' in error) return null
		throw error
	}
}
