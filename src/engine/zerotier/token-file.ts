import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

export type TokenFile = { kind: 'token'; token: string } | { kind: 'missing' | 'unreadable' | 'useless' }

/** A token is 24 characters; anything much longer is another file. */
const mostBytes = 1024

/** Reads one token. Never rejects, never waits: a pipe or a device is no token. */
export async function readToken(path: string): Promise<TokenFile> {
	try {
		const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
		try {
			if (!(await file.stat()).isFile()) return { kind: 'useless' }
			const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes), 0, mostBytes, 0)
			const token = buffer.toString('latin1', 0, bytesRead).trim()
			// What goes into a header is one word of plain characters.
			return /^[\x21-\x7e]{1,256}$/.test(token) ? { kind: 'token', token } : { kind: 'useless' }
		} finally {
			await file.close()
		}
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException
		return { kind: code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unreadable' }
	}
}
