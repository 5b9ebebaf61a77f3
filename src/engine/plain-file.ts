import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

const chunkBytes = 64 * 1024

/**
 * All of a file whose path a person or somebody else has named, at most `mostBytes`; `/dev/null` is empty. Never waits
 * for another program and never reads without end: a pipe that nobody writes to would keep one of the four threads
 * that all files and names of hosts share, for good.
 * @throws the file system's error, or an Error that says what else it is
 */
export async function readPlainFile(path: string, mostBytes: number): Promise<Buffer> {
	// Not to block: opening a pipe waits for its other end.
	const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
	try {
		if (path === '/dev/null') return Buffer.alloc(0)
		if (!(await file.stat()).isFile()) throw new Error('It is no plain file')
		const parts: Buffer[] = []
		let bytes = 0
		for (;;) {
			// The size it has now tells little of a file that grows, and nothing of one of the system's.
			const { buffer, bytesRead } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, null)
			if (bytesRead === 0) return Buffer.concat(parts)
			bytes += bytesRead
			if (bytes > mostBytes) throw new Error(`It is larger than ${Math.round(mostBytes / 1024)} KiB`)
			parts.push(buffer.subarray(0, bytesRead))
		}
	} finally {
		await file.close()
	}
}
