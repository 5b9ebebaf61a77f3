import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SecretName } from '../../src/engine/link/login.ts'
import { Secrets } from '../../src/engine/secrets.ts'
import { StandInKeychain } from './keychain.ts'

let folder: string
const opened: Secrets[] = []
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'hawser-secrets-'))
})
afterEach(async () => {
	for (const secrets of opened.splice(0)) await secrets.dispose()
	rmSync(folder, { recursive: true, force: true })
})
async function open(): Promise<Secrets> {
	const secrets = await Secrets.open(folder, new StandInKeychain())
	opened.push(secrets)
	return secrets
}
const file = () => join(folder, 'secrets.json')
const key: SecretName = { kind: 'passphrase', file: '/home/me/.ssh/id_ed25519' }

describe('a file that is no help', () => {
	const sealed = Buffer.from('sealed by key 1: hunter2').toString('base64')
	test.each([
		['is empty', ''],
		['is garbage', '\u0000\u0001\u0002'],
		['is half written', '{"version":1,"kept":[{"workstation":"lab"'],
		['is of another shape', '{"kept":{}}'],
		['is of a version to come', `{"version":2,"kept":[]}`],
		['holds plain text', '{"version":1,"kept":[{"workstation":"lab","name":{"kind":"pin"},"sealed":"x"}]}'],
		[
			'is far too long',
			JSON.stringify({ version: 1, kept: [{ workstation: 'lab', name: key, sealed }] }) +
				' '.repeat(2_000_000),
		],
		[
			'holds a bad entry beside a good one',
			JSON.stringify({ version: 1, kept: [{ workstation: 'lab', name: key, sealed }, { workstation: 1 }] }),
		],
	])('%s: nothing is kept, and the next one is', async (_what, text) => {
		writeFileSync(file(), text)
		const secrets = await open()
		expect([secrets.keeps('lab'), await secrets.of('lab').get(key)]).toEqual([false, null])
		await secrets.of('lab').put(key, 'hunter2', true)
		expect(await (await open()).of('lab').get(key)).toBe('hunter2')
	})
	test('is a folder: nothing can be kept, and the login goes on', async () => {
		mkdirSync(file())
		const secrets = await open()
		await secrets.of('lab').put(key, 'hunter2', true)
		expect([await secrets.of('lab').get(key), secrets.keeps('lab')]).toEqual(['hunter2', false])
	})
	test('was written by a process that was killed in the middle: it is whole', async () => {
		const program = fileURLToPath(new URL('./secrets-killed.ts', import.meta.url))
		for (let time = 0; time < 8; time += 1) {
			const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
			const ended = once(child, 'exit')
			try {
				await once(child.stdout, 'data')
				// At no moment in particular.
				await new Promise((resolve) => setTimeout(resolve, Math.random() * 60))
			} finally {
				child.kill('SIGKILL')
			}
			await ended
			expect(() => JSON.parse(readFileSync(file(), 'utf8'))).not.toThrow()
			const secrets = await open()
			expect(secrets.keeps('lab')).toBe(true)
			expect(await secrets.of('lab').get({ kind: 'passphrase', file: '/key 0' })).toBe('secret 0')
			expect(readdirSync(folder)).toEqual(['secrets.json'])
		}
	}, 60_000)
})
