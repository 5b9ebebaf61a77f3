import { connect, type Socket } from 'node:net'

/**
 * The agent's protocol (draft-ietf-sshm-ssh-agent), the two requests a login needs. Our own, because ssh2's agent
 * leaves out the keys it cannot use, so nobody would learn why a login fails; and it has no limit in time: an agent
 * that says nothing would keep its socket for good.
 */

export interface AgentKey {
	type: string
	blob: Buffer
}

const identitiesRequest = 11
const identitiesAnswer = 12
const signRequest = 13
const signAnswer = 14
const signatureFlags: Record<string, number> = { sha256: 2, sha512: 4 }
/** What OpenSSH takes from an agent. */
const maxAnswer = 256 * 1024

function field(data: Buffer): Buffer {
	const length = Buffer.alloc(4)
	length.writeUInt32BE(data.length)
	return Buffer.concat([length, data])
}

/** @throws RangeError when a field ends after the data */
function reader(data: Buffer, from: number) {
	let at = from
	return () => {
		const end = at + 4 + data.readUInt32BE(at)
		if (end > data.length) throw new RangeError('cut off')
		const value = data.subarray(at + 4, end)
		at = end
		return value
	}
}

/** One request on a connection of its own. Rejects with an Error whose message ends a sentence about the agent. */
function ask(path: string, body: Buffer, signal: AbortSignal): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		let socket: Socket | null = null
		let heard = Buffer.alloc(0)
		const settle = (error: Error | null, answer?: Buffer) => {
			signal.removeEventListener('abort', onAbort)
			socket?.destroy()
			if (error) reject(error)
			else if (answer) resolve(answer)
		}
		const onAbort = () =>
			settle(
				new Error(signal.reason?.name === 'TimeoutError' ? 'it does not answer' : 'it was not waited for'),
			)
		if (signal.aborted) return onAbort()
		signal.addEventListener('abort', onAbort, { once: true })
		try {
			socket = connect({ path })
		} catch (error) {
			return settle(error as Error)
		}
		socket.on('error', (error: NodeJS.ErrnoException) => {
			const absent = error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
			settle(new Error(absent ? 'none is running' : error.message))
		})
		socket.on('close', () => settle(new Error('it hung up')))
		socket.once('connect', () => socket?.write(field(body)))
		socket.on('data', (data) => {
			heard = Buffer.concat([heard, data])
			if (heard.length < 5) return
			const length = heard.readUInt32BE(0)
			if (length === 0 || length > maxAnswer) settle(new Error('it speaks no language of SSH agents'))
			else if (heard.length >= 4 + length) settle(null, heard.subarray(4, 4 + length))
		})
	})
}

/** Rejects with an Error whose message ends a sentence about the agent. */
export async function agentKeys(path: string, signal: AbortSignal): Promise<AgentKey[]> {
	const answer = await ask(path, Buffer.from([identitiesRequest]), signal)
	if (answer[0] !== identitiesAnswer) throw new Error('it does not list its keys')
	try {
		const keys: AgentKey[] = []
		const count = answer.readUInt32BE(1)
		const next = reader(answer, 5)
		while (keys.length < count) {
			const blob = next()
			keys.push({ type: reader(blob, 0)().toString('latin1'), blob })
			// Its comment.
			next()
		}
		return keys
	} catch {
		throw new Error('its list of keys cannot be read')
	}
}

/**
 * The bare signature, without the name of its algorithm. `hash` is for RSA keys. The agent may ask a person first.
 * Rejects with an Error whose message ends a sentence about the agent.
 */
export async function agentSign(
	path: string,
	blob: Buffer,
	data: Buffer,
	hash: string | undefined,
	signal: AbortSignal,
): Promise<Buffer> {
	const flags = Buffer.alloc(4)
	flags.writeUInt32BE(signatureFlags[hash ?? ''] ?? 0)
	const answer = await ask(
		path,
		Buffer.concat([Buffer.from([signRequest]), field(blob), field(data), flags]),
		signal,
	)
	if (answer[0] !== signAnswer) throw new Error('it would not sign')
	try {
		const next = reader(reader(answer, 1)(), 0)
		next()
		return Buffer.from(next())
	} catch {
		throw new Error('its signature cannot be read')
	}
}
