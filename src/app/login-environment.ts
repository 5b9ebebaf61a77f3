import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { run } from '../engine/process/process.ts'

/** Printed around the values, so that what a login shell says by itself is skipped. */
const mark = '\u001ehawser\u001e'
/** A shell whose start takes longer is not waited for. */
const limitMs = 5000

/** Where Homebrew and people put their programs. */
const usualFolders = (home: string) => [
	'/opt/homebrew/bin',
	'/usr/local/bin',
	join(home, '.local', 'bin'),
	'/usr/bin',
	'/bin',
	'/usr/sbin',
	'/sbin',
]

/** Pure: folders of both, in order, each once. Relative ones are left out. */
function mergePaths(...paths: (string | undefined)[]): string {
	const folders = paths.flatMap((path) => path?.split(delimiter) ?? []).filter((path) => path.startsWith('/'))
	return [...new Set(folders)].join(delimiter)
}

/**
 * The environment for the engine. An app that the Finder starts gets neither the PATH nor the SSH agent
 * of the person's terminal, so their login shell is asked once. Never rejects: without an answer the usual
 * folders must do.
 */
export async function loginEnvironment(
	env: NodeJS.ProcessEnv = process.env,
	platform: NodeJS.Platform = process.platform,
): Promise<NodeJS.ProcessEnv> {
	// A terminal, and every session of a Linux desktop, has them already.
	if (platform !== 'darwin' || env.TERM !== undefined) return { ...env }
	const asked = await askShell(env)
	return {
		...env,
		PATH: mergePaths(asked.path, env.PATH, usualFolders(env.HOME ?? homedir()).join(delimiter)),
		...(asked.agent ? { SSH_AUTH_SOCK: asked.agent } : {}),
	}
}

async function askShell(env: NodeJS.ProcessEnv): Promise<{ path?: string; agent?: string }> {
	// `printenv` reads the same in every shell, fish and csh too.
	const say = `/bin/echo '${mark}'; /usr/bin/printenv PATH; /bin/echo '${mark}'; /usr/bin/printenv SSH_AUTH_SOCK; /bin/echo '${mark}'`
	try {
		const { stdout } = await run({
			file: env.SHELL || '/bin/zsh',
			args: ['-i', '-l', '-c', say],
			env: { ...env, DISABLE_AUTO_UPDATE: 'true' },
			input: '',
			timeoutMs: limitMs,
			maxBytes: 1024 * 1024,
			expected: Array.from({ length: 256 }, (_, code) => code),
		})
		const [, path, agent] = stdout.split(`${mark}\n`)
		return { path: path?.trim(), agent: agent?.trim() }
	} catch {
		return {}
	}
}
