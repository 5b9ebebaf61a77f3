import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { agentKeys } from '../../src/engine/link/agent.ts'
import { run } from '../../src/engine/process/process.ts'
import { askingServer } from './asking-server.ts'
import { dialled, type Script } from './dial-request.ts'
import { server } from './linked.ts'
import { type Sshd, sshdMissing } from './sshd.ts'

if (sshdMissing) console.warn(`login-agent: skipped, ${sshdMissing}`)

/** A short folder: the path of a socket has a limit. */
async function folder(): Promise<string> {
	const path = await mkdtemp(join(tmpdir(), 'hawser agent-'))
	onTestFinished(() => rm(path, { recursive: true, force: true }))
	return path
}

/** The real ssh-agent on a path with blanks, as 1Password's is. */
async function realAgent(...keys: string[]): Promise<{ socket: string; env: NodeJS.ProcessEnv }> {
	const socket = join(await folder(), 'agent.sock')
	const { stdout } = await run({ file: 'ssh-agent', args: ['-s', '-a', socket] })
	const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1])
	onTestFinished(() => void process.kill(pid))
	const env = { ...process.env, SSH_AUTH_SOCK: socket }
	for (const key of keys) await run({ file: 'ssh-add', args: ['-q', key], env })
	return { socket, env }
}

/** A stand-in for the agents that do not work as they should: what comes for each request is in `answer`. */
async function oddAgent(answer: (request: number, socket: Socket) => void) {
	const socket = join(await folder(), 'odd.sock')
	const open = new Set<Socket>()
	const listener = createServer((connection) => {
		open.add(connection)
		connection.on('error', () => {})
		connection.on('close', () => open.delete(connection))
		connection.on('data', (data) => answer(data[4] ?? 0, connection))
	})
	await new Promise<void>((done) => listener.listen(socket, done))
	onTestFinished(async () => {
		for (const connection of open) connection.destroy()
		await new Promise((done) => listener.close(done))
	})
	return { socket, open: () => open.size }
}

const field = (data: Buffer) => {
	const length = Buffer.alloc(4)
	length.writeUInt32BE(data.length)
	return Buffer.concat([length, data])
}
const count = (number: number) => field(Buffer.alloc(number)).subarray(0, 4)
/** What an agent answers that holds these keys. */
const listOf = (...blobs: Buffer[]) =>
	field(
		Buffer.concat([
			Buffer.from([12]),
			count(blobs.length),
			...blobs.flatMap((blob) => [field(blob), count(0)]),
		]),
	)
const publicBlob = async (file: string) =>
	Buffer.from((await readFile(`${file}.pub`, 'utf8')).split(' ')[1] ?? '', 'base64')

/** Logs in with nothing but this agent. */
function withAgent(sshd: Sshd, agent: string, script: Script = {}) {
	const { identityFile: _, ...ssh } = sshd.ssh
	return writeFile(ssh.configFile ?? '', `IdentityAgent "${agent}"\n`).then(() => dialled(ssh, script))
}

const impatient = { tcpMs: 5000, handshakeMs: 5000, loginMs: 8000, loginWithPersonMs: 500 }

describe.skipIf(sshdMissing)('a real agent', () => {
	test('holds the key of a locked file', async () => {
		const sshd = await server()
		const { socket } = await realAgent(sshd.identityFile)
		await run({ file: 'ssh-keygen', args: ['-q', '-p', '-N', 'secret', '-f', sshd.identityFile] })
		expect(await withAgent(sshd, socket)).toMatchObject({ end: 'up', told: { questions: [] } })
		const { identityFile: _, ...ssh } = sshd.ssh
		await writeFile(ssh.configFile ?? '', `IdentityAgent none\nIdentityFile "${sshd.identityFile}"\n`)
		expect((await dialled(ssh)).end).toBe('needs')
	})

	test.each(['rsa', 'ecdsa', 'ed25519'])('signs with an %s key', async (type) => {
		const sshd = await server()
		const file = join(sshd.folder, 'other')
		await run({ file: 'ssh-keygen', args: ['-q', '-t', type, '-N', '', '-f', file] })
		await writeFile(join(sshd.folder, 'authorized_keys'), await readFile(`${file}.pub`))
		const { socket, env } = await realAgent(sshd.identityFile, file)
		expect((await withAgent(sshd, socket)).end).toBe('up')
		// Only the public half is here, as 1Password has it; IdentitiesOnly leaves the other key out.
		await rm(file)
		const { identityFile: _, ...ssh } = sshd.ssh
		await writeFile(ssh.configFile ?? '', `IdentitiesOnly yes\nIdentityFile "${file}"\n`)
		const around = { home: '/nowhere', user: sshd.user, env }
		expect((await dialled(ssh, { around })).end).toBe('up')
	})

	test('with a certificate is for the system’s ssh', async () => {
		const sshd = await server()
		const at = (name: string) => join(sshd.folder, name)
		for (const name of ['ca', 'id'])
			await run({ file: 'ssh-keygen', args: ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)] })
		const signing = ['-q', '-s', at('ca'), '-I', 'me', '-n', sshd.user, at('id.pub')]
		await run({ file: 'ssh-keygen', args: signing })
		const { socket } = await realAgent(at('id'))
		const reason = 'The SSH agent holds a certificate'
		expect(await withAgent(sshd, socket)).toMatchObject({ end: 'beyond', reason })
	})
})

