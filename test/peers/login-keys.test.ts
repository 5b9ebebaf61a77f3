import { appendFile, copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { run } from '../../src/engine/process/process.ts'
import { dialled, memorySecrets } from './dial-request.ts'
import { server } from './linked.ts'
import { type Sshd, sshdMissing } from './sshd.ts'

if (sshdMissing) console.warn(`login-keys: skipped, ${sshdMissing}`)

/** Makes a key that the server takes. */
async function newKey(sshd: Sshd, name: string, args: string[]): Promise<string> {
	const file = join(sshd.folder, name)
	await run({ file: 'ssh-keygen', args: ['-q', '-C', '', '-f', file, ...args] })
	await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${file}.pub`))
	return file
}

const using = (sshd: Sshd, identityFile: string) => ({ ...sshd.ssh, identityFile })

const open = ['-N', '']
const locked = ['-N', 'right']
const kinds: [name: string, args: string[]][] = [
	['ed25519', ['-t', 'ed25519', ...open]],
	['rsa', ['-t', 'rsa', '-b', '2048', ...open]],
	['rsa in PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM', ...open]],
	['ecdsa 256', ['-t', 'ecdsa', '-b', '256', ...open]],
	['ecdsa 521 in PEM', ['-t', 'ecdsa', '-b', '521', '-m', 'PEM', ...open]],
]
const lockedKinds: [name: string, args: string[]][] = [
	['ed25519, the usual cipher', ['-t', 'ed25519', ...locked]],
	['ed25519, aes256-gcm', ['-t', 'ed25519', '-Z', 'aes256-gcm@openssh.com', ...locked]],
	['ed25519, aes128-cbc', ['-t', 'ed25519', '-Z', 'aes128-cbc', ...locked]],
	['rsa, aes192-ctr', ['-t', 'rsa', '-b', '2048', '-Z', 'aes192-ctr', ...locked]],
	['ecdsa in PEM', ['-t', 'ecdsa', '-m', 'PEM', ...locked]],
	['rsa in PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM', ...locked]],
]

describe.skipIf(sshdMissing)('key files', () => {
	test.each(kinds)('%s', async (_name, args) => {
		const sshd = await server()
		const { end, told } = await dialled(using(sshd, await newKey(sshd, 'key', args)))
		expect(end).toBe('up')
		expect(told).toMatchObject({ phases: ['host-key', 'login'], questions: [] })
	})

	test.each(lockedKinds)('%s: no passphrase, a wrong one, the right one', async (_name, args) => {
		const sshd = await server()
		const file = await newKey(sshd, 'my key', args)
		const ssh = using(sshd, file)
		const none = await dialled(ssh)
		expect(none).toMatchObject({
			end: 'needs',
			error: {
				secret: { kind: 'passphrase', file },
				question: { kind: 'passphrase', file, again: false, prompts: [{ hidden: true }] },
			},
		})
		const wrong = await dialled(ssh, { secrets: memorySecrets({ [file]: 'wrong' }) })
		expect(wrong).toMatchObject({ end: 'needs', error: { question: { again: true } } })
		expect(wrong.told.secrets.forgotten).toEqual([file])
		expect((await dialled(ssh, { secrets: memorySecrets({ [file]: 'right' }) })).end).toBe('up')
		// In PEM nothing is said of the public half: without its file nobody knows whose key it is.
		await rm(`${file}.pub`)
		expect(await dialled(ssh)).toMatchObject({ end: 'needs', error: { secret: { file } } })
		expect((await dialled(ssh, { secrets: memorySecrets({ [file]: 'right' }) })).end).toBe('up')
	})

	test('a locked key that the server would not take is not asked for', async () => {
		const sshd = await server()
		const file = join(sshd.folder, 'stranger')
		await run({ file: 'ssh-keygen', args: ['-q', '-t', 'ed25519', '-N', 'right', '-f', file] })
		const state = await dialled(using(sshd, file))
		expect(state).toMatchObject({ end: 'problem', problem: { code: 'login-refused', needsPerson: true } })
		expect(JSON.stringify(state)).toContain(file)
	})

	test('a missing file and one that is no key are named', async () => {
		const sshd = await server()
		const missing = join(sshd.folder, 'none')
		const facts = (file: string) => ({
			end: 'problem',
			problem: { code: 'login-key-unusable', facts: { file } },
		})
		expect(await dialled(using(sshd, missing))).toMatchObject(facts(missing))
		const rubbish = join(sshd.folder, 'rubbish')
		await writeFile(rubbish, 'no key\n'.repeat(1000))
		expect(await dialled(using(sshd, rubbish))).toMatchObject(facts(rubbish))
	})

	test('two keys, one after the other, where the server wants both', async () => {
		const sshd = await server({ config: ['AuthenticationMethods publickey,publickey'] })
		const second = await newKey(sshd, 'second', ['-t', 'rsa', '-b', '2048', ...open])
		const { configFile = '' } = sshd.ssh
		await writeFile(configFile, `IdentityFile "${second}"\n`)
		expect((await dialled(sshd.ssh)).end).toBe('up')
		await writeFile(configFile, '')
		expect(await dialled(sshd.ssh)).toMatchObject({ end: 'problem', problem: { code: 'login-refused' } })
	})

	test('too many keys are told as such, and no password is asked for', async () => {
		const sshd = await server({ config: ['MaxAuthTries 2', 'PasswordAuthentication yes'] })
		const strangers: string[] = []
		for (const name of ['a', 'b', 'c']) {
			const file = join(sshd.folder, name)
			await run({ file: 'ssh-keygen', args: ['-q', '-t', 'ed25519', '-N', '', '-f', file] })
			strangers.push(`IdentityFile "${file}"`)
		}
		await writeFile(sshd.ssh.configFile ?? '', strangers.join('\n'))
		const { identityFile: _, ...ssh } = sshd.ssh
		const refused = await dialled(ssh)
		expect(refused).toMatchObject({ end: 'problem', problem: { code: 'login-refused' } })
		expect(JSON.stringify(refused)).toMatch(/too many authentication failures/i)
	})

	test('a password is asked for where keys did not do it, and asked again when it was wrong', async () => {
		const sshd = await server({ config: ['PasswordAuthentication yes'] })
		const { identityFile: _, ...ssh } = sshd.ssh
		const none = await dialled(ssh)
		const name = `${sshd.user}@127.0.0.1:${sshd.port}`
		expect(none).toMatchObject({
			end: 'needs',
			error: {
				secret: { kind: 'password', user: sshd.user, host: '127.0.0.1', port: sshd.port },
				question: { kind: 'password', again: false },
			},
		})
		const secrets = memorySecrets({ [name]: 'certainly not the password' })
		const wrong = await dialled(ssh, { secrets })
		expect(wrong).toMatchObject({ end: 'needs', error: { question: { again: true } } })
		expect(secrets.forgotten).toEqual([name])
		// Its first failure is the last one it lets pass: then it breaks off instead of refusing.
		const strict = await server({ config: ['PasswordAuthentication yes', 'MaxAuthTries 1'] })
		const strictName = `${strict.user}@127.0.0.1:${strict.port}`
		const cut = await dialled(
			{ ...strict.ssh, identityFile: undefined },
			{ secrets: memorySecrets({ [strictName]: 'certainly not the password' }) },
		)
		expect(cut).toMatchObject({ end: 'needs', error: { question: { again: true } } })
		await writeFile(sshd.ssh.configFile ?? '', 'PasswordAuthentication no\n')
		expect(await dialled(ssh)).toMatchObject({ end: 'problem', problem: { code: 'login-refused' } })
	})
})

describe.skipIf(sshdMissing)('what only the system’s ssh can do', () => {
	test('keys that ssh2 cannot read, after the others were refused', async () => {
		const sshd = await server()
		const pkcs8 = await newKey(sshd, 'pkcs8', ['-t', 'rsa', '-b', '2048', ...open])
		await run({ file: 'ssh-keygen', args: ['-q', '-p', ...open, '-m', 'PKCS8', '-f', pkcs8] })
		expect(await dialled(using(sshd, pkcs8))).toMatchObject({
			end: 'beyond',
			reason: `The key ${pkcs8} is in the PKCS#8 format`,
		})
		const chacha = await newKey(sshd, 'chacha', [
			'-t',
			'ed25519',
			'-Z',
			'chacha20-poly1305@openssh.com',
			...locked,
		])
		expect(await dialled(using(sshd, chacha))).toMatchObject({ end: 'beyond' })
		// Another key does it: nothing is beyond then.
		await writeFile(sshd.ssh.configFile ?? '', `IdentityFile "${sshd.identityFile}"\n`)
		expect((await dialled(using(sshd, pkcs8))).end).toBe('up')
	})

	test('a certificate, whose key alone is refused', async () => {
		const sshd = await server({ config: ['MaxAuthTries 1'] })
		const at = (name: string) => join(sshd.folder, name)
		for (const name of ['ca', 'id'])
			await run({ file: 'ssh-keygen', args: ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)] })
		const signing = ['-q', '-s', at('ca'), '-I', 'me', '-n', sshd.user, at('id.pub')]
		await run({ file: 'ssh-keygen', args: signing })
		expect(await dialled(using(sshd, at('id')))).toMatchObject({
			end: 'beyond',
			reason: `The key ${at('id')} has a certificate`,
		})
		await rename(at('id-cert.pub'), at('elsewhere'))
		await writeFile(sshd.ssh.configFile ?? '', `CertificateFile "${at('elsewhere')}"\n`)
		expect(await dialled(using(sshd, at('id')))).toMatchObject({
			end: 'beyond',
			reason: `The login uses the certificate ${at('elsewhere')}`,
		})
		await copyFile(at('id.pub'), at('authorized_keys'))
		expect((await dialled(using(sshd, at('id')))).end).toBe('up')
	})

	test('a hardware key is told by its file', async () => {
		const sshd = await server()
		const file = join(sshd.folder, 'id_ed25519_sk')
		const field = (text: string | Buffer) => {
			const data = Buffer.from(text)
			const length = Buffer.alloc(4)
			length.writeUInt32BE(data.length)
			return Buffer.concat([length, data])
		}
		const type = 'sk-ssh-ed25519@openssh.com'
		const blob = Buffer.concat([field(type), field(Buffer.alloc(32, 7)), field('ssh:')])
		await writeFile(file, `${type} ${blob.toString('base64')} token\n`)
		const reason = `The key ${file} lives in a hardware token`
		expect(await dialled(using(sshd, file))).toMatchObject({ end: 'beyond', reason })
	})

	test('a way that is a command, a smart card, a server that shares no algorithm', async () => {
		const sshd = await server({ config: ['Ciphers chacha20-poly1305@openssh.com'] })
		const { identityFile: _, configFile = '', ...ssh } = sshd.ssh
		await writeFile(configFile, 'ProxyCommand nc %h %p\n')
		expect(await dialled(sshd.ssh)).toMatchObject({
			end: 'beyond',
			reason: expect.stringMatching(/ProxyCommand/),
		})
		const post = await server({ config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] })
		expect(await dialled(post.ssh)).toMatchObject({
			end: 'beyond',
			reason: 'The server and ssh2 have no key exchange algorithm in common',
		})
		await writeFile(post.ssh.configFile ?? '', 'PKCS11Provider /usr/lib/none.so\n')
		const plain = await server()
		await writeFile(configFile, 'PKCS11Provider /usr/lib/none.so\n')
		const card = { ...ssh, port: plain.port, knownHostsFile: plain.knownHostsFile, configFile }
		expect(await dialled(card)).toMatchObject({ end: 'beyond', reason: expect.stringMatching(/smart card/) })
	})
})
