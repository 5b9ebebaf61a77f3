import { createHash } from 'node:crypto'
import { lstat, mkdir, readFile, rmdir } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { makePrivateFolder, readIfThere, writeWhole } from './private-files.ts'

/** Where a Mac keeps what was installed by hand; an app started from the Dock does not have it on PATH. */
const usualFolders = ['/usr/local/bin', '/opt/homebrew/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin']

/** Of this machine's environment, all that a command of the workstation may see. */
const inherited = /^(?:LANG|LC_[A-Z_]+|TZ|TMPDIR)$/

const gitConfig = `[user]
	name = Built-in workstation
	email = built-in@localhost
[init]
	defaultBranch = master
`

/** Makes what is missing in the workstation's home folder. A person's own changes stay. */
export async function makeHome(home: string): Promise<void> {
	await mkdir(join(home, 'bin'), { recursive: true, mode: 0o700 })
	// Read and written, not copied: in an installed app it lies inside an archive.
	const text = await readFile(new URL('./nvidia-smi.sh', import.meta.url), 'utf8')
	const tool = join(home, 'bin', 'nvidia-smi')
	if ((await readIfThere(tool)) !== text) await writeWhole(tool, text, 0o755)
	const config = join(home, '.gitconfig')
	if ((await readIfThere(config)) === null) await writeWhole(config, gitConfig, 0o644)
}

/** What commands on the workstation find in their environment. */
export async function environmentOf(home: string): Promise<NodeJS.ProcessEnv> {
	const user = userInfo().username
	const env: NodeJS.ProcessEnv = { HOME: home, SHELL: '/bin/sh', USER: user, LOGNAME: user }
	for (const [name, value] of Object.entries(process.env)) if (inherited.test(name)) env[name] = value
	const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...usualFolders]
	env.PATH = [join(home, 'bin'), ...new Set(folders)].join(delimiter)
	const folder = await socketFolder(home)
	if (folder !== null) env.TMUX_TMPDIR = folder
	return env
}

/** A unix socket's path holds 103 bytes on macOS, the fewest. */
const maxSocketPath = 103

/**
 * The workstation's own tmux, apart from one that the person has on this machine: its sessions have
 * another home. In the data folder where the path is not too long for a socket, else under /tmp.
 */
async function socketFolder(home: string): Promise<string | null> {
	const { uid } = userInfo()
	const beside = dirname(home)
	if (Buffer.byteLength(join(beside, `tmux-${uid}`, 'default')) <= maxSocketPath) return beside
	const path = socketPath(home)
	try {
		await makePrivateFolder(path)
		const there = await lstat(path)
		// Somebody else's folder of that name is not trusted; tmux then does as it always does.
		return there.isDirectory() && there.uid === uid ? path : null
	} catch {
		return null
	}
}

const socketPath = (home: string) =>
	`/tmp/hawser-${userInfo().uid}-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`

/** Takes the folder under /tmp away when no socket is left in it. */
export async function tidySockets(home: string): Promise<void> {
	const path = socketPath(home)
	await rmdir(join(path, `tmux-${userInfo().uid}`)).catch(() => {})
	await rmdir(path).catch(() => {})
}
