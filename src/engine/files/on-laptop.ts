import { lstat } from 'node:fs/promises'

const atOnce = 32

/**
 * Whether anything is at these places, or in their way: a file or a link where a folder would have to be. True when it
 * cannot be told. The file system itself says which names are the same to it.
 * @param root absolute
 */
export async function laptopHas(root: string, paths: readonly string[]): Promise<boolean[]> {
	const folders = new Map<string, Promise<'folder' | 'none' | 'other'>>()
	const top = Buffer.from(root)
	const placeOf = (path: string) => Buffer.concat([top, Buffer.from(`/${path}`, 'latin1')])
	const kindOf = async (path: string) => {
		try {
			return (await lstat(placeOf(path))).isDirectory() ? 'folder' : 'other'
		} catch (error) {
			return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'other'
		}
	}
	const folder = (path: string) => {
		const known = folders.get(path)
		if (known) return known
		const kind = kindOf(path)
		folders.set(path, kind)
		return kind
	}
	const has = async (path: string): Promise<boolean> => {
		for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
			const kind = await folder(path.slice(0, slash))
			if (kind !== 'folder') return kind === 'other'
		}
		return (await kindOf(path)) !== 'none'
	}
	const answers: boolean[] = []
	for (let at = 0; at < paths.length; at += atOnce)
		answers.push(...(await Promise.all(paths.slice(at, at + atOnce).map(has))))
	return answers
}