describe.skipIf(sshdMissing)('an agent that does not work', () => {
	const problems: [name: string, says: string, answer: (request: number, socket: Socket) => void][] = [
		['speaks garbage', 'speaks no language', (_, socket) => void socket.write(Buffer.alloc(500, 0x81))],
		['refuses to list', 'does not list', (_, socket) => void socket.write(field(Buffer.from([5])))],
		['lists rubbish', 'cannot be read', (_, socket) => void socket.write(field(Buffer.from([12, 0, 9])))],
		['hangs up', 'hung up', (_, socket) => void socket.end()],
		['says nothing', 'does not answer', () => {}],
	]
	test.each(problems)(
		'%s: it says so, and nothing stays open',
		async (_name, says, answer) => {
			const sshd = await server()
			const agent = await oddAgent(answer)
			const state = await withAgent(sshd, agent.socket)
			expect(state).toMatchObject({ end: 'problem', problem: { code: 'login-refused' } })
			expect(JSON.stringify(state)).toContain(says)
			await expect.poll(agent.open).toBe(0)
			// A key file does it without the agent.
			const { configFile = '' } = sshd.ssh
			await writeFile(configFile, `IdentityAgent "${agent.socket}"\n`)
			expect((await dialled(sshd.ssh)).end).toBe('up')
		},
		30_000,
	)

	test('is not there', async () => {
		const sshd = await server()
		const state = await withAgent(sshd, join(sshd.folder, 'no agent'))
		expect(JSON.stringify(state)).toContain('none is running')
	})

	const signing: [name: string, says: string, answer: (socket: Socket) => void][] = [
		['will not sign', 'would not sign', (socket) => void socket.write(field(Buffer.from([5])))],
		['vanishes while signing', 'hung up', (socket) => void socket.destroy()],
		[
			'signs with rubbish',
			'one key of the agent',
			(socket) => void socket.write(field(Buffer.concat([Buffer.from([14]), field(Buffer.alloc(9))]))),
		],
		[
			'breaks off its signature',
			'cannot be read',
			(socket) => void socket.write(field(Buffer.from([14, 9]))),
		],
	]
	test.each(signing)('%s', async (_name, says, answer) => {
		const sshd = await server()
		const blob = await publicBlob(sshd.identityFile)
		const agent = await oddAgent((request, socket) =>
			request === 11 ? void socket.write(listOf(blob)) : answer(socket),
		)
		const state = await withAgent(sshd, agent.socket)
		expect(state).toMatchObject({ end: 'problem', problem: { code: 'login-refused' } })
		expect(JSON.stringify(state)).toContain(says)
		await expect.poll(agent.open).toBe(0)
	})

	test('is never told whether it may sign: it stops, and is not asked again by itself', async () => {
		const sshd = await server()
		const blob = await publicBlob(sshd.identityFile)
		const agent = await oddAgent((request, socket) => {
			if (request === 11) socket.write(listOf(blob))
		})
		expect(await withAgent(sshd, agent.socket, { times: impatient })).toMatchObject({
			end: 'problem',
			problem: { code: 'login-unanswered', needsPerson: true, facts: { why: 'nobody answered in time' } },
		})
		await expect.poll(agent.open).toBe(0)
	})

	test('the line dies after the agent was asked: noticed as soon as without one', async () => {
		const asking = await askingServer((context) => {
			if (context.method !== 'publickey') return context.reject(['publickey'])
			if (!context.signature) context.accept()
		})
		const sshd = await server()
		await writeFile(sshd.knownHostsFile, asking.known)
		const { socket } = await realAgent(sshd.identityFile)
		const { identityFile: _, ...ssh } = { ...sshd.ssh, port: asking.port }
		await writeFile(ssh.configFile ?? '', `IdentityAgent "${socket}"\n`)
		const times = { tcpMs: 5000, handshakeMs: 5000, loginMs: 1000, loginWithPersonMs: 600_000 }
		expect(await dialled(ssh, { times })).toMatchObject({ problem: { code: 'ssh-protocol' } })
	})

	test('a key of a hardware token, and one that nobody knows, are listed as they are', async () => {
		const type = (name: string) => Buffer.concat([field(Buffer.from(name)), field(Buffer.alloc(32))])
		const names = ['sk-ssh-ed25519@openssh.com', 'ssh-future']
		const agent = await oddAgent((_, socket) => void socket.write(listOf(...names.map(type))))
		const keys = await agentKeys(agent.socket, AbortSignal.timeout(5000))
		expect(keys.map((key) => key.type)).toEqual(names)
		const sshd = await server()
		const reason = 'The SSH agent holds the key of a hardware token'
		expect(await withAgent(sshd, agent.socket)).toMatchObject({ end: 'beyond', reason })
	})
})
