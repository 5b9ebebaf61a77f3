import { readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { run } from '../../src/engine/process/process.ts'
import { dialled, memorySecrets } from './dial-request.ts'
import { result, server } from './linked.ts'
import { type Sshd, sshdMissing } from './sshd.ts'

if (sshdMissing) console.warn(`login-hops: skipped, ${sshdMissing}`)

const block = (name: string, { port, user, identityFile, knownHostsFile }: Sshd, more = '') =>
	`Host ${name}\n HostName 127.0.0.1\n Port ${port}\n User ${user}\n IdentityFile "${identityFile}"\n UserKnownHostsFile "${knownHostsFile}"\n${more}`

/** Two hops and the workstation, each with a key, a user and known hosts of its own. */
async function world(options: { middleKnown?: 'none' } = {}) {
	const first = await server()
	const middle = await server({ known: options.middleKnown ?? 'all' })
	const lab = await server({ homeName: 'behind' })
	const { configFile = '' } = lab.ssh
	const settle = (lines: { middle?: string; jump?: string } = {}) =>
		writeFile(
			configFile,
			[
				block('first', first),
				block('middle', middle, lines.middle),
				block('lab', lab, ` ProxyJump ${lines.jump ?? 'first,middle'}\n`),
			].join('\n'),
		)
	await settle()
	return { first, middle, lab, settle, ssh: { host: 'lab', configFile } }
}

/** A line that can fall silent without ending. */
async function stallableProxy(to: number) {
	const open = new Set<Socket>()
	const far = new Set<Socket>()
	let stalled = false
	const listener = createServer((near) => {
		const out = connect(to, '127.0.0.1')
		open.add(near)
		far.add(out)
		const relay = (from: Socket, into: Socket) => {
			from.on('error', () => {})
			from.on('data', (data) => {
				if (!stalled) into.write(data)
			})
		}
		relay(near, out)
		relay(out, near)
		near.on('close', () => {
			open.delete(near)
			out.destroy()
		})
	})
	await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
	onTestFinished(async () => {
		for (const socket of [...open, ...far]) socket.destroy()
		await new Promise((done) => listener.close(done))
	})
	const { port } = listener.address() as AddressInfo
	const stall = () => {
		stalled = true
	}
	return { port, stall, open: () => open.size }
}

/** The connections a server serves. */
const served = ({ log }: Sshd) =>
	log().match(/Connection from|Disconnected from user|Connection (?:closed|reset)|Closing connection to/g) ??
	[]

describe.skipIf(sshdMissing)('through other hosts', () => {
	test('each by its own settings; the way is told, first to last', async () => {
		const { first, middle, lab, ssh } = await world()
		const state = await dialled(ssh)
		expect(state).toMatchObject({ end: 'up', told: { phases: ['host-key', 'login'] } })
		if (state.end !== 'up') return
		expect(state.connection.through).toEqual([`127.0.0.1:${first.port}`, `127.0.0.1:${middle.port}`])
		expect(state.connection.endpoint).toBe(`127.0.0.1:${lab.port}`)
		expect((await result(await state.connection.exec('pwd'))).stdout).toBe(`${lab.home}\n`)
		await state.connection.close()
		for (const sshd of [first, middle, lab])
			await expect.poll(() => served(sshd).at(-1), { timeout: 5000 }).not.toBe('Connection from')
	})

	test('a hop’s own ProxyJump counts too, and one that leads in a circle ends', async () => {
		const { first, middle, settle, ssh } = await world()
		await settle({ middle: ' ProxyJump first\n', jump: 'middle' })
		const state = await dialled(ssh)
		expect(state.end === 'up' && state.connection.through).toEqual([
			`127.0.0.1:${first.port}`,
			`127.0.0.1:${middle.port}`,
		])
		await settle({ middle: ' ProxyJump middle\n', jump: 'middle' })
		expect(await dialled(ssh)).toMatchObject({ problem: { code: 'ssh-settings-unreadable' } })
	})

	test('an unknown hop is asked about under its own name, and kept in its own file', async () => {
		const { middle, ssh } = await world({ middleKnown: 'none' })
		const asked = await dialled(ssh)
		expect(asked).toMatchObject({
			end: 'host-key',
			error: { asked: { name: `[127.0.0.1]:${middle.port}`, port: middle.port } },
		})
		if (asked.end !== 'host-key') return
		expect((await dialled(ssh, { keep: asked.error.asked })).end).toBe('up')
		expect(await readFile(middle.knownHostsFile, 'utf8')).toContain(`:${middle.port} `)
	})

	test('a hop’s locked key, and its password, are asked for as the hop’s', async () => {
		const { middle, settle, ssh } = await world()
		await run({ file: 'ssh-keygen', args: ['-q', '-p', '-N', 'right', '-f', middle.identityFile] })
		expect(await dialled(ssh)).toMatchObject({
			end: 'needs',
			error: { secret: { kind: 'passphrase', file: middle.identityFile } },
		})
		const secrets = memorySecrets({ [middle.identityFile]: 'right' })
		expect((await dialled(ssh, { secrets })).end).toBe('up')
		const asking = await server({ config: ['PasswordAuthentication yes'] })
		await settle({ middle: ` ProxyJump none\n` })
		const { configFile } = ssh
		const text = await readFile(configFile, 'utf8')
		await writeFile(configFile, text.replaceAll(`Port ${middle.port}`, `Port ${asking.port}`))
		await writeFile(middle.knownHostsFile, await readFile(asking.knownHostsFile))
		expect(await dialled(ssh, { secrets })).toMatchObject({
			end: 'needs',
			error: { secret: { kind: 'password', host: '127.0.0.1', port: asking.port } },
		})
	})

	test('a hop that only the system’s ssh can pass is for that as a whole', async () => {
		const { settle, ssh } = await world()
		// Named alone: a list of hops says itself how each is reached.
		await settle({ middle: ' ProxyCommand nc %h %p\n', jump: 'middle' })
		expect(await dialled(ssh)).toMatchObject({
			end: 'beyond',
			reason: expect.stringContaining('ProxyCommand'),
		})
	})

	test('a port behind a hop that refuses: the hop is left', async () => {
		const { lab, settle, ssh, first } = await world()
		await lab.stopServer()
		expect(await dialled(ssh)).toMatchObject({ problem: { code: 'port-unreachable' } })
		await settle({ jump: 'first' })
		expect(await dialled(ssh)).toMatchObject({ problem: { code: 'port-unreachable' } })
		await expect.poll(() => served(first).at(-1), { timeout: 5000 }).not.toBe('Connection from')
	})

	test('given up while a hop is logged in: the hop is left too', async () => {
		const { first, lab, ssh } = await world()
		const giveUp = new AbortController()
		const phase = (name: string) => {
			if (name === 'login') giveUp.abort()
		}
		const state = await dialled(ssh, { signal: giveUp.signal, phase })
		expect(state).toMatchObject({ end: 'problem', problem: { code: 'operation-cancelled' } })
		for (const sshd of [first, lab])
			await expect
				.poll(() => /(Connection closed|Connection reset|Disconnected)/.test(sshd.log()), { timeout: 5000 })
				.toBe(true)
	})

	test('the line to a hop falls silent: it is given up, and nothing stays open', async () => {
		const { first, settle, ssh } = await world()
		const proxy = await stallableProxy(first.port)
		const { knownHostsFile } = first
		const known = (await readFile(knownHostsFile, 'utf8')).replaceAll(`:${first.port} `, `:${proxy.port} `)
		await writeFile(knownHostsFile, known)
		await settle({ jump: 'first' })
		const text = await readFile(ssh.configFile, 'utf8')
		await writeFile(ssh.configFile, text.replaceAll(`Port ${first.port}`, `Port ${proxy.port}`))
		const state = await dialled(ssh, { keepAlive: { intervalMs: 200, count: 2 } })
		if (state.end !== 'up') throw new Error(state.end)
		expect(state.connection.through).toEqual([`127.0.0.1:${proxy.port}`])
		proxy.stall()
		await expect.poll(() => state.told.lost, { timeout: 5000 }).toMatchObject([{ code: 'link-lost' }])
		await state.connection.close()
		await expect.poll(proxy.open, { timeout: 5000 }).toBe(0)
	})
})
