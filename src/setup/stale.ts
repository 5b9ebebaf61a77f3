import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { stamp } from './bundle.ts'

/** What the build is made of, from the root of the repository. */
const sources = ['src', 'renderer', 'package.json', 'package-lock.json', 'vite.config.ts']

const changedAt = (path: string) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** When anything under a path changed last; a folder too, for a file that was taken away. */
function newest(path: string): number {
	const own = statSync(path, { throwIfNoEntry: false })
	if (!own?.isDirectory()) return own?.mtimeMs ?? 0
	return Math.max(own.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

/** Whether `dist` is missing, was left half made, or is older than what it is made of. */
export function isStale(root: string): boolean {
	const built = changedAt(join(root, 'dist', stamp))
	return sources.some((source) => newest(join(root, source)) > built)
}
