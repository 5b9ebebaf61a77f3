import { homedir } from 'node:os'
import { join } from 'node:path'
import { ProblemError } from '../../contract/client.ts'
import type { Facts, ProblemCode } from '../../contract/problem.ts'
import { problem, problemOf } from '../problems.ts'
import { type Command, type Finished, run } from '../process/process.ts'
import { remembered } from './remembered.ts'

export const laptop = 'The laptop'
export const workstation = 'The workstation'

/** Inherited, these would make git work on another repository than the one it is started in. */
const misleading = [
	'GIT_DIR',
	'GIT_WORK_TREE',
	'GIT_INDEX_FILE',
	'GIT_OBJECT_DIRECTORY',
	'GIT_ALTERNATE_OBJECT_DIRECTORIES',
	'GIT_COMMON_DIR',
	'GIT_NAMESPACE',
	'GIT_PREFIX',
	'GIT_LITERAL_PATHSPECS',
	'GIT_GLOB_PATHSPECS',
	// Asks on the screen even where git was told not to.
	'SSH_ASKPASS',
]

/** Our environment for git: nothing of it waits for a person, and its texts are in English. */
export function gitEnvironment(): NodeJS.ProcessEnv {
	const env: NodeJS.ProcessEnv = {
		...process.env,
		LC_ALL: 'C.UTF-8',
		GIT_TERMINAL_PROMPT: '0',
		GIT_ASKPASS: 'false',
		GIT_EDITOR: 'true',
		GIT_PAGER: 'cat',
		GIT_HTTP_LOW_SPEED_LIMIT: '1',
		GIT_HTTP_LOW_SPEED_TIME: '30',
	}
	for (const name of misleading) delete env[name]
	return env
}

/** A path of the settings on this side: `~` is the home, and so it is where no folder is named. */
export function localPath(path: string): string {
	if (path.startsWith('/')) return path
	return join(homedir(), path.replace(/^~(?=\/|$)/, ''))
}

/** Throws a problem of ours. */
export function refuse(code: ProblemCode, facts: Facts): never {
	throw new ProblemError(problem(code, facts))
}

/** The last lines of what a tool complained, as one. */
export function gist(text: string): string {
	const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '')
	return lines.slice(-3).join(' ').trim()
}

export type GitOptions = Pick<
	Command,
	'expected' | 'signal' | 'timeoutMs' | 'input' | 'extraPipes' | 'onStart' | 'env'
>

/**
 * Runs git in a folder of this laptop.
 * @throws ProblemError `git-missing`, `process-silent`, `operation-cancelled`, `git-failed` for an exit code
 *   that is not expected (default: only 0 is)
 */
export async function git(
	folder: string,
	args: readonly string[],
	options: GitOptions = {},
): Promise<Finished> {
	try {
		return await run({ file: 'git', args, cwd: folder, env: gitEnvironment(), ...options })
	} catch (error) {
		const { code, facts } = problemOf(error)
		if (code !== 'process-failed') throw error
		const said = gist(String(facts.stderr ?? ''))
		if (/ENOENT/.test(String(facts.reason)))
			refuse('git-missing', { side: laptop, reason: 'git was not found' })
		return refuse('git-failed', {
			side: laptop,
			what: args.find((arg) => !arg.startsWith('-')) ?? 'work',
			reason: said === '' ? String(facts.reason) : said,
		})
	}
}

/** Reads that must not take a lock, such as `status`. */
export async function readGit(
	folder: string,
	args: readonly string[],
	options: GitOptions = {},
): Promise<Finished> {
	return await git(folder, args, { env: { ...gitEnvironment(), GIT_OPTIONAL_LOCKS: '0' }, ...options })
}

/** The environment for git when it goes to the hub. ssh must not ask; what the person set stays. */
export async function networkEnvironment(folder: string, signal?: AbortSignal): Promise<NodeJS.ProcessEnv> {
	const env = gitEnvironment()
	if (env.GIT_SSH_COMMAND || env.GIT_SSH) return env
	const question = ['config', 'core.sshCommand']
	const ask = async () => (await readGit(folder, question, { expected: [0, 1] })).exitCode === 0
	if (await remembered(signal, [...question, folder], () => true, ask)) return env
	return {
		...env,
		GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=10',
	}
}

const queues = new Map<string, Promise<unknown>>()

/** One piece of work at a time for each repository; readers need not queue. */
export async function alone<T>(repository: string, work: () => Promise<T>): Promise<T> {
	const before = queues.get(repository) ?? Promise.resolve()
	const mine = before.then(work, work)
	const settled = mine.catch(() => {})
	queues.set(repository, settled)
	try {
		return await mine
	} finally {
		if (queues.get(repository) === settled) queues.delete(repository)
	}
}
