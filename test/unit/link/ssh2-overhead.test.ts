import { generateKeyPairSync, KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { lessOverhead } from '../../../src/engine/link/ssh2-overhead.ts'

/** ssh2 on both ends, logged in, with what leaves the client counted. */
async function loggedIn(cipher: string) {
	const { privateKey } = generateKeyPairSync('rsa', {
		modulusLength: 2048,
		privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
		publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
	})
	let connection: ssh2.Connection | null = null
	const server = new ssh2.Server({ hostKeys: [privateKey] }, (client) => {
		connection = client
		client.on('authentication', (context) => context.accept())
		client.on('session', (accept) => {
			accept().on('exec', (acceptExec) => {
				const channel = acceptExec()
				channel.pipe(channel)
				channel.on('end', () => {
					channel.exit(0)
					channel.end()
				})
			})
		})
		client.on('error', () => {})
	})
	server.listen(0, '127.0.0.1')
	await once(server, 'listening')
	const stream = connect((server.address() as AddressInfo).port, '127.0.0.1')
	const calls = { count: 0 }
	for (const name of ['_write', '_writev'] as const) {
		const original = stream[name] as (...args: unknown[]) => void
		stream[name] = (...args: unknown[]) => {
			calls.count += 1
			original.apply(stream, args)
		}
	}
	const client = new ssh2.Client()
	const algorithms = { cipher: [cipher] } as ssh2.Algorithms
	client.connect({ sock: stream, username: 'ada', password: 'x', algorithms })
	await once(client, 'ready')
	return {
		client,
		stream,
		calls,
		rekey: () =>
			new Promise<void>((done, fail) => {
				if (connection) connection.rekey(() => done())
				else fail(new Error('nobody is logged in'))
			}),
		close: async () => {
			client.end()
			await once(client, 'close')
			server.close()
		},
	}
}

/** Sends so many bytes there and back. */
async function echo(client: ssh2.Client, bytes: number): Promise<number> {
	const { promise, resolve, reject } = Promise.withResolvers<ssh2.ClientChannel>()
	client.exec('echo', (error, channel) => (error ? reject(error) : resolve(channel)))
	const channel = await promise
	let heard = 0
	channel.on('data', (data: Buffer) => {
		heard += data.length
	})
	channel.end(Buffer.alloc(bytes, 1))
	await once(channel, 'close')
	return heard
}

type Private = { _protocol: Record<string, Record<string, unknown>> }

test.each([
	['aes128-gcm@openssh.com', { _cipher: ['_encKey'], _decipher: ['_decipherKey'] }],
	[
		'chacha20-poly1305@openssh.com',
		{ _cipher: ['_encKeyMain', '_encKeyPktLen'], _decipher: ['_decKeyMain', '_decKeyPktLen'] },
	],
])('%s: keys are made once for each exchange of keys', async (cipher, places) => {
	const { client, stream, rekey, close } = await loggedIn(cipher)
	const { _protocol: protocol } = client as unknown as Private
	const keys = () =>
		Object.entries(places).flatMap(([side, names]) => names.map((name) => protocol[side]?.[name]))
	expect(keys().filter(Buffer.isBuffer)).toEqual(keys())
	lessOverhead(client, stream)
	const first = keys()
	expect(first.every((key) => key instanceof KeyObject)).toBe(true)
	expect(await echo(client, 300_000)).toBe(300_000)
	expect(keys()).toEqual(first)
	await rekey()
	expect(keys().every((key) => key instanceof KeyObject)).toBe(true)
	expect(keys()).not.toContain(first[0])
	expect(await echo(client, 300_000)).toBe(300_000)
	await close()
})

test('what is sent in one turn leaves in one call', async () => {
	const before = await loggedIn('aes128-gcm@openssh.com')
	before.calls.count = 0
	await echo(before.client, 300_000)
	const plain = before.calls.count
	await before.close()
	const after = await loggedIn('aes128-gcm@openssh.com')
	lessOverhead(after.client, after.stream)
	after.calls.count = 0
	expect(await echo(after.client, 300_000)).toBe(300_000)
	expect(after.calls.count).toBeLessThan(plain / 2)
	await after.close()
})
