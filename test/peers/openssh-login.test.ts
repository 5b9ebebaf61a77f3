import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { run } from '../../src/engine/process/process.ts'
import { ask, askingServer } from './asking-server.ts'
import { memorySecrets } from './dial-request.ts'
import { startFaultProxy } from './fault-proxy.ts'
import { result, server } from './linked.ts'
import { dialWith, failing, leftovers, up, wish } from './openssh-bed.ts'
import { freePort, type Sshd, sshdMissing } from './sshd.ts'

const keygen = (...args: string[]) => run({ file: 'ssh-keygen', args: ['-q', ...args] })
const alive = async (connection: Awaited<ReturnType<typeof up>>['connection']) =>
	expect(await result(await connection.exec('echo here'))).toMatchObject({ stdout: 'here\n', code: 0 })

/** A key of its own, which the server takes. */
async function newKey(sshd: Sshd, passphrase = '', ...args: string[]): Promise<string> {
	const file = join(sshd.folder, `key_${Math.random().toString(36).slice(2)}`)
	await keygen('-t', 'ed25519', '-N', passphrase, '-f', file, ...args)
	await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${file}.pub`))
	return file
}

/** An agent with keys, for one test. */
async function agent(): Promise<string> {
	const { stdout } = await run({ file: 'ssh-agent', args: ['-s'] })
	const [, socket = '', pid = ''] = /SSH_AUTH_SOCK=([^;]+);[\s\S]*SSH_AGENT_PID=(\d+)/.exec(stdout) ?? []
	onTestFinished(() => void process.kill(Number(pid)))
	return socket
}

describe.skipIf(sshdMissing !== null)('what ssh2 cannot do', () => {
	test('a user certificate', async () => {
		const sshd = await server({ config: [] })
		const ca = join(sshd.folder, 'ca')
		await keygen('-t', 'ed25519', '-N', '', '-f', ca)
		await writeFile(
			join(sshd.folder, 'authorized_keys'),
			`cert-authority ${await readFile(`${ca}.pub`, 'utf8')}`,
		)
		await keygen('-s', ca, '-I', 'test', '-n', sshd.user, '-V', '+1h', `${sshd.identityFile}.pub`)
		const { connection } = await up(sshd.ssh)
		await alive(connection)
	})

	test('a server that only exchanges keys in a way ssh2 lacks', async () => {
		const sshd = await server({ config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] })
		const { connection } = await up(sshd.ssh)
		await alive(connection)
	})

	test('a key in PKCS#8', async () => {
		const sshd = await server()
		const file = join(sshd.folder, 'pkcs8')
		await keygen('-t', 'ecdsa', '-m', 'PKCS8', '-N', '', '-f', file)
		await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${file}.pub`))
		expect(await readFile(file, 'utf8')).toContain('BEGIN PRIVATE KEY')
		const { connection } = await up({ ...sshd.ssh, identityFile: file })
		await alive(connection)
	})

	test('ProxyJump through another server, and ProxyCommand', async () => {
		const [hop, sshd] = [await server(), await server()]
		const config = sshd.ssh.configFile ?? ''
		await writeFile(
			config,
			`Host hop\n HostName 127.0.0.1\n Port ${hop.port}\n User ${hop.user}\n IdentityFile "${hop.identityFile}"\n UserKnownHostsFile "${hop.knownHostsFile}"\nHost far\n HostName 127.0.0.1\n ProxyJump hop\nHost piped\n HostName 127.0.0.1\n ProxyCommand bash -c 'exec 3<>/dev/tcp/%h/%p; cat <&3 & cat >&3'\n`,
		)
		const jumped = await up({ ...sshd.ssh, host: 'far' })
		expect(jumped.connection.through).toEqual([`127.0.0.1:${hop.port}`])
		await alive(jumped.connection)
		await jumped.connection.close()
		expect(leftovers()).toEqual({ folders: [], processes: [] })
		const piped = await up({ ...sshd.ssh, host: 'piped' })
		await alive(piped.connection)
		await piped.connection.close()
		expect(leftovers()).toEqual({ folders: [], processes: [] })
	})
})

