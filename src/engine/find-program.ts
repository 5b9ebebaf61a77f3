import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'

/** Its path, or null. On PATH, but not among the system's own tools: ZFS has a `zed` there. */
export async function findProgram(
	program: string,
	{ env }: { env: NodeJS.ProcessEnv },
): Promise<string | null> {
	if (isAbsolute(program)) return (await isProgram(program)) ? program : null
	if (program.includes('/')) return null
	for (const folder of env.PATH?.split(delimiter) ?? []) {
		if (!isAbsolute(folder) || /\/sbin\/?$/.test(folder)) continue
		const path = join(folder, program)
		if (await isProgram(path)) return path
	}
	return null
}

export async function isProgram(path: string): Promise<boolean> {
	try {
		await access(path, constants.X_OK)
		return (await stat(path)).isFile()
	} catch {
		return false
	}
}
