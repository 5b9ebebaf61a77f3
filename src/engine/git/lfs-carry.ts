import { pipeline } from 'node:stream/promises'
import { ProblemError } from '../../contract/client.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import { sizeWords } from '../../contract/size-words.ts'
import type { Link } from '../link/link.ts'
import { refuse, workstation } from './git.ts'
import { bytesOf, type LfsContent } from './lfs-pointers.ts'
import { keepContent, type LfsStore, readContent } from './lfs-store.ts'
import { withTalk } from './lfs-talk.ts'
import type { Rec } from './records.ts'

/**
 * Contents of Git LFS on their way over the link, where no server of LFS carries them: a command's input or output
 * each, read only as fast as the other side takes it. They come before any branch that needs them moves; one that
 * has arrived stays, so that after an interruption only the rest goes again.
 */

/** How often a transfer says how far it is. */
const sayMs = 500

/** Of these contents those that the workstation's clone lacks. @throws ProblemError of the link or of `git-lfs.sh` */
export async function lackingThere(
	link: Link,
	project: ProjectConfig,
	contents: readonly LfsContent[],
	signal: AbortSignal,
): Promise<LfsContent[]> {
	if (contents.length === 0) return []
	return await withTalk(link, project.remote, 'lacks', asked(contents), signal, async (talk) => {
		talk.remote.stdin.end()
		return named(await talk.rest(false), 'lacks', contents)
	})
}

/**
 * Brings contents of the laptop's store to the workstation's clone; what is there by then is left out.
 * @throws ProblemError `lfs-damaged`, `git-failed` where it cannot be kept there, `remote-timeout`, and those of the link
 */
export async function sendContents(
	link: Link,
	project: ProjectConfig,
	store: LfsStore,
	contents: readonly LfsContent[],
	say: (detail: string) => void,
	signal: AbortSignal,
): Promise<void> {
	if (contents.length === 0) return
	await withTalk(link, project.remote, 'take', asked(contents), signal, async (talk) => {
		const wanted = named(await talk.header(), 'lacks', contents)
		const progress = progressOf(wanted, say)
		async function* bytes() {
			for (const content of wanted)
				for await (const chunk of readContent(store, content)) {
					talk.heard()
					progress(chunk.length)
					yield chunk
				}
		}
		let failure: unknown = null
		const sending = pipeline(bytes, talk.remote.stdin).catch((error: unknown) => {
			failure = error
			// What it was to read is not there; it must not take a part for the whole, nor wait for the rest.
			if (error instanceof ProblemError) talk.remote.close()
		})
		try {
			const said = await talk.rest()
			if (said.filter(([name]) => name === 'took').length < wanted.length)
				refuse('git-failed', {
					side: workstation,
					what: 'take in what Git LFS has',
					reason: 'it ended early',
				})
		} catch (error) {
			await sending
			// Else that its input was closed: why, it said itself.
			throw failure instanceof ProblemError ? failure : error
		}
		await sending
	})
}

/**
 * Brings contents from the workstation's clone to the laptop's store; answers with those that are not there either.
 * @throws as `sendContents`
 */
export async function fetchContents(
	link: Link,
	project: ProjectConfig,
	store: LfsStore,
	contents: readonly LfsContent[],
	say: (detail: string) => void,
	signal: AbortSignal,
): Promise<LfsContent[]> {
	if (contents.length === 0) return []
	return await withTalk(link, project.remote, 'give', asked(contents), signal, async (talk) => {
		talk.remote.stdin.end()
		const coming = named(await talk.header(), 'has', contents)
		const progress = progressOf(coming, say)
		for (const content of coming)
			await keepContent(store, content, talk.bytes(content.size, progress), workstation)
		await talk.rest()
		return contents.filter((content) => !coming.includes(content))
	})
}

const asked = (contents: readonly LfsContent[]) =>
	`${contents.map(({ oid, size }) => `${oid} ${size}\n`).join('')}\n`

/** Those of the contents that the script named, in its order. */
function named(records: readonly Rec[], name: string, contents: readonly LfsContent[]): LfsContent[] {
	const asked = new Map(contents.map((content) => [content.oid, content]))
	return records.flatMap(([is, oid = '']) => (is === name ? (asked.get(oid) ?? []) : []))
}

function progressOf(contents: readonly LfsContent[], say: (detail: string) => void) {
	const all = bytesOf(contents)
	let [done, last] = [0, 0]
	return (bytes: number) => {
		done += bytes
		const now = performance.now()
		if (now - last < sayMs) return
		last = now
		say(`Git LFS, ${sizeWords(done)} of ${sizeWords(all)}`)
	}
}
