import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { AuthContext, Connection } from 'ssh2'
import { describe, expect, test } from 'vitest'
import type { SshConfig } from '../../src/engine/link/settings.ts'
import { askingServer, sendBanner } from './asking-server.ts'
import { memorySecrets } from './dial-request.ts'
import { server } from './linked.ts'
import { dialWith, failing, wish } from './openssh-bed.ts'
import { sshdMissing } from './sshd.ts'

/** Servers and jump hosts that mean ill: what they can make of a login over the system's ssh. */

const user = userInfo().username
const times = { tcpMs: 8000, handshakeMs: 8000, loginMs: 8000, loginWithPersonMs: 8000 }

/** A jump host that asks `prompt` and takes no answer, on the way to `lasthost` at that address. */
async function askingHop(prompt: string, address: string) {
	const got: string[] = []
	const hop = await askingServer((context) => {
		if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
		context.prompt([{ prompt, echo: false }], '', '', (answers) => {
			got.push(...answers)
			context.reject([])
		})
	})
	const { folder } = await server()
	const known = join(folder, 'known')
	await writeFile(known, hop.known)
	const config = `Host lasthost\n HostName ${address}\n ProxyJump hop\nHost hop\n HostName 127.0.0.1\n Port ${hop.port}\nHost piped\n HostName ${address}\n ProxyCommand ssh -F ${folder}/config -W %h:%p hop\nHost *\n User ${user}\n IdentityFile none\n NumberOfPasswordPrompts 1\n PreferredAuthentications publickey,keyboard-interactive\n UserKnownHostsFile ${known}\n`
	await writeFile(join(folder, 'config'), config)
	const ssh: SshConfig = { host: 'lasthost', configFile: join(folder, 'config') }
	const secrets = memorySecrets({
		[`${user}@${address}:22`]: 'of the last host',
		[`${user}@127.0.0.1:${hop.port}`]: 'of the hop',
		'/keys/mine': 'of the key',
	})
	return { ssh, hop, got, secrets }
}

describe.skipIf(sshdMissing !== null)('a jump host', () => {
	test('gets its own password and not that of the last host of the same name', async () => {
		const { ssh, hop, got, secrets } = await askingHop('Password: ', '127.0.0.1')
		const { problem, told } = await failing(ssh, { secrets, times, answers: [['typed'], null] })
		expect(got).toEqual(['of the hop'])
		expect(secrets.forgotten).toEqual([`${user}@127.0.0.1:${hop.port}`])
		expect(secrets.held.get(`${user}@127.0.0.1:22`)).toBe('of the last host')
		expect(told.questions).toEqual([])
		// Not the last host, whose port would be 22.
		expect(problem).toMatchObject({
			code: 'login-refused',
			facts: { host: '127.0.0.1', port: hop.port, user },
		})
	})

	test('behind a ProxyCommand it gets no password by itself, and none that is typed is kept', async () => {
		const { ssh, got, secrets } = await askingHop('Password: ', '127.0.0.1')
		const piped = { ...ssh, host: 'piped' }
		const { told } = await failing(piped, { secrets, times, answers: [{ answers: ['typed'], keep: true }] })
		expect(got).toEqual(['typed'])
		expect(told.questions).toMatchObject([{ kind: 'password', host: '127.0.0.1', user, mayKeep: false }])
		expect(secrets.kept.size).toBe(0)
		expect(secrets.forgotten).toEqual([])
	})

	test.each([
		'Code: ',
		`${user}@10.0.0.9's new password: `,
		`(${user}@10.0.0.9) Password: `,
		"Enter passphrase for key '/keys/mine': ",
		`\n(${user}@10.0.0.9) Password: `,
		"\nEnter passphrase for key '/keys/mine': ",
		`\n${user}@10.0.0.9's password: `,
		"\nThe authenticity of host '10.0.0.9 (10.0.0.9)' can't be established.\nED25519 key fingerprint is SHA256:AAAABBBB.\n",
	])('asks as itself: %j', async (prompt) => {
		const { ssh, got, secrets } = await askingHop(prompt, '10.0.0.9')
		const { told } = await failing(ssh, { secrets, times, answers: [['typed']] })
		expect(told.questions).toMatchObject([{ kind: 'prompts', host: '127.0.0.1', user, mayKeep: false }])
		expect(got).toEqual(['typed'])
	})
})

