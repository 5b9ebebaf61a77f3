import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createClient } from '../../src/contract/client.ts'
import type { CommandInput } from '../../src/contract/commands.ts'
import { connectSocket, socketPath } from '../../src/engine/rpc/socket.ts'

const program = fileURLToPath(new URL('./run-kills-app.ts', import.meta.url))

/** Starts the app as a process of its own, an operation in it, and kills it all at once so long after the begin. */
export async function killedApp(
	dataFolder: string,
	{ kind, wish }: { kind: 'up' | 'back'; wish: CommandInput<'up'> },
	delayMs: number,
): Promise<'app killed' | 'app refused'> {
	const child = spawn(process.execPath, [program, dataFolder], { stdio: ['pipe', 'pipe', 'ignore'] })
	child.stdin.on('error', () => {})
	const ended = once(child, 'close')
	await Promise.race([once(child.stdout, 'data'), ended])
	const channel = await connectSocket(socketPath(dataFolder))
	// On a full disk it cannot even begin.
	if (!channel) {
		child.kill('SIGKILL')
		await ended
		return 'app refused'
	}
	const client = createClient(channel)
	try {
		const { ok } = await client.command(kind, wish)
		await new Promise((done) => setTimeout(done, delayMs))
		return ok ? 'app killed' : 'app refused'
	} finally {
		child.kill('SIGKILL')
		await ended
		channel.close()
	}
}
