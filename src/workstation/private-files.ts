import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'

/** A folder that only its owner can look into; made so also when it was there. */
export async function makePrivateFolder(path: string): Promise<void> {
	await mkdir(path, { recursive: true, mode: 0o700 })
	await chmod(path, 0o700)
}

/** Whole or not at all: a kill in between leaves the old file. */
export async function writeWhole(path: string, text: string, mode = 0o600): Promise<void> {
	const temporary = `${path}.${randomBytes(4).toString('hex')}.new`
	try {
		await writeFile(temporary, text, { mode, flag: 'wx' })
		await chmod(temporary, mode)
		await rename(temporary, path)
	} catch (error) {
		await rm(temporary, { force: true })
		throw error
	}
}

/** The text of a file, or null where there is none. */
export async function readIfThere(path: string): Promise<string | null> {
	try {
		return await readFile(path, 'utf8')
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
		throw error
	}
}