/** A server that shows `banner` and then refuses. */
async function refusing(banner: string, login?: (context: AuthContext, connection: Connection) => void) {
	const asking = await askingServer((context, connection) => {
		if (context.method === 'none') sendBanner(connection, `\n${banner}\n`)
		if (login && context.method !== 'none') return login(context, connection)
		context.reject([login ? 'keyboard-interactive' : 'password'])
	})
	const { folder } = await server()
	const known = join(folder, 'known')
	await writeFile(known, `# mine\n${asking.known}`)
	await writeFile(
		join(folder, 'config'),
		`IdentityFile none\nPreferredAuthentications publickey,keyboard-interactive\n`,
	)
	const ssh = {
		host: '127.0.0.1',
		port: asking.port,
		user,
		knownHostsFile: known,
		configFile: join(folder, 'config'),
	}
	return { asking, known, folder, ssh }
}

const changedKey = (file: string, name: string) =>
	`@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nThe fingerprint for the ED25519 key sent by the remote host is\nSHA256:AAAABBBBCCCC.\nOffending ED25519 key in ${file}:2\nHost key for ${name} has changed and you have requested strict checking.`

describe.skipIf(sshdMissing !== null)('a banner', () => {
	test.each([
		changedKey('/dev/zero', 'bank.example.com'),
		'Failed to add the host to the list of known hosts (/home/me/.ssh/known_hosts).',
		'ssh: connect to host 10.9.9.9 port 22: Connection refused',
		'ssh: Could not resolve hostname bank: x',
		'/etc/x: line 3: Bad configuration option: foo',
		'me@bank: Permission denied (publickey).',
		'debug1: Remote protocol version 2.0\ndebug1: SSH2_MSG_NEWKEYS received\nme@bank: Permission denied (publickey).',
	])('makes no failure: %s', async (banner) => {
		const { asking, ssh } = await refusing(banner)
		const { problem, told } = await failing(ssh, { times })
		const facts = { host: '127.0.0.1', port: asking.port, user, tried: ['nothing. It allows password'] }
		expect(problem).toMatchObject({ code: 'login-refused', facts })
		expect(told.phases).toEqual(['host-key', 'login'])
	})

	test('that speaks of the file that is in use, about this very host', async () => {
		const { known } = await refusing('hello')
		const { asking, ssh } = await refusing(changedKey(known, '127.0.0.1'))
		await appendFile(known, asking.known)
		const { problem } = await failing({ ...ssh, knownHostsFile: known }, { times })
		expect(problem).toMatchObject({ code: 'login-refused', facts: { port: asking.port } })
	})

	test('a jump host’s banner is not the last host’s changed key', async () => {
		const { ssh, folder, known } = await refusing(changedKey('KNOWN', '10.0.0.9'))
		const hop = await refusing(changedKey(known, '10.0.0.9'))
		const config = `Host lasthost\n HostName 10.0.0.9\n ProxyJump 127.0.0.1:${hop.asking.port}\nHost *\n User ${user}\n IdentityFile none\n NumberOfPasswordPrompts 1\n PreferredAuthentications publickey,keyboard-interactive\n UserKnownHostsFile ${known}\n`
		await writeFile(known, `${hop.asking.known}10.0.0.9 ${hop.asking.known.split(' ').slice(1).join(' ')}`)
		await writeFile(join(folder, 'config'), config)
		const { problem } = await failing({ host: 'lasthost', configFile: ssh.configFile }, { times })
		expect(problem).toMatchObject({
			code: 'login-refused',
			facts: { host: '127.0.0.1', port: hop.asking.port, user },
		})
	})
})

describe.skipIf(sshdMissing !== null)('without end', () => {
	test('more than twenty questions in one login are refused', async () => {
		let asked = 0
		const { asking, ssh } = await refusing('hello', (context) => {
			if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
			const next = (): void => {
				asked += 1
				context.prompt([{ prompt: `Code ${asked}: `, echo: false }], '', '', next)
			}
			next()
		})
		const answers = Array.from({ length: 40 }, () => ['x'])
		const { problem, told } = await failing(ssh, { times, answers })
		expect(told.questions).toHaveLength(20)
		expect(problem).toMatchObject({
			code: 'login-refused',
			facts: { port: asking.port, tried: ['answers to 20 questions, and it went on asking'] },
		})
	})
})

test.skipIf(sshdMissing !== null)('a named key file that is not there', async () => {
	const sshd = await server()
	const file = join(sshd.folder, 'nowhere')
	const missing = await failing({ ...sshd.ssh, identityFile: file })
	expect(missing.problem).toMatchObject({
		code: 'login-key-unusable',
		facts: { file, reason: 'There is no such file', port: sshd.port },
	})
	expect(missing.told.phases).toEqual([])
	await mkdir(join(sshd.folder, 'there'))
	// Only the public half: the private one may be in an agent.
	await writeFile(`${file}.pub`, await readFile(`${sshd.identityFile}.pub`))
	const half = await dialWith(wish({ ...sshd.ssh, identityFile: file })).catch((error) => error.problem)
	expect(half.code).toBe('login-refused')
})
