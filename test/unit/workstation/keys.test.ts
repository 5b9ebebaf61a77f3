import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { expect, onTestFinished, test } from 'vitest'
import { keyAt } from '../../../src/workstation/keys.ts'

async function place(): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-keys-'))
	onTestFinished(() => rm(folder, { recursive: true, force: true }))
	return join(folder, 'key')
}

test('a key that cannot be read back is made again, and only the good one is kept', async () => {
	const path = await place()
	const good = ssh2.utils.generateKeyPairSync('ed25519', { comment: 'x' })
	const made = [
		'-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
		good.private,
	]
	const pair = await keyAt(path, 'x', () => made.shift() ?? '')
	expect(made).toEqual([])
	expect(await readFile(path, 'utf8')).toBe(pair.privateKey)
	expect((await keyAt(path, 'x', () => '')).publicLine).toBe(pair.publicLine)
})

test('a generator that makes no key ends in an error, not in a loop', async () => {
	await expect(keyAt(await place(), 'x', () => 'no key')).rejects.toThrow('could not be read back')
})
