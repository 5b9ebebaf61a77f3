import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run } from '../process/process.ts'
import type { RemoteFacts } from './facts.ts'
import { git, laptop, refuse, workstation } from './git.ts'

export interface GitVersion {
	major: number
	minor: number
	/** As git says it, without `git version`: `2.39.5 (Apple Git-154)`. */
	text: string
}

/** The oldest git that each side may have. */
const needed = {
	[laptop]: { major: 2, minor: 39 },
	[workstation]: { major: 2, minor: 34 },
} as const

/** Pure: what `git version` printed, with or without these two words; null when it is nothing of the kind. */
export function parseGitVersion(said: string): GitVersion | null {
	const [, text = '', major, minor] =
		/^(?:git version )?((\d{1,5})\.(\d{1,5})(?:[.\-+ ][^\n]*)?)\s*$/.exec(said.trim()) ?? []
	return text === '' ? null : { major: Number(major), minor: Number(minor), text: text.trim() }
}

/**
 * Pure: refuses a git that is too old for its side.
 * @throws ProblemError `git-old`; `git-missing` for what is no version at all
 */
export function checkGitVersion(side: keyof typeof needed, said: string): GitVersion {
	const found = parseGitVersion(said)
	if (!found) refuse('git-missing', { side, reason: `git said ${JSON.stringify(said.slice(0, 200))}` })
	const { major, minor } = needed[side]
	if (found.major < major || (found.major === major && found.minor < minor))
		refuse('git-old', { side, found: found.text, needed: `${major}.${minor}` })
	return found
}

/**
 * Whether `/usr/bin/git` on a Mac is what `path` leads to: without the command line tools that is a stand-in
 * which opens their installer, whatever it is asked.
 */
export function leadsToShim(path: string, isThere: (file: string) => boolean = existsSync): boolean {
	const first = path.split(delimiter).find((folder) => folder !== '' && isThere(join(folder, 'git')))
	return first !== undefined && join(first, 'git') === '/usr/bin/git'
}

let known: Promise<GitVersion> | null = null

/**
 * The laptop's git, asked once: a good answer stays.
 * @throws ProblemError `git-missing`, `git-old`
 */
export async function laptopGit(): Promise<GitVersion> {
	known ??= askLaptop()
	const asked = known
	return await asked.catch((error: unknown) => {
		if (known === asked) known = null
		throw error
	})
}

async function askLaptop(): Promise<GitVersion> {
	if (process.platform === 'darwin' && leadsToShim(process.env.PATH ?? '')) {
		const tools = run({ file: '/usr/bin/xcode-select', args: ['-p'], timeoutMs: 10_000 })
		await tools.catch(() =>
			refuse('git-missing', { side: laptop, reason: 'the command line developer tools are not installed' }),
		)
	}
	const { stdout } = await git('/', ['version'])
	return checkGitVersion(laptop, stdout)
}

/**
 * Both sides have a git that is new enough.
 * @throws ProblemError `git-missing`, `git-old`
 */
export async function requireGit(remote: Pick<RemoteFacts, 'gitVersion'>): Promise<void> {
	await laptopGit()
	checkGitVersion(workstation, remote.gitVersion)
}
