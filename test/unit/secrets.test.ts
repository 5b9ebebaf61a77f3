import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { keychainLimitMs } from '../../src/engine/keychain.ts'
import type { SecretName } from '../../src/engine/link/login.ts'
import { Secrets } from '../../src/engine/secrets.ts'
import { StandInKeychain } from './keychain.ts'

let folder: string
let keychain: StandInKeychain
const opened: Secrets[] = []
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'hawser-secrets-'))
	keychain = new StandInKeychain()
})
afterEach(async () => {
	vi.useRealTimers()
	for (const secrets of opened.splice(0)) await secrets.dispose()
	rmSync(folder, { recursive: true, force: true })
})
async function open(with_: StandInKeychain | null = keychain): Promise<Secrets> {
	const secrets = await Secrets.open(folder, with_)
	opened.push(secrets)
	return secrets
}
const file = () => join(folder, 'secrets.json')
const key: SecretName = { kind: 'passphrase', file: '/home/me/.ssh/id_ed25519' }
const password: SecretName = { kind: 'password', user: 'me', host: 'lab', port: 22 }
/** Kept by a process that has ended. */
async function kept(name: SecretName = key, secret = 'hunter2', workstation = 'lab'): Promise<void> {
	const secrets = await Secrets.open(folder, keychain)
	await secrets.of(workstation).put(name, secret, true)
	await secrets.dispose()
	keychain.asked.length = 0
}

describe('in memory', () => {
	test('a secret is there until its workstation is not wanted any more, and on no disk', async () => {
		const secrets = await open()
		const login = secrets.of('lab')
		expect(await login.get(key)).toBeNull()
		await login.put(key, 'hunter2', false)
		expect(await login.get(key)).toBe('hunter2')
		expect(await secrets.of('lab').get(key)).toBe('hunter2')
		expect([secrets.keeps('lab'), readdirSync(folder)]).toEqual([false, []])
		secrets.clearMemory('lab')
		expect(await login.get(key)).toBeNull()
	})
	test('each name and each workstation has its own', async () => {
		const secrets = await open()
		const names: SecretName[] = [
			key,
			{ kind: 'passphrase', file: '/home/me/.ssh/id_rsa' },
			password,
			{ ...password, port: 2222 },
			{ ...password, user: 'me@lab', host: '' },
			{ ...password, host: 'lab:22' },
		]
		for (const workstation of ['lab', 'spare', '__proto__'])
			for (const [index, name] of names.entries())
				await secrets.of(workstation).put(name, `${workstation} ${index}`, false)
		for (const workstation of ['lab', 'spare', '__proto__'])
			for (const [index, name] of names.entries())
				expect(await secrets.of(workstation).get(name)).toBe(`${workstation} ${index}`)
		secrets.clearMemory('lab')
		expect(await secrets.of('lab').get(key)).toBeNull()
		expect(await secrets.of('spare').get(key)).toBe('spare 0')
	})
	test('a wrong one is forgotten', async () => {
		const login = (await open()).of('lab')
		await login.put(key, 'wrong', false)
		await login.forget(key)
		expect(await login.get(key)).toBeNull()
	})
})

describe('kept', () => {
	test('it is there for the next process, sealed, in a file of its owner alone', async () => {
		await kept()
		await kept(password, 'correct horse')
		const text = readFileSync(file(), 'utf8')
		expect(text).not.toMatch(/hunter2|correct horse/)
		expect(statSync(file()).mode & 0o777).toBe(0o600)
		expect(readdirSync(folder)).toEqual(['secrets.json'])
		const secrets = await open()
		expect([secrets.keeps('lab'), secrets.keeps('spare')]).toEqual([true, false])
		expect(await secrets.of('lab').get(key)).toBe('hunter2')
		expect(await secrets.of('lab').get(password)).toBe('correct horse')
		expect(await secrets.of('spare').get(key)).toBeNull()
	})
	test('the keychain is asked when a login needs it, once however many ask, and not again', async () => {
		await kept()
		const secrets = await open()
		expect(secrets.keeps('lab')).toBe(true)
		expect(keychain.asked).toEqual([])
		const login = secrets.of('lab')
		expect(await Promise.all([login.get(key), login.get(key), login.get(key)])).toEqual(
			Array(3).fill('hunter2'),
		)
		await login.get(key)
		expect(keychain.asked).toEqual(['open'])
		// Not wanted and wanted again: it is still kept.
		secrets.clearMemory('lab')
		expect(await login.get(key)).toBe('hunter2')
		expect(keychain.asked).toEqual(['open', 'open'])
	})
	test('whether more may be kept is known once a secret was asked for', async () => {
		const login = (await open()).of('lab')
		expect(login.mayKeep).toBe(false)
		await login.get(key)
		expect(login.mayKeep).toBe(true)
		keychain = new StandInKeychain()
		keychain.there = false
		const none = (await open()).of('lab')
		await none.get(key)
		expect(none.mayKeep).toBe(false)
		// A keyring that is started later is found by the next login.
		keychain.there = true
		await none.get(key)
		expect(none.mayKeep).toBe(true)
	})
	test('a file that others could read is made private again', async () => {
		await kept()
		chmodSync(file(), 0o644)
		await kept(password, 'more')
		expect(statSync(file()).mode & 0o777).toBe(0o600)
	})
	test('what a former key sealed is sealed anew', async () => {
		await kept()
		const before = readFileSync(file(), 'utf8')
		Object.assign(keychain, { key: 'key 2', formerKeys: ['key 1'] })
		const first = await open()
		expect(await first.of('lab').get(key)).toBe('hunter2')
		expect(readFileSync(file(), 'utf8')).not.toBe(before)
		keychain.formerKeys = []
		expect(await (await open()).of('lab').get(key)).toBe('hunter2')
	})
	test('those who listen hear of each change, until they stop', async () => {
		const secrets = await open()
		const heard: [string, boolean][] = []
		const stop = secrets.onChange((workstation) => heard.push([workstation, secrets.keeps(workstation)]))
		await secrets.of('lab').put(key, 'hunter2', true)
		await secrets.of('spare').put(key, 'hunter2', false)
		await secrets.forget('lab')
		stop()
		await secrets.of('lab').put(key, 'hunter2', true)
		expect(heard).toEqual([
			['lab', true],
			['lab', false],
		])
	})
})

