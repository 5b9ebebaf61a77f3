import { lstat, readFile, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { readGit } from '../git/git.ts'
import { run } from '../process/process.ts'

/** File systems of this machine's own disks: they tell of everything that happens in them. */
const telling = /^(ext[234]|xfs|btrfs|tmpfs|overlay|zfs|f2fs|bcachefs|apfs|hfs)$/

export interface TreeStamp {
	/** Which folder it is: see `rootIdentity`. */
	root: string
	/** The same as long as the tree is the same folder, and what decides its rules outside of it is as it was. */
	text: string
	/** Why nobody can be sure to be told of what happens in it; null: one can. */
	blind: string | null
}

/**
 * What a watch does not see and yet has a say in what travels: which folder the root is, what is mounted in it, and
 * of git what it tracks (that travels although it is ignored), its settings, and its rules outside of the tree.
 * @param root absolute, as text
 * @throws Error, ProblemError: it could not be found out
 */
export async function treeStamp(root: string, signal?: AbortSignal): Promise<TreeStamp> {
	const real = await realpath(root)
	const [identity, mounts, rules] = await Promise.all([
		rootIdentity(root),
		mountsAround(real, signal),
		gitRules(root, signal),
	])
	const text = JSON.stringify([identity, mounts, rules])
	return { root: identity, text, blind: blindness(real, mounts) }
}

/** Tells one folder from another that stands in its place. @throws Error: it is not there */
export async function rootIdentity(root: string): Promise<string> {
	const [link, folder] = await Promise.all([lstat(root, { bigint: true }), stat(root, { bigint: true })])
	return [link.ino, folder.ino, folder.dev, folder.birthtimeNs].join(' ')
}

interface Mount {
	at: string
	type: string
}

function blindness(root: string, mounts: readonly Mount[]): string | null {
	const inside = mounts.find(({ at }) => at !== root && isIn(at, root))
	if (inside) return `another disk is mounted in it, at ${inside.at}`
	const [own] = mounts
		.filter(({ at }) => isIn(root, at))
		.sort((one, other) => other.at.length - one.at.length)
	if (own === undefined) return 'its disk is not known'
	return telling.test(own.type) ? null : `its disk (${own.type}) does not tell of all changes`
}

const isIn = (path: string, folder: string) =>
	folder === '/' || path === folder || path.startsWith(`${folder}/`)

/** The mounts that a folder is in, and those in it. */
async function mountsAround(root: string, signal?: AbortSignal): Promise<Mount[]> {
	const all =
		process.platform === 'darwin'
			? macMounts((await run({ file: '/sbin/mount', args: [], timeoutMs: 5000, signal })).stdout)
			: linuxMounts(await readFile('/proc/self/mountinfo', 'utf8'))
	return all.filter(({ at }) => isIn(root, at) || isIn(at, root))
}

/** Of `/proc/self/mountinfo`: see proc_pid_mountinfo(5). What is mounted later at the same place covers what was. */
export function linuxMounts(text: string): Mount[] {
	const mounts = new Map<string, Mount>()
	for (const line of text.split('\n')) {
		const [before = '', after = ''] = line.split(' - ')
		const at = before
			.split(' ')[4]
			?.replaceAll(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)))
		const type = after.split(' ')[0]
		if (at && type) mounts.set(at, { at: Buffer.from(at, 'latin1').toString(), type })
	}
	return [...mounts.values()]
}

/** Of mount(8) of macOS: `/dev/disk3s1 on /System/Volumes/Data (apfs, local, journaled)`. One that is not local has no type. */
export function macMounts(text: string): Mount[] {
	return text.split('\n').flatMap((line) => {
		const [, at, type, rest = ''] = /^.* on (\/.*) \(([^,)]+)(.*)\)$/.exec(line) ?? []
		if (at === undefined || type === undefined) return []
		return { at, type: /, local\b/.test(rest) ? type : 'far' }
	})
}

/** What git goes by, beside the `.gitignore` files below the root; each file by what tells that it was changed. */
async function gitRules(root: string, signal?: AbortSignal): Promise<unknown> {
	const ask = async (...args: string[]) => {
		const { exitCode, stdout } = await readGit(root, args, { expected: [0, 1, 128], signal })
		return exitCode === 0 ? stdout : null
	}
	const places = ['index', 'info/exclude'].flatMap((name) => ['--git-path', name])
	const [settings, found] = await Promise.all([
		ask('config', '-z', '--get-regexp', '^core[.]'),
		ask('rev-parse', '--show-toplevel', ...places),
	])
	const [top = null, ...own] = found?.trimEnd().split('\n') ?? []
	const above: string[] = []
	if (top !== null)
		for (let folder = root; folder !== top && folder !== dirname(folder); ) {
			folder = dirname(folder)
			above.push(join(folder, '.gitignore'))
		}
	const excludes = settings
		?.split('\0')
		.findLast((setting) => setting.startsWith('core.excludesfile\n'))
		?.slice('core.excludesfile\n'.length)
	const usual = join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'git', 'ignore')
	const global = excludes === undefined ? usual : excludes.replace(/^~(?=\/)/, homedir())
	const files = [...own.map((path) => (path.startsWith('/') ? path : join(root, path))), ...above, global]
	return [settings, top, await Promise.all(files.map(versionOf))]
}

async function versionOf(file: string): Promise<string[]> {
	const seen = await stat(file, { bigint: true }).catch(() => null)
	return [file, ...(seen ? [seen.ino, seen.size, seen.mtimeNs, seen.ctimeNs].map(String) : [])]
}
