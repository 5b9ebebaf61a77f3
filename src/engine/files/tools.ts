import type { Link } from '../link/link.ts'
import type { FilePlaces } from './places.ts'
import {
	findRsync,
	isSameVolume,
	type RsyncPair,
	type RsyncProgram,
	remoteRsync,
	rsyncPair,
} from './rsync-program.ts'

/** What moves files between the two machines. */
export interface FileTools {
	pair: RsyncPair
	/** Whether our own folder lies on the same file system as the tree, on each side. */
	isNear: { laptop: boolean; workstation: boolean }
}

interface Known {
	/** Of which connection. */
	since: number
	key: string
	tools: Promise<FileTools>
}

const known = new WeakMap<Link, Known>()
/** Something may be installed meanwhile. */
const localMs = 60_000
let local: { at: number; found: Promise<RsyncProgram | null> } | null = null

/**
 * Asked once a connection for the same places.
 * @throws ProblemError `rsync-missing`, and as `runScript`
 */
export async function fileTools(link: Link, places: FilePlaces, back: boolean): Promise<FileTools> {
	const here = back ? { root: places.into, own: places.ownInto } : { root: places.local, own: places.own }
	const key = JSON.stringify([here, places.remote])
	const since = link.state.status === 'up' ? link.state.since : 0
	const before = known.get(link)
	if (before && before.since === since && before.key === key) return await before.tools
	const tools = ask(link, here, places)
	known.set(link, { since, key, tools })
	return await tools.catch((error: unknown) => {
		if (known.get(link)?.tools === tools) known.delete(link)
		throw error
	})
}

async function ask(
	link: Link,
	here: { root: string; own: string },
	{ remote, ownThere }: FilePlaces,
): Promise<FileTools> {
	const [program, there, laptop] = await Promise.all([
		localRsync(),
		remoteRsync(link, [remote, `~/${ownThere}`]),
		isSameVolume(here.root, here.own),
	])
	return { pair: rsyncPair(program, there.program), isNear: { laptop, workstation: there.sameVolume } }
}

function localRsync(): Promise<RsyncProgram | null> {
	const now = performance.now()
	if (local && now - local.at < localMs) return local.found
	const found = findRsync()
	local = { at: now, found }
	found.catch(() => {
		local = null
	})
	return found
}
