import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Client, createClient } from '../../src/contract/client.ts'
import type { State } from '../../src/contract/state.ts'
import { connectSocket, socketPath } from '../../src/engine/rpc/socket.ts'

/** An app that can be killed at any moment, and two faces that outlive it, as a window and a terminal do. */
export interface KillableLaptop {
	/** Kills the app, all at once, and starts the next one. */
	kill(): Promise<void>
	/** How many apps there were. */
	lives(): number
	/** The app's state as a face last saw it; null: it saw none of this app yet. */
	state(): State | null
	/** Asks the app that lives; null when it was killed over it. */
	ask<T>(question: (client: Client) => Promise<T>): Promise<T | null>
	/** Every notice that a face was told to tell, alone or with others, each time. */
	told: string[]
	/** Those of which no face knows: the app was killed over the answer. */
	unanswered: Set<string>
	stop(): Promise<void>
}

const program = fileURLToPath(new URL('./run-kills-app.ts', import.meta.url))
const retryMs = 20

export async function killableLaptop(dataFolder: string): Promise<KillableLaptop> {
	const told: string[] = []
	const unanswered = new Set<string>()
	let child: ChildProcess
	let lives = 0
	let stopped = false
	let seen: { client: Client; state: State } | null = null

	const claim = async (client: Client, { id, covers }: State['notices'][string]) => {
		const all = covers.length > 0 ? covers : [id]
		const answer = await client.command('claimNotice', { notice: id }).catch(() => null)
		if (answer === null) for (const one of all) unanswered.add(one)
		else if (answer.ok && answer.output.first) told.push(...all)
	}
	/** Settles when this app is gone. */
	const look = async (isFirst: boolean) => {
		const channel = await connectSocket(socketPath(dataFolder)).catch(() => null)
		if (!channel) return
		const client = createClient(channel)
		const claims = new Set<Promise<void>>()
		const claimed = new Set<string>()
		const gone = new Promise<void>((done) => client.onClose(done))
		client.watch((state) => {
			if (isFirst) seen = { client, state }
			for (const notice of Object.values(state.notices)) {
				if (claimed.has(notice.id)) continue
				claimed.add(notice.id)
				const claiming = claim(client, notice).finally(() => {
					claims.delete(claiming)
					claimed.delete(notice.id)
				})
				claims.add(claiming)
			}
		})
		await gone
		channel.close()
		if (seen?.client === client) seen = null
		await Promise.all(claims)
	}
	const face = async (isFirst: boolean) => {
		while (!stopped) {
			await look(isFirst)
			await new Promise((done) => setTimeout(done, retryMs))
		}
	}
	const open = async () => {
		lives++
		child = spawn(process.execPath, [program, dataFolder], { stdio: ['pipe', 'pipe', 'inherit'] })
		child.stdin?.on('error', () => {})
		// Also one that ends at once is waited for.
		await Promise.race([once(child.stdout as NonNullable<typeof child.stdout>, 'data'), once(child, 'close')])
	}
	const end = async () => {
		const closed = child.exitCode === null && child.signalCode === null ? once(child, 'close') : null
		child.kill('SIGKILL')
		await closed
	}
	await open()
	const faces = [face(true), face(false)]
	return {
		kill: async () => {
			await end()
			await open()
		},
		lives: () => lives,
		state: () => seen?.state ?? null,
		ask: async (question) => (seen ? await question(seen.client).catch(() => null) : null),
		told,
		unanswered,
		stop: async () => {
			stopped = true
			await end()
			await Promise.all(faces)
		},
	}
}