describe('forgotten', () => {
	test('a workstation’s are gone from memory and disk, and no other’s', async () => {
		await kept()
		await kept(password, 'correct horse')
		await kept(key, 'other', 'spare')
		const secrets = await open()
		await secrets.of('lab').get(key)
		await secrets.forget('lab')
		expect(await secrets.of('lab').get(key)).toBeNull()
		expect([secrets.keeps('lab'), secrets.keeps('spare')]).toEqual([false, true])
		const next = await open()
		expect([await next.of('lab').get(key), await next.of('lab').get(password)]).toEqual([null, null])
		expect(await next.of('spare').get(key)).toBe('other')
		await next.forget('spare')
		expect(readdirSync(folder)).toEqual([])
	})
	test('also without a keychain, as from a terminal', async () => {
		await kept()
		const secrets = await open(null)
		expect([secrets.keeps('lab'), await secrets.of('lab').get(key)]).toEqual([true, null])
		await secrets.of('lab').put(key, 'typed', true)
		expect([await secrets.of('lab').get(key), secrets.of('lab').mayKeep]).toEqual(['typed', false])
		await secrets.forget('lab')
		expect(existsSync(file())).toBe(false)
	})
	test('a wrong one that was kept is asked for no more', async () => {
		await kept()
		const login = (await open()).of('lab')
		await login.get(key)
		await login.forget(key)
		expect(await login.get(key)).toBeNull()
		expect(existsSync(file())).toBe(false)
	})
	test('a copy that a killed write left behind goes too', async () => {
		await kept()
		writeFileSync(`${file()}.123456`, readFileSync(file()))
		writeFileSync(join(folder, 'secrets.json.note'), 'the person’s own')
		await (await open()).forget('lab')
		expect(readdirSync(folder)).toEqual(['secrets.json.note'])
	})
	test('what is being kept at that moment is not kept', async () => {
		const secrets = await open()
		const { promise, resolve } = Promise.withResolvers<void>()
		keychain.before.seal = () => promise
		const putting = secrets.of('lab').put(key, 'hunter2', true)
		await secrets.forget('lab')
		resolve()
		await putting
		expect([secrets.keeps('lab'), existsSync(file())]).toEqual([false, false])
		expect(await secrets.of('lab').get(key)).toBeNull()
	})
	test('what is being opened at that moment stays forgotten', async () => {
		await kept()
		const secrets = await open()
		const { promise, resolve } = Promise.withResolvers<void>()
		keychain.before.open = () => promise
		const getting = secrets.of('lab').get(key)
		await secrets.forget('lab')
		resolve()
		expect(await getting).toBeNull()
		expect(await secrets.of('lab').get(key)).toBeNull()
	})
	test('not on the disk: that is told', async () => {
		await kept()
		await kept(key, 'other', 'spare')
		const secrets = await open()
		rmSync(file())
		mkdirSync(join(file(), 'in the way'), { recursive: true })
		await expect(secrets.forget('lab')).rejects.toThrow()
		expect(await secrets.of('lab').get(key)).toBeNull()
	})
})

