import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../engine/find-program.ts'

/**
 * How `hawser` is called, word by word; null where that is not possible. It needs a Node: Electron's own binary takes no
 * programs (the fuse `runAsNode` is off), and a Node cannot read the archive of a packed app.
 * @param folder that of the built app, `dist/app`
 */
export async function ownCli(folder: string, env: NodeJS.ProcessEnv): Promise<string[] | null> {
	if (/\.asar(\/|$)/.test(folder)) return null
	const program = join(folder, '..', 'cli.mjs')
	const node = await findProgram('node', { env })
	const isThere = await access(program).then(
		() => true,
		() => false,
	)
	return node !== null && isThere ? [node, program] : null
}
