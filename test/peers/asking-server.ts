import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection, type KeyboardAuthContext, type Prompt } from 'ssh2'
import { onTestFinished } from 'vitest'

/**
 * A stand-in: ssh2's server instead of a real sshd, because sshd asks for passwords and codes through PAM and the
 * system's accounts, which tests leave alone. Real in all else: it speaks SSH over TCP on loopback.
 */

/** One set of questions and the answers it takes. */
export interface Question {
	name?: string
	instructions?: string
	prompts: Prompt[]
	answers: string[]
}

export interface Asking {
	port: number
	/** Login steps as they came: `none`, `publickey`, `password:…`, `answers:…`. */
	steps: string[]
	/** A line for known_hosts. */
	known: string
	/** TCP connections that are open now. */
	sockets(): number
}

type Login = (context: AuthContext, connection: Connection, asking: Asking) => void

const hostKey = ssh2.utils.generateKeyPairSync('ed25519')

/** `login` decides about every step of a login. */
export async function askingServer(login: Login): Promise<Asking> {
	const ssh = new ssh2.Server({ hostKeys: [hostKey.private] }, (connection) => {
		connection.on('error', () => {})
		connection.on('authentication', (context) => {
			if (context.method === 'password') asking.steps.push(`password:${context.password}`)
			else if (context.method !== 'publickey' || context.signature) asking.steps.push(context.method)
			login(context, connection, asking)
		})
	})
	const sockets = new Set<Socket>()
	const listener = createServer((socket) => {
		sockets.add(socket)
		socket.on('close', () => sockets.delete(socket))
		ssh.injectSocket(socket)
	})
	await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
	onTestFinished(async () => {
		for (const socket of sockets) socket.destroy()
		await new Promise((done) => listener.close(done))
	})
	const { port } = listener.address() as AddressInfo
	const asking: Asking = {
		port,
		steps: [],
		known: `[127.0.0.1]:${port} ${hostKey.public}\n`,
		sockets: () => sockets.size,
	}
	return asking
}

/** Puts the questions one after the other; a wrong answer ends it as refused, `left` says what else it takes. */
export function ask(
	context: KeyboardAuthContext,
	asking: Asking,
	questions: readonly Question[],
	left: string[] = ['keyboard-interactive'],
): void {
	const [question, ...more] = questions
	if (!question) {
		context.accept()
		return
	}
	const { prompts, answers, name = '', instructions = '' } = question
	context.prompt(prompts, name, instructions, (given) => {
		asking.steps.push(`answers:${given.join(',')}`)
		const right = given.length === answers.length && given.every((one, index) => one === answers[index])
		if (right) ask(context, asking, more, left)
		else context.reject(left as never)
	})
}

/** One more message for whoever logs in (RFC 4252, 5.4), which ssh2's server has no public way to send. */
export function sendBanner(connection: Connection, text: string): void {
	interface Inside {
		_packetRW: {
			write: { alloc(bytes: number): Buffer; allocStart: number; finalize(packet: Buffer): Buffer }
		}
		_cipher: { encrypt(packet: Buffer): void }
	}
	const { _packetRW, _cipher } = (connection as unknown as { _protocol: Inside })._protocol
	const { write } = _packetRW
	const bytes = Buffer.byteLength(text)
	const packet = write.alloc(1 + 4 + bytes + 4)
	const at = write.allocStart
	packet[at] = 53
	packet.writeUInt32BE(bytes, at + 1)
	packet.write(text, at + 5)
	packet.writeUInt32BE(0, at + 5 + bytes)
	_cipher.encrypt(write.finalize(packet))
}
