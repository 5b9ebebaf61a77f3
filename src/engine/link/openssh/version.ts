import { ProblemError } from '../../../contract/client.ts'
import { problem } from '../../problems.ts'
import { run } from '../../process/process.ts'

/**
 * From 8.4 on it asks through our own program whether or not it has a terminal (SSH_ASKPASS_REQUIRE). By 8.7 it puts
 * `(user@host) ` before what a server asks, which no server can then pass off as a question of ssh's own.
 */
export const needed: OpensshVersion = [8, 7]

export type OpensshVersion = readonly [major: number, minor: number]

export function isAtLeast([major, minor]: OpensshVersion, least: OpensshVersion): boolean {
	return major > least[0] || (major === least[0] && minor >= least[1])
}

/** `OpenSSH_9.2p1 Debian-2, …`, as `ssh -V` prints it. Null for any other program. */
export function opensshVersion(printed: string): OpensshVersion | null {
	const match = /\bOpenSSH_(?:for_Windows_)?(\d+)\.(\d+)/.exec(printed)
	return match ? [Number(match[1]), Number(match[2])] : null
}

/** @throws ProblemError `openssh-missing`, `operation-cancelled` */
export async function requireOpenssh(
	why: string,
	env: NodeJS.ProcessEnv,
	signal: AbortSignal,
): Promise<OpensshVersion> {
	const missing = (found: string) => new ProblemError(problem('openssh-missing', { why, found }))
	let printed: string
	try {
		const { stdout, stderr } = await run({ file: 'ssh', args: ['-V'], env, signal, timeoutMs: 10_000 })
		printed = `${stderr}${stdout}`.trim()
	} catch (error) {
		if (error instanceof ProblemError && error.problem.code === 'operation-cancelled') throw error
		throw missing('missing, or it does not start')
	}
	const version = opensshVersion(printed)
	if (!version) throw missing(printed.split('\n')[0] || 'another program')
	if (!isAtLeast(version, needed)) throw missing(version.join('.'))
	return version
}
