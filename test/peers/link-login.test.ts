import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import { run } from '../../src/engine/process/process.ts'
import { cleanups, codeOf, linkTo, result, server, until, up } from './linked.ts'
import { type Sshd, sshdMissing } from './sshd.ts'

if (sshdMissing) console.warn(`link-login: skipped, ${sshdMissing}`)

/** Runs the real ssh against the same server, as strict as can be. */
function realSsh(sshd: Sshd, command: string) {
	const { configFile = '', identityFile = '', knownHostsFile = '', user = '' } = sshd.ssh
	const strict = ['-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes']
	const files = ['-F', configFile, '-i', identityFile, '-o', `UserKnownHostsFile=${knownHostsFile}`]
	return run({
		file: 'ssh',
		args: [...strict, ...files, '-p', String(sshd.port), '-l', user, sshd.host, command],
	})
}

describe.skipIf(sshdMissing)('host keys', () => {
	test('an unknown key is asked about as ssh-keygen prints it; accepted, the real ssh takes it too', async () => {
		const sshd = await server({ known: 'none' })
		await writeFile(sshd.knownHostsFile, 'other.example ssh-ed25519 AAAA')
		const link = linkTo(sshd)
		link.connect()
		const state = await until(link, ({ status }) => status !== 'dialling')
		const printed = await run({ file: 'ssh-keygen', args: ['-lf', join(sshd.folder, 'host_ed25519.pub')] })
		const fingerprint = printed.stdout.split(' ')[1] ?? ''
		expect(state).toMatchObject({ status: 'asking', keyType: 'ssh-ed25519', fingerprint })
		expect(await codeOf(link.whenUp(1000))).toBe('host-key-unknown')
		expect(() => link.answerHostKey('SHA256:another', true)).toThrow(ProblemError)
		expect(link.state.status).toBe('asking')
		link.answerHostKey(fingerprint, true)
		await link.whenUp(10_000)
		const file = await readFile(sshd.knownHostsFile, 'utf8')
		expect(file).toMatch(/^other\.example ssh-ed25519 AAAA\n\S+ ssh-ed25519 \S+\n$/)
		expect((await realSsh(sshd, 'echo in')).stdout).toBe('in\n')
	})

	test('a declined key stops, and trying again asks again', async () => {
		const sshd = await server({ known: 'none' })
		const link = linkTo(sshd)
		link.connect()
		const state = await until(link, ({ status }) => status === 'asking')
		link.answerHostKey(state.status === 'asking' ? state.fingerprint : '', false)
		expect(link.state).toMatchObject({ status: 'stopped', problem: { code: 'host-key-unknown' } })
		link.retry()
		await until(link, ({ status }) => status === 'asking')
		expect(await readFile(sshd.knownHostsFile, 'utf8')).toBe('')
	})

	test('a changed key stops everything and nothing retries', async () => {
		const sshd = await server({ known: 'none' })
		const other = await server()
		await writeFile(sshd.knownHostsFile, `[127.0.0.1]:${sshd.port} ${other.hostKeys.ed25519}\n`)
		const link = linkTo(sshd)
		link.connect()
		const state = await until(link, ({ status }) => status !== 'dialling')
		expect(state).toMatchObject({
			status: 'stopped',
			problem: { code: 'host-key-changed', facts: { file: sshd.knownHostsFile, line: 1 } },
		})
		await expect(realSsh(sshd, 'true')).rejects.toThrow()
	})

	test('a revoked key stops', async () => {
		const sshd = await server()
		await appendFile(sshd.knownHostsFile, `@revoked * ${sshd.hostKeys.ed25519}\n`)
		const link = linkTo(sshd)
		link.connect()
		const state = await until(link, ({ status }) => status !== 'dialling')
		expect(state).toMatchObject({ status: 'stopped', problem: { code: 'host-key-revoked' } })
	})

	test('a host known by its ecdsa key is asked for that one; hashed lines count', async () => {
		const sshd = await server({ known: 'ecdsa' })
		await run({ file: 'ssh-keygen', args: ['-H', '-f', sshd.knownHostsFile] })
		expect(await readFile(sshd.knownHostsFile, 'utf8')).toMatch(/^\|1\|/)
		await up(sshd)
	})

	test('what ssh-keyscan writes is known', async () => {
		const sshd = await server({ known: 'none' })
		const scan = await run({ file: 'ssh-keyscan', args: ['-p', String(sshd.port), sshd.host] })
		await writeFile(sshd.knownHostsFile, scan.stdout)
		await up(sshd)
	})
})

