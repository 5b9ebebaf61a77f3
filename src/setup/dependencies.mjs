// What both `npm start` and `npm test` do first. Plain JavaScript for any Node from 20 on.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** npm writes this file at the end of every complete installation. */
const marker = join(root, 'node_modules', '.package-lock.json')

function upToDate() {
	if (!existsSync(marker)) return false
	return statSync(marker).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
}

/** Installs the packages of package-lock.json unless they are there already. Ends the process when it cannot. */
export function installDependencies() {
	if (upToDate()) return
	console.log('Installing the packages that Hawser is built with')
	const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
	const { status, error } = spawnSync('npm', args, { cwd: root, stdio: 'inherit' })
	if (status !== 0) {
		console.error(`npm ci did not succeed${error ? `: ${error.message}` : ''}.`)
		process.exit(1)
	}
}

/** The Node that everything runs on: the one npm brought, else this one when it is new enough. */
export function pinnedNode() {
	const pinned = join(root, 'node_modules', '.bin', 'node')
	if (existsSync(pinned)) return pinned
	if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
	console.error(
		'Hawser needs Node 24 or newer, and npm has none for this kind of machine. Install it, then try again.',
	)
	process.exit(1)
}