describe.skipIf(sshdMissing !== null)('what it asks', () => {
	test('a passphrase: from the secrets, by a person, wrong at first', async () => {
		const sshd = await server()
		const file = await newKey(sshd, 'open sesame')
		const ssh = { ...sshd.ssh, identityFile: file }
		const held = await up(ssh, { secrets: memorySecrets({ [file]: 'open sesame' }) })
		expect(held.told.questions).toEqual([])
		await alive(held.connection)

		const typed = await up(ssh, {
			secrets: memorySecrets({ [file]: 'stale' }),
			answers: [['wrong'], { answers: ['open sesame'], keep: true }],
		})
		await alive(typed.connection)
		expect(
			typed.told.questions.map(({ kind, file, again, mayKeep }) => [kind, file, again, mayKeep]),
		).toEqual([
			['passphrase', file, true, true],
			['passphrase', file, true, true],
		])
		expect(typed.told.secrets.held.get(file)).toBe('open sesame')
		expect([...typed.told.secrets.kept]).toEqual([file])
	})

	test('a passphrase that nobody gives', async () => {
		const sshd = await server()
		const file = await newKey(sshd, 'open sesame')
		const ssh = { ...sshd.ssh, identityFile: file }
		const given = await failing(ssh, { answers: [null] })
		expect(given.problem).toMatchObject({
			code: 'login-unanswered',
			facts: { host: '127.0.0.1', what: 'a passphrase', why: 'it was given up' },
		})
		const times = { tcpMs: 10_000, handshakeMs: 10_000, loginMs: 10_000, loginWithPersonMs: 300 }
		const late = await failing(ssh, { answers: ['silent'], times })
		expect(late.problem?.facts.why).toBe('nobody answered in 0.3 s')
		expect(late.told.withdrawn).toBe(1)
		expect(leftovers()).toEqual({ folders: [], processes: [] })
	})

	test('passwords, kept once they were right; one-time codes, never kept', async () => {
		const questions = [
			{ prompts: [{ prompt: 'Password: ', echo: false }], answers: ['pass word'] },
			{ prompts: [{ prompt: 'Code from your phone: ', echo: true }], answers: ['123456'] },
		]
		const asking = await askingServer((context) => {
			if (context.method === 'keyboard-interactive') ask(context, asking, questions)
			else context.reject(['keyboard-interactive'])
		})
		const sshd = await server()
		await appendFile(sshd.knownHostsFile, asking.known)
		const ssh = { ...sshd.ssh, port: asking.port, user: 'somebody' }
		const made = wish(ssh, { answers: [['pass word'], ['123456']] })
		// The stand-in runs no commands: logging in is all it does.
		const { told } = await dialWith(made)
		expect(told.questions).toMatchObject([
			{ kind: 'password', user: 'somebody', host: '127.0.0.1', again: false, mayKeep: true },
			{ kind: 'prompts', mayKeep: false, prompts: [{ hidden: true }] },
		])
		expect(told.questions[1]?.prompts[0]?.text).toContain('Code from your phone:')
		expect([...told.secrets.held]).toEqual([[`somebody@127.0.0.1:${asking.port}`, 'pass word']])
		expect(asking.steps).toContain('answers:123456')
	})

	test('a server that asks for a passphrase gets none by itself', async () => {
		const sshd = await server()
		const file = sshd.identityFile
		const asking = await askingServer((context) => {
			const prompts = [{ prompt: `Enter passphrase for key '${file}': `, echo: false }]
			if (context.method === 'keyboard-interactive') ask(context, asking, [{ prompts, answers: ['typed'] }])
			else context.reject(['keyboard-interactive'])
		})
		await appendFile(sshd.knownHostsFile, asking.known)
		const { told } = await up(
			{ ...sshd.ssh, port: asking.port },
			{ secrets: memorySecrets({ [file]: 'open sesame' }), answers: [['typed']] },
		)
		expect(told.questions).toMatchObject([{ kind: 'prompts', mayKeep: false }])
		expect(asking.steps.join()).not.toContain('open sesame')
	})

	test('a wrong password is forgotten', async () => {
		const asking = await askingServer((context) => {
			if (context.method === 'password' && context.password === 'right') context.accept()
			else context.reject(['password'])
		})
		const sshd = await server()
		await appendFile(sshd.knownHostsFile, asking.known)
		const ssh = { ...sshd.ssh, port: asking.port, user: 'somebody' }
		const id = `somebody@127.0.0.1:${asking.port}`
		const { problem, told } = await failing(ssh, {
			secrets: memorySecrets({ [id]: 'old' }),
			answers: [['no'], ['neither']],
		})
		expect(problem).toMatchObject({ code: 'login-refused', facts: { user: 'somebody', port: asking.port } })
		expect(problem?.facts.tried).toContain('password')
		expect(told.secrets.held.size).toBe(0)
		expect(told.questions.map(({ kind, again }) => [kind, again])).toEqual([
			['password', true],
			['password', true],
		])
	})

	test('yes or no: whether a key goes into the agent', async () => {
		const sshd = await server()
		await writeFile(sshd.ssh.configFile ?? '', 'AddKeysToAgent ask\n')
		const env = { SSH_AUTH_SOCK: await agent() }
		const keys = async () =>
			(await run({ file: 'ssh-add', args: ['-l'], env: { ...process.env, ...env }, expected: [0, 1] })).stdout
		const denied = await up(sshd.ssh, { env, answers: [null] })
		expect(denied.told.questions).toMatchObject([{ kind: 'confirm', prompts: [] }])
		expect(denied.told.questions[0]?.title).toContain('to agent')
		expect(await keys()).toContain('no identities')
		const allowed = await up(sshd.ssh, { env, answers: [[]] })
		expect(allowed.told.questions).toHaveLength(1)
		expect(await keys()).toContain('ED25519')
	})

	test('an unknown host: first a person, then the very key', async () => {
		const sshd = await server({ known: 'none' })
		const first = await failing(sshd.ssh)
		const name = `[127.0.0.1]:${sshd.port}`
		expect(first.asked).toMatchObject({
			host: '127.0.0.1',
			port: sshd.port,
			name,
			keyType: 'ssh-ed25519',
			key: null,
		})
		expect(leftovers()).toEqual({ folders: [], processes: [] })
		const other = { ...first.asked, fingerprint: 'SHA256:AAAA' } as NonNullable<typeof first.asked>
		expect((await failing(sshd.ssh, { keep: other })).asked).toEqual(first.asked)
		expect(await readFile(sshd.knownHostsFile, 'utf8')).toBe('')
		const { connection } = await up(sshd.ssh, { keep: first.asked ?? null })
		await alive(connection)
		expect(await readFile(sshd.knownHostsFile, 'utf8')).toContain(`${name} ssh-ed25519 `)
		await up(sshd.ssh)
	})

	test('an unknown jump host is asked about as itself', async () => {
		const [hop, sshd] = [await server({ known: 'none' }), await server()]
		await writeFile(
			sshd.ssh.configFile ?? '',
			`Host hop\n HostName 127.0.0.1\n Port ${hop.port}\n User ${hop.user}\n IdentityFile "${hop.identityFile}"\n UserKnownHostsFile "${hop.knownHostsFile}"\nHost far\n HostName 127.0.0.1\n ProxyJump hop\n`,
		)
		const ssh = { ...sshd.ssh, host: 'far' }
		const { asked } = await failing(ssh)
		expect(asked).toMatchObject({ host: '127.0.0.1', port: hop.port, name: `[127.0.0.1]:${hop.port}` })
		const { connection } = await up(ssh, { keep: asked ?? null })
		await alive(connection)
		expect(await readFile(hop.knownHostsFile, 'utf8')).toContain(`[127.0.0.1]:${hop.port} `)
	})

	test('a touch of a hardware key: shown, and taken back', async () => {
		// A stand-in: no hardware key here. ssh itself is real; what waits for the touch is a ProxyCommand that calls
		// the asking script as ssh does.
		const sshd = await server()
		await writeFile(
			sshd.ssh.configFile ?? '',
			`ProxyCommand bash -c 'SSH_ASKPASS_PROMPT=none "$SSH_ASKPASS" "Confirm user presence for key X" & sleep 0.5; kill $!; wait $!; exec 3<>/dev/tcp/%h/%p; cat <&3 & cat >&3'\n`,
		)
		const made = wish(sshd.ssh, { answers: ['silent'] })
		const withdrawn: [phase: string, questions: number][] = []
		made.request.phase = (phase) => void withdrawn.push([phase, made.told.withdrawn])
		const { connection, told } = await dialWith(made)
		// Long before the login was through.
		expect(withdrawn.at(-1)).toEqual(['login', 1])
		expect(told.questions).toMatchObject([
			{ kind: 'touch', title: 'Confirm user presence for key X', prompts: [] },
		])
		expect(told.withdrawn).toBe(1)
		await alive(connection)
	})
})

