import { generateKeyPairSync } from 'node:crypto'
import ssh2 from 'ssh2'
import { describe, expect, test, vi } from 'vitest'
import { parseKeyText, readKeyText, unlock } from '../../../src/engine/link/key-files.ts'
import { memorySecrets } from '../../peers/dial-request.ts'

const plain = ssh2.utils.generateKeyPairSync('ed25519')
const encrypted = ssh2.utils.generateKeyPairSync('ed25519', {
	passphrase: 'right',
	cipher: 'aes256-ctr',
	rounds: 1,
})
const pkcs8 = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

describe('what a key file holds', () => {
	test.each([
		['a private key', plain.private, 'usable'],
		['a public key', plain.public, 'public'],
		['an encrypted key', encrypted.private, 'locked'],
		['PKCS#8', pkcs8, 'beyond'],
		['nothing', '', 'unusable'],
		['a container that is cut off', encrypted.private.slice(0, 200), 'unusable'],
		[
			'a container of rubbish',
			'-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----',
			'unusable',
		],
		['a certificate', 'ssh-ed25519-cert-v01@openssh.com AAAA', 'beyond'],
		['binary', '\0\u00ff'.repeat(5000), 'unusable'],
	])('%s', (_name, text, kind) => {
		expect(readKeyText('/k', text, null).kind).toBe(kind)
	})

	test('the public half of an encrypted key is known without its passphrase', () => {
		const file = readKeyText('/k', encrypted.private, null)
		const known = parseKeyText(encrypted.public)
		if (file.kind !== 'locked' || known instanceof Error) throw new Error(file.kind)
		expect(file.key?.getPublicSSH()).toEqual(known.getPublicSSH())
	})
})

describe('a passphrase', () => {
	const file = readKeyText('/k', encrypted.private, null)
	if (file.kind !== 'locked') throw new Error(file.kind)

	test('unlocks once, as long as its secrets live', async () => {
		const parse = vi.fn(parseKeyText)
		const secrets = memorySecrets({ '/k': 'right' })
		for (const _ of [1, 2]) expect((await unlock(file, secrets, parse)).kind).toBe('open')
		expect(parse).toHaveBeenCalledTimes(1)
		await unlock({ ...file, text: `${file.text}\n` }, secrets, parse)
		await unlock(file, memorySecrets({ '/k': 'right' }), parse)
		expect(parse).toHaveBeenCalledTimes(3)
	})

	test('that is wrong, or opens another key, is forgotten', async () => {
		const other = readKeyText('/k', encrypted.private, null)
		const stranger = parseKeyText(plain.public)
		if (other.kind !== 'locked' || stranger instanceof Error) throw new Error(other.kind)
		for (const [locked, passphrase] of [
			[file, 'wrong'],
			[{ ...other, key: stranger }, 'right'],
		] as const) {
			const secrets = memorySecrets({ '/k': passphrase })
			expect((await unlock(locked, secrets)).kind).toBe('wrong')
			expect(secrets.forgotten).toEqual(['/k'])
		}
		expect((await unlock(file, memorySecrets())).kind).toBe('none')
	})
})
