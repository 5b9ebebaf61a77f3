import { ProblemError } from '../../contract/client.ts'
import { problem } from '../problems.ts'
import { run } from '../process/process.ts'

/** Long enough for a person to find and type a password. */
const patienceMs = 120_000
/** What runs as root cannot be ended by us; then it is left to end by itself. */
const graceMs = 5000

const onMac = {
	file: 'osascript',
	args: [
		'-e',
		'do shell script "launchctl kickstart -k system/com.zerotier.one" with administrator privileges',
	],
	typed: 'sudo launchctl kickstart -k system/com.zerotier.one',
}
const systemd = ['restart', 'zerotier-one']
const onLinux = { file: 'systemctl', args: systemd, typed: 'sudo systemctl restart zerotier-one' }
/** Asks through the desktop's own dialog. */
const asked = { ...onLinux, file: 'pkexec', args: ['systemctl', ...systemd] }

export interface RestartRequest {
	platform: NodeJS.Platform
	env: NodeJS.ProcessEnv
	uid: number
	signal?: AbortSignal | undefined
}

/** Pure: what restarts the service here, and what a person would type for it. */
export function restartCommand(platform: NodeJS.Platform, uid: number) {
	if (platform === 'darwin') return onMac
	return uid === 0 ? onLinux : asked
}

/** @throws ProblemError `zerotier-restart-failed`, `operation-cancelled` */
export async function restartService({ platform, env, uid, signal }: RestartRequest): Promise<void> {
	const { file, args, typed } = restartCommand(platform, uid)
	const failed = (reason: string) =>
		new ProblemError(problem('zerotier-restart-failed', { command: typed, reason }))
	const stuck = Promise.withResolvers<never>()
	let grace: NodeJS.Timeout | undefined
	const onAbort = () => {
		grace = setTimeout(() => stuck.reject(new ProblemError(problem('operation-cancelled', {}))), graceMs)
	}
	if (signal?.aborted) onAbort()
	signal?.addEventListener('abort', onAbort, { once: true })
	const late = setTimeout(
		() => stuck.reject(failed(`no answer for ${patienceMs / 60_000} minutes`)),
		patienceMs + graceMs,
	)
	try {
		await Promise.race([
			run({ file, args, env, signal, timeoutMs: patienceMs, maxBytes: 65_536 }),
			stuck.promise,
		])
	} catch (error) {
		if (!(error instanceof ProblemError)) throw error
		const { code, facts } = error.problem
		if (code === 'process-silent') throw failed(`no answer for ${patienceMs / 60_000} minutes`)
		if (code !== 'process-failed') throw error
		throw failed(reasonOf(String(facts.stderr ?? ''), String(facts.reason), file))
	} finally {
		clearTimeout(late)
		clearTimeout(grace)
		signal?.removeEventListener('abort', onAbort)
	}
}

/** Pure: in a few words, from what the system's own tools say. */
export function reasonOf(stderr: string, reason: string, file: string): string {
	if (/ENOENT/.test(reason)) return `${file} is not there`
	// osascript's -128 is the dialog's Cancel; pkexec says `Request dismissed`.
	if (/\(-128\)|dismissed/.test(stderr)) return 'the question for the administrator’s password was cancelled'
	const line = stderr.split('\n').find((text) => text.trim() !== '')
	return (line ?? reason)
		.trim()
		.replace(/[.:\s]+$/, '')
		.slice(0, 300)
}
