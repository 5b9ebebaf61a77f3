import { execFile } from 'node:child_process'
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { LoginQuestion } from '../../src/contract/state.ts'
import type { Keychain } from '../../src/engine/keychain.ts'
import { type EngineUnderTest, startEngine } from './engine.ts'
import { type Sshd, sshdMissing, startSshd } from './sshd.ts'

if (sshdMissing) console.warn(`login of an engine: skipped, ${sshdMissing}`)

const passphrase = 'correct horse battery'
const execute = promisify(execFile)

/** STAND-IN for the system's keychain: it seals with a letter in front, and can be locked. */
function fakeKeychain() {
	const chain = { locked: false, opened: 0 }
	const keychain: Keychain = {
		available: async () => true,
		seal: async (secret) => Buffer.from(`sealed:${secret}`).toString('base64'),
		open: async (sealed) => {
			chain.opened += 1
			if (chain.locked) throw new Error('locked')
			return { secret: Buffer.from(sealed, 'base64').toString().slice('sealed:'.length), renewed: null }
		},
	}
	return { chain, keychain }
}

/** A workstation whose one key is encrypted, and a data folder that names it. */
async function bed(): Promise<{ sshd: Sshd; dataFolder: string; key: string }> {
	const sshd = await startSshd()
	onTestFinished(() => sshd.stop())
	const dataFolder = await mkdtemp(join(tmpdir(), 'hawser-login-'))
	onTestFinished(() => rm(dataFolder, { recursive: true, force: true }))
	const key = join(sshd.folder, 'locked_key')
	await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', '', '-f', key])
	await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${key}.pub`))
	const ssh = { ...sshd.ssh, identityFile: key }
	await writeFile(
		join(dataFolder, 'config.json'),
		JSON.stringify({ workstations: [{ name: 'lab', ssh }], projects: [] }),
	)
	return { sshd, dataFolder, key }
}

async function engineIn(dataFolder: string, keychain: Keychain | null = null): Promise<EngineUnderTest> {
	const engine = await startEngine({ dataFolder, keychain })
	onTestFinished(() => engine.dispose())
	return engine
}

const question = (engine: EngineUnderTest, not = ''): Promise<LoginQuestion> =>
	engine.until(({ workstations }) => {
		const link = workstations.lab?.link
		return link?.status === 'login' && link.question?.id !== not && link.question
	})
const isUp = (engine: EngineUnderTest) =>
	engine.until(({ workstations }) => workstations.lab?.link.status === 'up')

/** Every file of a folder and its folders as one text. */
async function everything(folder: string): Promise<string> {
	const entries = await readdir(folder, { recursive: true, withFileTypes: true })
	const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
	return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n')
}

describe.skipIf(sshdMissing)('a key with a passphrase', () => {
	test('is asked for once, used again after a loss, and lies nowhere', async () => {
		const { sshd, dataFolder, key } = await bed()
		const engine = await engineIn(dataFolder)
		const first = await question(engine)
		expect(first).toMatchObject({ kind: 'passphrase', file: key, again: false, mayKeep: false })
		expect(engine.state().summary).toMatchObject({
			glyph: 'attention',
			problem: { code: 'login-asks', next: { kind: 'answer-login' } },
		})
		const answer = { workstation: 'lab', keep: false }
		await engine.call('answerLogin', { ...answer, question: first.id, answers: ['wrong'] })
		const second = await question(engine, first.id)
		expect(second.again).toBe(true)
		await expect(
			engine.call('answerLogin', { ...answer, question: first.id, answers: [passphrase] }),
		).rejects.toMatchObject({ problem: { code: 'input-invalid' } })
		await engine.call('answerLogin', { ...answer, question: second.id, answers: [passphrase] })
		await isUp(engine)
		await sshd.stopConnections()
		await engine.until(({ workstations }) => workstations.lab?.link.status !== 'up')
		await isUp(engine)
		expect(JSON.stringify(engine.state())).not.toContain(passphrase)
		expect(await everything(dataFolder)).not.toContain(passphrase)
	})

	test('is forgotten with the wish to be connected', async () => {
		const { dataFolder } = await bed()
		const engine = await engineIn(dataFolder)
		const { id } = await question(engine)
		await engine.call('answerLogin', { workstation: 'lab', question: id, answers: [passphrase], keep: false })
		await isUp(engine)
		await engine.call('disconnect', { workstation: 'lab' })
		await engine.call('connect', { workstation: 'lab' })
		expect((await question(engine)).id).not.toBe(id)
	})

	test('given up, it stops until a person wants to try again', async () => {
		const { dataFolder } = await bed()
		const engine = await engineIn(dataFolder)
		const { id } = await question(engine)
		await engine.call('answerLogin', { workstation: 'lab', question: id, answers: null, keep: false })
		const stopped = await engine.until(({ workstations }) => {
			const link = workstations.lab?.link
			return link?.status === 'stopped' && link
		})
		expect(stopped.problem).toMatchObject({ code: 'login-key-locked', needsPerson: true })
		await engine.call('wake', {})
		expect(engine.state().workstations.lab?.link.status).toBe('stopped')
		await engine.call('retry', { workstation: 'lab' })
		expect((await question(engine)).id).not.toBe(id)
	})

	test('kept on request, it opens the next start too, until it is forgotten', async () => {
		const { dataFolder } = await bed()
		const { chain, keychain } = fakeKeychain()
		const engine = await engineIn(dataFolder, keychain)
		const { id, mayKeep } = await question(engine)
		expect(mayKeep).toBe(true)
		await engine.call('answerLogin', { workstation: 'lab', question: id, answers: [passphrase], keep: true })
		await engine.until(({ workstations }) => workstations.lab?.keepsLogin)
		await isUp(engine)
		await engine.dispose()
		expect(await everything(dataFolder)).not.toContain(passphrase)

		const next = await engineIn(dataFolder, keychain)
		await isUp(next)
		expect(chain.opened).toBe(1)
		await next.call('forgetLogin', { workstation: 'lab' })
		await next.until(({ workstations }) => workstations.lab?.keepsLogin === false)
		await next.dispose()

		const last = await engineIn(dataFolder, keychain)
		expect(await question(last)).toMatchObject({ kind: 'passphrase', again: false })
	})

	test('a keychain that does not open asks the person', async () => {
		const { dataFolder } = await bed()
		const { chain, keychain } = fakeKeychain()
		const engine = await engineIn(dataFolder, keychain)
		const { id } = await question(engine)
		await engine.call('answerLogin', { workstation: 'lab', question: id, answers: [passphrase], keep: true })
		await engine.until(({ workstations }) => workstations.lab?.keepsLogin)
		await engine.dispose()
		chain.locked = true
		const next = await engineIn(dataFolder, keychain)
		expect(await question(next)).toMatchObject({ kind: 'passphrase', again: false })
	})
})
