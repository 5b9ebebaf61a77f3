import { homedir, platform } from 'node:os'
import { join, resolve } from 'node:path'
import envPaths from 'env-paths'

/**
 * The folder of settings, socket and what Hawser keeps: `--home`, else `HAWSER_HOME`, else the
 * platform's. The last is the one Electron calls `userData`, so that app and terminal share it.
 */
export function dataFolder(home: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
	const named = home || env.HAWSER_HOME
	if (named) return resolve(expandHome(named))
	const paths = envPaths('Hawser', { suffix: '' })
	return platform() === 'linux' ? paths.config : paths.data
}

/** A shell leaves the `~` of `--home=~/x` as it is. */
function expandHome(path: string): string {
	return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path
}
