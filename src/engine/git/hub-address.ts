import { git, laptop, refuse } from './git.ts'

/** What a token looks like where a user's name is expected. */
const tokenLike = /^(?:gh[a-z]_|github_pat_|gl[a-z]*-|hf_|x-access-token|x-token-auth|oauth2\b)|^[\w-]{20,}$/i

/**
 * Pure: whether whoever has this address of a repository has a password or a token with it. A plain user's name
 * (`git@…`, `https://terry@…`) is none.
 */
export function holdsSecret(url: string): boolean {
	const [, scheme = '', user] = /([a-z][a-z0-9+.-]*):\/\/([^/?#]*)@/i.exec(url) ?? []
	if (user !== undefined && /:|%3a/i.test(user.replace(/:$/, ''))) return true
	if (user !== undefined && /^https?$/i.test(scheme) && tokenLike.test(user)) return true
	return /[?&;][\w-]*(?:token|password|passwd|secret|api_?key|signature)[\w-]*=[^&;]/i.test(url)
}

/** Pure: whether an address means the same on every machine; a path does not. */
export function isNetworkAddress(url: string): boolean {
	if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return !/^file:/i.test(url)
	return /^[^/:]+:/.test(url)
}

/**
 * The address of the laptop's remote, as another machine may be given it; null when none is free of secrets.
 * What `insteadOf` of this laptop's settings makes of it comes first: the workstation does not know those.
 * @throws ProblemError `hub-missing`
 */
export async function hubAddress(folder: string, hub: string, signal: AbortSignal): Promise<string | null> {
	const options = { signal, expected: [0, 1, 2, 128] }
	const expanded = await git(folder, ['remote', 'get-url', '--', hub], options)
	const written = await git(folder, ['config', '--get', `remote.${hub}.url`], options)
	const urls = [expanded, written]
		.filter(({ exitCode }) => exitCode === 0)
		.map(({ stdout }) => stdout.replace(/\n$/, ''))
		.filter((url) => url !== '')
	if (urls.length === 0) refuse('hub-missing', { side: laptop, hub })
	return urls.find((url) => !holdsSecret(url)) ?? null
}
