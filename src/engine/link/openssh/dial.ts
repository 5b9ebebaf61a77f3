import { ProblemError } from '../../../contract/client.ts'
import { problem } from '../../problems.ts'
import type { Connection } from '../connection.ts'
import { type DialRequest, keepAliveOf } from '../dial.ts'
import { parseJump, resolveSettings, type Settings } from '../settings.ts'
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
	const version = await requireOpenssh(reason, around.env, signal)
	const through = await hops(settings, request)
	const keepAlive = keepAliveOf(request, settings)
	if (signal.aborted) throw new ProblemError(problem('operation-cancelled', {}))
	const folder = openFolder()
	const { home } = around
	const args = masterArguments({
		ssh,
		settings,
		home,
		socket: folder.socket,
		keepAlive,
		times,
		version,
	})
	const attempt = new Attempt(settings, request, folder, args)
	try {
		await attempt.up
	} catch (error) {
		await attempt.master.stop()
		throw error
	}
	return new OpensshConnection(
		{ master: attempt.master, folder, settings, through, reason, env: around.env },
		keepAlive,
		events,
	)
}

/** The jump hosts as `host:port`, as their own settings name them. */
async function hops({ jumps }: Settings, { ssh, around, signal }: DialRequest): Promise<string[]> {
	const configFile = ssh.configFile === undefined ? {} : { configFile: ssh.configFile }
	const resolved = jumps.map((jump) => resolveSettings({ ...parseJump(jump), ...configFile }, around, signal))
	return (await Promise.all(resolved)).map(({ host, port }) => `${host}:${port}`)
}