describe.skipIf(sshdMissing)('logging in', () => {
	test('a refused login stops, says what was tried and does not try again', async () => {
		const sshd = await server()
		const stranger = await server()
		const link = linkTo(sshd, { ssh: { ...sshd.ssh, identityFile: stranger.identityFile } })
		link.connect()
		const state = await until(link, ({ status }) => status !== 'dialling')
		expect(state).toMatchObject({ status: 'stopped', problem: { code: 'login-refused', needsPerson: true } })
		expect(JSON.stringify(state)).toContain(stranger.identityFile)
		// Nothing comes of its own: the next dial is the one asked for here.
		link.retry()
		expect(link.state).toMatchObject({ status: 'dialling', attempt: 1 })
		expect(await codeOf(link.whenUp(10_000))).toBe('login-refused')
	})

	test('a locked key that the server would take is named; PKCS#8 and a missing file are unusable', async () => {
		const sshd = await server()
		const problemWith = async (identityFile: string) => {
			const link = linkTo(sshd, { ssh: { ...sshd.ssh, identityFile } })
			link.connect()
			const state = await until(link, ({ status }) => status === 'stopped')
			return state.status === 'stopped' ? [state.problem.code, state.problem.facts.file] : []
		}
		const locked = join(sshd.folder, 'locked key')
		await writeFile(locked, await readFile(sshd.identityFile), { mode: 0o600 })
		await run({ file: 'ssh-keygen', args: ['-q', '-p', '-N', 'secret', '-f', locked] })
		expect(await problemWith(locked)).toEqual(['login-key-locked', locked])
		const missing = join(sshd.folder, 'none')
		expect(await problemWith(missing)).toEqual(['login-key-unusable', missing])
		const pkcs8 = join(sshd.folder, 'pkcs8')
		await run({ file: 'ssh-keygen', args: ['-q', '-t', 'rsa', '-N', '', '-f', pkcs8] })
		await run({ file: 'ssh-keygen', args: ['-q', '-p', '-N', '', '-m', 'PKCS8', '-f', pkcs8] })
		expect(await problemWith(pkcs8)).toEqual(['login-key-unusable', pkcs8])
	})

	test('an agent holds the key of a locked file', async () => {
		const sshd = await server()
		const started = await run({ file: 'ssh-agent', args: ['-s'] })
		const value = (name: string) => new RegExp(`${name}=([^;]+);`).exec(started.stdout)?.[1] ?? ''
		cleanups.push(async () => process.kill(Number(value('SSH_AGENT_PID'))))
		const env = { ...process.env, SSH_AUTH_SOCK: value('SSH_AUTH_SOCK') }
		await run({ file: 'ssh-add', args: ['-q', sshd.identityFile], env })
		await run({ file: 'ssh-keygen', args: ['-q', '-p', '-N', 'secret', '-f', sshd.identityFile] })
		await up(sshd, { env })
	})

	test('an alias, a jump and an include of the SSH settings are honoured', async () => {
		const hop = await server()
		const sshd = await server({ homeName: 'behind' })
		const { configFile = '' } = sshd.ssh
		const included = join(sshd.folder, 'included')
		const block = (name: string, { port, user, identityFile, knownHostsFile }: Sshd, more = '') =>
			`Host ${name}\n HostName 127.0.0.1\n Port ${port}\n User ${user}\n IdentityFile "${identityFile}"\n UserKnownHostsFile "${knownHostsFile}"\n${more}`
		await writeFile(included, block('hop', hop))
		await writeFile(configFile, `Include "${included}"\n${block('lab', sshd, ' ProxyJump hop\n')}`)
		const link = await up(sshd, { ssh: { host: 'lab', configFile } })
		expect((await result(await link.exec('pwd'))).stdout).toBe(`${sshd.home}\n`)
		await link.disconnect()
		expect(link.state.status).toBe('off')
	})
})
