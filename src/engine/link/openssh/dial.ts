import { access } from 'node:fs/promises'
import { ProblemError } from '../../../contract/client.ts'
import { problem } from '../../problems.ts'
import type { Connection } from '../connection.ts'
import { type DialRequest, keepAliveOf } from '../dial.ts'
import { expandHome, parseJump, resolveSettings, type Settings } from '../settings.ts'
import { masterArguments } from './arguments.ts'
import { Attempt } from './attempt.ts'
import { OpensshConnection } from './connection.ts'
import { openFolder } from './folder.ts'
import { requireOpenssh } from './version.ts'

/**
 * Opens a connection that the system's own ssh holds: one master process, logged in, on which everything rides as
 * multiplexed sessions. `reason`: why it is needed; a sentence without its full stop.
 * @throws as `dial` does, but never LoginNeeded: what ssh needs it asks for at once, by `request.ask`
 */
export async function dialOpenssh(
	settings: Settings,
	request: DialRequest,
	reason: string,
): Promise<Connection> {
	const { ssh, around, signal, times, events } = request
	await requireOpenssh(reason, around.env, signal)
	await requireNamedKey(settings, request)
	const hops = await hopsOf(settings.jumps, request, 0)
	const keepAlive = keepAliveOf(request, settings)
	if (signal.aborted) throw new ProblemError(problem('operation-cancelled', {}))
	const folder = openFolder()
	const { home } = around
	const args = masterArguments({
		ssh,
		settings,
		home,
		socket: folder.socket,
		log: folder.log,
		keepAlive,
		times,
	})
	const attempt = new Attempt(settings, hops, request, folder, args)
	const { master } = attempt
	try {
		await attempt.up
		const through = hops.map(({ host, port }) => `${host}:${port}`)
		const mastered = { master, socket: folder.socket, settings, through, reason }
		return await OpensshConnection.over(mastered, keepAlive, events)
	} catch (error) {
		await master.stop()
		throw error
	}
}

/** More hops than this are a loop. */
const maxHops = 8

/** The jump hosts as their own settings name them, first to last, with those that the first one itself needs. */
async function hopsOf(jumps: readonly string[], request: DialRequest, depth: number): Promise<Settings[]> {
	const { ssh, around, signal } = request
	const configFile = ssh.configFile === undefined ? {} : { configFile: ssh.configFile }
	const resolved = await Promise.all(
		jumps.map((jump) => resolveSettings({ ...parseJump(jump), ...configFile }, around, signal)),
	)
	const [first] = resolved
	if (first === undefined) return []
	if (depth + resolved.length > maxHops) {
		const reason = 'ProxyJump goes in a circle'
		throw new ProblemError(problem('ssh-settings-unreadable', { host: ssh.host, reason }))
	}
	return [...(await hopsOf(first.jumps, request, depth + resolved.length)), ...resolved]
}

/** ssh passes over a key file that is not there; who has named it here is to know. Its public half may be enough. */
async function requireNamedKey(settings: Settings, { ssh, around }: DialRequest): Promise<void> {
	if (ssh.identityFile === undefined) return
	const file = expandHome(ssh.identityFile, around.home)
	const found = await Promise.all([file, `${file}.pub`, `${file}-cert.pub`].map(isThere))
	if (found.includes(true)) return
	const { host, user, port } = settings
	const reason = 'There is no such file'
	throw new ProblemError(problem('login-key-unusable', { host, user, port, file, reason }))
}

const isThere = (path: string) =>
	access(path).then(
		() => true,
		(error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
	)