describe('at once', () => {
	test('of two puts the later one counts, whichever is sealed first', async () => {
		const secrets = await open()
		const first = Promise.withResolvers<void>()
		keychain.before.seal = () => first.promise
		const slow = secrets.of('lab').put(key, 'older', true)
		keychain.before.seal = async () => {}
		await secrets.of('lab').put(key, 'newer', true)
		first.resolve()
		await slow
		expect(await secrets.of('lab').get(key)).toBe('newer')
		expect(await (await open()).of('lab').get(key)).toBe('newer')
	})
	test('a hundred puts of two workstations are all there', async () => {
		const secrets = await open()
		const names = Array.from(
			{ length: 50 },
			(_, one): SecretName => ({ kind: 'passphrase', file: `/${one}` }),
		)
		await Promise.all(
			['lab', 'spare'].flatMap((workstation) =>
				names.map((name, one) => secrets.of(workstation).put(name, `${workstation} ${one}`, true)),
			),
		)
		const next = await open()
		for (const workstation of ['lab', 'spare'])
			for (const [one, name] of names.entries())
				expect(await next.of(workstation).get(name)).toBe(`${workstation} ${one}`)
	})
	test('not wanted any more while it is opened: it does not come back into memory', async () => {
		await kept()
		const secrets = await open()
		const { promise, resolve } = Promise.withResolvers<void>()
		keychain.before.open = () => promise
		const getting = secrets.of('lab').get(key)
		secrets.clearMemory('lab')
		resolve()
		expect(await getting).toBeNull()
		keychain.before.open = async () => {}
		keychain.asked.length = 0
		expect(await secrets.of('lab').get(key)).toBe('hunter2')
		expect(keychain.asked).toEqual(['open'])
	})
	test('not wanted any more while it is sealed: it is kept, as was asked', async () => {
		const secrets = await open()
		const putting = secrets.of('lab').put(key, 'hunter2', true)
		secrets.clearMemory('lab')
		await putting
		expect(secrets.keeps('lab')).toBe(true)
	})
})

describe('a keychain that is no help', () => {
	test.each<[string, (keychain: StandInKeychain) => void]>([
		['is another machine’s', (one) => Object.assign(one, { key: 'key 2' })],
		['is gone', (one) => Object.assign(one, { there: false })],
		[
			'refuses',
			(one) => {
				one.before.open = () => Promise.reject(new Error('the person said no'))
			},
		],
	])(
		'%s: as if nothing were kept, and it is not asked again before the next connect',
		async (_what, change) => {
			await kept()
			change(keychain)
			const secrets = await open()
			expect(await secrets.of('lab').get(key)).toBeNull()
			expect(await secrets.of('lab').get(key)).toBeNull()
			expect(keychain.asked.filter((one) => one === 'open')).toHaveLength(1)
			// It may open another time: only the person forgets it.
			expect(secrets.keeps('lab')).toBe(true)
			secrets.clearMemory('lab')
			Object.assign(keychain, { key: 'key 1', there: true })
			keychain.before.open = async () => {}
			expect(await secrets.of('lab').get(key)).toBe('hunter2')
		},
	)
	test('hangs: it is given up after its limit, and the login goes on', async () => {
		await kept()
		const secrets = await open()
		const never = () => new Promise<never>(() => {})
		Object.assign(keychain.before, { open: never, seal: never, available: never })
		vi.useFakeTimers()
		let got: string | null | undefined
		void secrets
			.of('lab')
			.get(key)
			.then((secret) => {
				got = secret
			})
		await vi.advanceTimersByTimeAsync(keychainLimitMs - 1)
		expect(got).toBeUndefined()
		await vi.advanceTimersByTimeAsync(5000)
		expect(got).toBeNull()
		const putting = secrets.of('lab').put(key, 'typed', true)
		expect(await secrets.of('lab').get(key)).toBe('typed')
		await vi.advanceTimersByTimeAsync(keychainLimitMs)
		await putting
		await vi.advanceTimersByTimeAsync(keychainLimitMs)
		expect(vi.getTimerCount()).toBe(0)
	})
	test('that says nothing of itself delays a first login by no more than 2 s', async () => {
		keychain.before.available = () => new Promise<never>(() => {})
		const secrets = await open()
		vi.useFakeTimers()
		const getting = secrets.of('lab').get(key)
		await vi.advanceTimersByTimeAsync(2000)
		expect([await getting, secrets.of('lab').mayKeep]).toEqual([null, false])
	})
	test('hangs at the end: nobody waits for it', async () => {
		await kept()
		keychain.before.open = () => new Promise<never>(() => {})
		const secrets = await open()
		vi.useFakeTimers()
		const getting = secrets.of('lab').get(key)
		await secrets.dispose()
		expect(await getting).toBeNull()
		expect(vi.getTimerCount()).toBe(0)
	})
	test('does not seal: the login goes on, and nothing says that it is kept', async () => {
		keychain.before.seal = () => Promise.reject(new Error('locked'))
		const secrets = await open()
		await secrets.of('lab').put(key, 'hunter2', true)
		expect([await secrets.of('lab').get(key), secrets.keeps('lab')]).toEqual(['hunter2', false])
		expect(readdirSync(folder)).toEqual([])
	})
})
