import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { type SessionProcess, spawnSession } from '../engine/process/session.ts'

/** A shell whose start takes longer is not waited for. */
const limitMs = 5000
/** One that has answered and does not end in this time is ended. */
const endsWithinMs = 1000
/** A shell that says more than this by itself is not listened to, in characters. */
const mostText = 1024 * 1024

/** Where Homebrew and people put their programs. */
const usualFolders = (home: string, platform: NodeJS.Platform) => [
	...(platform === 'darwin' ? ['/opt/homebrew/bin'] : []),
	'/usr/local/bin',
	join(home, '.local', 'bin'),
	'/usr/bin',
	'/bin',
	'/usr/sbin',
	'/sbin',
]

/** Pure: folders of all, in order, each once. Relative ones are left out. */
function mergePaths(...paths: (string | undefined)[]): string {
	const folders = paths.flatMap((path) => path?.split(delimiter) ?? []).filter((path) => path.startsWith('/'))
	return [...new Set(folders)].join(delimiter)
}

/**
 * The environment for the engine. An app that the Finder or a desktop starts gets neither the PATH nor the SSH
 * agent, nor the editor, of the person's terminal, so their login shell is asked once, and what is missing is filled in. Never
 * rejects: without an answer the usual folders must do.
 */
export async function loginEnvironment(
	env: NodeJS.ProcessEnv = process.env,
	platform: NodeJS.Platform = process.platform,
): Promise<NodeJS.ProcessEnv> {
	const home = env.HOME ?? homedir()
	if (hasIt(env, home, platform)) return { ...env }
	const asked = await askShell(env, platform)
	const agent = agentOf(env.SSH_AUTH_SOCK, asked.agent)
	return {
		...env,
		PATH: mergePaths(asked.path, env.PATH, usualFolders(home, platform).join(delimiter)),
		...(agent ? { SSH_AUTH_SOCK: agent } : {}),
		...(env.VISUAL === undefined && asked.visual ? { VISUAL: asked.visual } : {}),
		...(env.EDITOR === undefined && asked.editor ? { EDITOR: asked.editor } : {}),
	}
}

/** A terminal has it all. So has a desktop whose session has read the person's profile; macOS never does. */
function hasIt(env: NodeJS.ProcessEnv, home: string, platform: NodeJS.Platform): boolean {
	if (env.TERM !== undefined) return true
	const folders = env.PATH?.split(delimiter) ?? []
	return platform !== 'darwin' && !!env.SSH_AUTH_SOCK && folders.includes(join(home, '.local', 'bin'))
}

/** launchd gives every app its own agent's socket, whether or not anybody uses that agent. */
const ofLaunchd = /\/com\.apple\.launchd\.[^/]+\/Listeners$/

/** The one that is set stays; launchd's counts as none when the shell names another one that is there. */
function agentOf(set: string | undefined, asked: string | undefined): string | undefined {
	if (!set) return asked
	return asked && ofLaunchd.test(set) && existsSync(asked) ? asked : set
}

/**
 * One word for every shell: a quoted constant means the same to sh, zsh, fish and csh, and sh itself then says
 * the values. \036 (record separator) is around them, so that what a login shell says by itself is skipped.
 */
const say = `/bin/sh -c 'printf "\\036hawser\\036%s\\036%s\\036%s\\036%s\\036" "$PATH" "$SSH_AUTH_SOCK" "$VISUAL" "$EDITOR"'`
const said = /\u001ehawser\u001e([^\u001e]*)\u001e([^\u001e]*)\u001e([^\u001e]*)\u001e([^\u001e]*)\u001e/

/** As an interactive login shell, with what keeps common rc files from doing more than setting things. */
function invocation(shell: string): { args: string[]; input: string } {
	// csh is a login shell only when -l stands alone; then it reads its commands from its input.
	if (/^t?csh$/.test(basename(shell))) return { args: ['-l'], input: `${say}\nexit 0\n` }
	return { args: ['-i', '-l', '-c', say], input: '' }
}

interface Asked {
	path?: string | undefined
	agent?: string | undefined
	visual?: string | undefined
	editor?: string | undefined
}

/** Settles within the limit, with nothing when the shell is no help. */
async function askShell(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): Promise<Asked> {
	const shell = env.SHELL || (platform === 'darwin' ? '/bin/zsh' : '/bin/sh')
	const { args, input } = invocation(shell)
	// In a session of its own: what waits in its rc files can be ended with it.
	const session = spawnSession(shell, args, {
		cwd: '/',
		env: {
			...env,
			TERM: 'dumb',
			DISABLE_AUTO_UPDATE: 'true',
			ZSH_TMUX_AUTOSTART: 'false',
			ZSH_TMUX_AUTOSTARTED: 'true',
		},
	})
	session.stderr.resume()
	session.stdin.end(input)
	const answer = await answerOf(session)
	// What the person's settings start in the background is theirs; a shell that answered ends by itself.
	const ended = answer !== null && (await within(endsWithinMs, session.exit)) !== null
	if (!ended) session.signal('SIGKILL')
	session.release()
	const [, path, agent, visual, editor] = answer ?? []
	return { path, agent: agent?.startsWith('/') ? agent : undefined, visual, editor }
}

/** What it says of the values; null when it ends or says too much without that, or takes too long. */
async function answerOf({ stdout }: SessionProcess): Promise<RegExpExecArray | null> {
	let text = ''
	const heard = new Promise<RegExpExecArray | null>((resolve) => {
		stdout.setEncoding('utf8')
		stdout.on('data', (more: string) => {
			text += more
			const answer = said.exec(text)
			if (answer || text.length > mostText) resolve(answer)
		})
		stdout.once('close', () => resolve(null))
	})
	return await within(limitMs, heard)
}

/** Null when it takes longer. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
	let timer: NodeJS.Timeout | undefined
	const late = new Promise<null>((resolve) => {
		timer = setTimeout(() => resolve(null), ms)
	})
	return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