describe.skipIf(sshdMissing !== null)('why it cannot', () => {
	test('nothing listens; no such name; no way', async () => {
		const sshd = await server()
		const port = await freePort()
		expect((await failing({ ...sshd.ssh, port })).problem).toMatchObject({
			code: 'port-refused',
			facts: { host: '127.0.0.1', port },
		})
		const named = await failing({ ...sshd.ssh, host: 'no-such-host.invalid' })
		expect(named.problem).toMatchObject({ code: 'host-not-found', facts: { host: 'no-such-host.invalid' } })
	})

	test('a changed key, and a revoked one', async () => {
		const [sshd, other] = [await server(), await server()]
		const name = `[127.0.0.1]:${sshd.port}`
		await writeFile(sshd.knownHostsFile, `# mine\n${name} ${other.hostKeys.ed25519}\n`)
		const changed = await failing(sshd.ssh)
		const [ours, theirs] = [await shown(sshd), await shown(other)]
		expect(changed.problem).toMatchObject({
			code: 'host-key-changed',
			facts: {
				host: '127.0.0.1',
				port: sshd.port,
				keyType: 'ssh-ed25519',
				fingerprint: ours,
				file: sshd.knownHostsFile,
				line: 2,
				known: `${theirs} on line 2`,
				lookup: name,
			},
		})
		await writeFile(sshd.knownHostsFile, `@revoked ${name} ${sshd.hostKeys.ed25519}\n`)
		expect((await failing(sshd.ssh)).problem).toMatchObject({
			code: 'host-key-revoked',
			facts: { host: '127.0.0.1', port: sshd.port, fingerprint: ours, file: sshd.knownHostsFile, line: 1 },
		})
	})

	test('a changed key of a jump host is told as that one’s', async () => {
		const [hop, sshd] = [await server(), await server()]
		const name = `[127.0.0.1]:${hop.port}`
		await writeFile(hop.knownHostsFile, `# mine\n${name} ${sshd.hostKeys.ed25519}\n`)
		await writeFile(
			sshd.ssh.configFile ?? '',
			`Host hop\n HostName 127.0.0.1\n Port ${hop.port}\n User ${hop.user}\n IdentityFile "${hop.identityFile}"\n UserKnownHostsFile "${hop.knownHostsFile}"\nHost far\n HostName 127.0.0.1\n ProxyJump hop\n`,
		)
		const { problem } = await failing({ ...sshd.ssh, host: 'far' })
		expect(problem).toMatchObject({
			code: 'host-key-changed',
			facts: {
				host: '127.0.0.1',
				port: hop.port,
				fingerprint: await shown(hop),
				file: hop.knownHostsFile,
				line: 2,
				known: `${await shown(sshd)} on line 2`,
				lookup: name,
			},
		})
	})

	test('an accepted key that cannot be kept', async () => {
		const sshd = await server({ known: 'none' })
		const knownHostsFile = join(sshd.folder, 'no file')
		await run({ file: 'mkdir', args: [knownHostsFile] })
		const { asked } = await failing({ ...sshd.ssh, knownHostsFile })
		const kept = await failing({ ...sshd.ssh, knownHostsFile }, { keep: asked ?? null })
		expect(kept.problem).toMatchObject({
			code: 'known-hosts-unwritable',
			facts: { file: knownHostsFile, host: '127.0.0.1' },
		})
	})

	test('a key the server does not take; nothing that both know', async () => {
		const sshd = await server({ config: ['Ciphers aes128-ctr'] })
		const file = join(sshd.folder, 'stranger')
		await keygen('-t', 'ed25519', '-N', '', '-f', file)
		const refused = await failing({ ...sshd.ssh, identityFile: file })
		expect(refused.problem).toMatchObject({
			code: 'login-refused',
			facts: { user: sshd.user, port: sshd.port },
		})
		expect(refused.problem?.facts.tried).toContain(file)
		await writeFile(sshd.ssh.configFile ?? '', 'Ciphers aes256-ctr\n')
		expect((await failing(sshd.ssh)).problem?.facts.reason).toBe(
			'There is no cipher that both know. It offers aes128-ctr',
		)
		await writeFile(sshd.ssh.configFile ?? '', `ProxyCommand sh -c 'echo nobody home >&2; exit 1'\n`)
		expect((await failing(sshd.ssh)).problem?.facts.reason).toContain('nobody home')
	})

	test('silence, at every step', async () => {
		const sshd = await server()
		const proxy = await startFaultProxy(sshd)
		onTestFinished(() => proxy.stop())
		await appendFile(sshd.knownHostsFile, `[127.0.0.1]:${proxy.port} ${sshd.hostKeys.ed25519}\n`)
		proxy.stall()
		const times = { tcpMs: 1000, handshakeMs: 300, loginMs: 1000, loginWithPersonMs: 1000 }
		const { problem } = await failing({ ...sshd.ssh, port: proxy.port }, { times })
		expect(problem).toMatchObject({ code: 'ssh-protocol', facts: { port: proxy.port } })
	})

	test('no ssh, or one that is too old', async () => {
		const sshd = await server()
		const bin = join(sshd.folder, 'bin')
		await run({ file: 'mkdir', args: [bin] })
		const made = wish(sshd.ssh, { env: { PATH: bin } })
		const missing = await failing(sshd.ssh, { env: { PATH: bin } })
		expect(missing.problem).toMatchObject({ code: 'openssh-missing', facts: { why: 'The test wants it' } })
		// A stand-in: an old ssh, which this machine has not.
		await writeFile(join(bin, 'ssh'), '#!/bin/sh\necho "OpenSSH_7.9p1, LibreSSL" >&2\n', { mode: 0o755 })
		made.request.around.env.PATH = `${bin}:${process.env.PATH}`
		const old = await failing(sshd.ssh, { env: { PATH: `${bin}:${process.env.PATH}` } })
		expect(old.problem?.facts.found).toBe('7.9')
	})

	test('given up at any moment: nothing is left', async () => {
		const sshd = await server()
		const file = await newKey(sshd, 'open sesame')
		const ends: string[] = []
		for (const ms of [0, 5, 20, 40, 60, 80, 110, 150, 200, 300, 500]) {
			const abort = new AbortController()
			const dial = failing({ ...sshd.ssh, identityFile: file }, { signal: abort.signal, answers: ['silent'] })
			setTimeout(() => abort.abort(), ms)
			const { problem } = await dial
			ends.push(problem?.code ?? 'none')
			expect(leftovers()).toEqual({ folders: [], processes: [] })
		}
		expect(new Set(ends)).toEqual(new Set(['operation-cancelled']))
	})
})

async function shown(sshd: Sshd): Promise<string> {
	const { stdout } = await run({ file: 'ssh-keygen', args: ['-lf', join(sshd.folder, 'host_ed25519.pub')] })
	return stdout.split(' ')[1] ?? ''
}
