import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What one connection of the system's ssh needs on disk; nobody else can look into it. */
export interface PrivateFolder {
	path: string
	/** Where the master listens once it is logged in. */
	socket: string
	/** Where ssh writes its log to, apart from all else on stderr: a FIFO that `master` makes and reads. */
	log: string
	/** Holds ssh; its arguments are ssh's. */
	master: string
	/** For `SSH_ASKPASS`. */
	askpass: string
	remove(): Promise<void>
}

/**
 * A socket's path has room for 104 bytes on macOS (108 on Linux), its end included, and ssh first binds one that is
 * 17 bytes longer.
 */
const longestSocket = 104 - 1 - 17

/** @throws when there is no folder for temporary files */
export function openFolder(): PrivateFolder {
	const path = makeFolder([tmpdir(), '/tmp'])
	const file = (name: string) => join(path, name)
	try {
		// In a packed app the scripts lie in an archive, where nothing can be executed.
		writeFileSync(file('master'), readFileSync(new URL('./master.sh', import.meta.url)), { mode: 0o700 })
		writeFileSync(file('askpass'), readFileSync(new URL('./askpass.sh', import.meta.url)), { mode: 0o700 })
	} catch (error) {
		rmSync(path, { recursive: true, force: true })
		throw error
	}
	return {
		path,
		socket: file('s'),
		log: file('log'),
		master: file('master'),
		askpass: file('askpass'),
		remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
	}
}

function makeFolder(places: string[]): string {
	for (const place of places) {
		const fits = Buffer.byteLength(join(place, 'hawser-ssh-XXXXXX', 's')) <= longestSocket
		if (fits) return mkdtempSync(join(place, 'hawser-ssh-'))
	}
	return mkdtempSync('/tmp/hawser-ssh-')
}
