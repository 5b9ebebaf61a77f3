import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import ssh2, { type AuthContext, type Connection, type Prompt } from 'ssh2'
import { describe, expect, onTestFinished, test } from 'vitest'
import { run } from '../../src/engine/process/process.ts'
import { type Asking, ask, askingServer, type Question, sendBanner } from './asking-server.ts'
import { dialled, memorySecrets, type Script } from './dial-request.ts'

const user = userInfo().username
const hidden = (prompt: string): Prompt => ({ prompt, echo: false })
const password: Question = { prompts: [hidden('Password: ')], answers: ['secret'] }
const code: Question = {
	name: 'Second factor',
	instructions: 'Look at your phone.',
	prompts: [{ prompt: 'Code: ', echo: true }],
	answers: ['123456'],
}
/** Short enough to wait for, long enough for a busy machine to come that far. */
const impatient = { tcpMs: 5000, handshakeMs: 5000, loginMs: 2500, loginWithPersonMs: 1000 }

/** The settings to reach it with: its key is known, and `keys` are the only ones there are. */
async function settingsFor(asking: Asking, keys: string[] = []) {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-asking-'))
	onTestFinished(() => rm(folder, { recursive: true, force: true }))
	const at = (name: string) => join(folder, name)
	await writeFile(at('known'), asking.known)
	await writeFile(
		at('config'),
		`IdentityFile ${keys.length > 0 ? keys.map((key) => `"${key}"`).join('\nIdentityFile ') : 'none'}\n`,
	)
	return {
		host: '127.0.0.1',
		port: asking.port,
		user,
		knownHostsFile: at('known'),
		configFile: at('config'),
	}
}

/** A login that takes only keyboard-interactive, with these questions. */
const questions =
	(...list: Question[]) =>
	(context: AuthContext, _connection: Connection, asking: Asking) =>
		context.method === 'keyboard-interactive'
			? ask(context, asking, list)
			: context.reject(['keyboard-interactive'])

async function answering(
	login: Parameters<typeof askingServer>[0],
	script: Script = {},
	keys: string[] = [],
) {
	const asking = await askingServer(login)
	const name = `${user}@127.0.0.1:${asking.port}`
	const state = await dialled(await settingsFor(asking, keys), script)
	return { ...state, steps: asking.steps, name, asking }
}

/** Every connection is gone, however late the news of it arrive. */
async function nothingOpen(asking: Asking): Promise<void> {
	await expect.poll(() => asking.sockets(), { timeout: 5000 }).toBe(0)
}

async function makeKey(): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-key-'))
	onTestFinished(() => rm(folder, { recursive: true, force: true }))
	await run({ file: 'ssh-keygen', args: ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')] })
	return join(folder, 'key')
}

describe('the server’s questions', () => {
	test('are put one after the other, as the server words them', async () => {
		const { end, told, steps } = await answering(questions(password, code), {
			answers: [['secret'], ['123456']],
		})
		expect(end).toBe('up')
		expect(steps).toEqual(['none', 'keyboard-interactive', 'answers:secret', 'answers:123456'])
		expect(told.questions).toEqual([
			{
				kind: 'prompts',
				host: '127.0.0.1',
				user,
				file: '',
				title: '',
				prompts: [{ text: 'Password: ', hidden: true }],
				again: false,
				mayKeep: true,
			},
			expect.objectContaining({
				title: 'Second factor\nLook at your phone.',
				prompts: [{ text: 'Code: ', hidden: false }],
				mayKeep: false,
			}),
		])
	})

	test('several at once; none at all needs no answer', async () => {
		const both = { prompts: [hidden('PIN: '), hidden('Code: ')], answers: ['1', '2'] }
		const { end, told } = await answering(questions({ prompts: [], answers: [] }, both), {
			answers: [['1', '2']],
		})
		expect(end).toBe('up')
		expect(told.questions).toHaveLength(1)
	})

	test('wrong answers: asked again, three times in all, then it is refused', async () => {
		const second = await answering(questions(code), { answers: [['1'], ['123456']] })
		expect(second.end).toBe('up')
		expect(second.told.questions.map(({ again }) => again)).toEqual([false, true])
		const refused = await answering(questions(code), { answers: [['1'], ['2'], ['3'], ['123456']] })
		expect(refused).toMatchObject({ end: 'problem', problem: { code: 'login-refused', needsPerson: true } })
		expect(refused.told.questions).toHaveLength(3)
		await nothingOpen(refused.asking)
	})

	test('a right password is used again by itself, a wrong one is forgotten', async () => {
		const secrets = memorySecrets()
		const asking = await askingServer(questions(password))
		const ssh = await settingsFor(asking)
		const name = `${user}@127.0.0.1:${asking.port}`
		await dialled(ssh, { secrets, answers: [{ answers: ['secret'], keep: true }] })
		expect([secrets.held.get(name), secrets.kept.has(name)]).toEqual(['secret', true])
		const again = await dialled(ssh, { secrets })
		expect([again.end, again.told.questions]).toEqual(['up', []])
		secrets.held.set(name, 'changed meanwhile')
		const changed = await dialled(ssh, { secrets, answers: [['secret']] })
		expect(changed.end).toBe('up')
		expect(changed.told.questions).toMatchObject([{ again: true }])
		expect(secrets.forgotten).toEqual([name])
	})

	test('a one-time code is never kept', async () => {
		const oneTime = { prompts: [hidden('One-time password: ')], answers: ['1'] }
		const { told, end } = await answering(questions(oneTime), { answers: [{ answers: ['1'], keep: true }] })
		expect([end, told.secrets.held.size]).toEqual(['up', 0])
	})

	test('given up, or not answered in time: it says so and leaves nothing open', async () => {
		const given = await answering(questions(code), { answers: [null] })
		expect(given).toMatchObject({
			end: 'problem',
			problem: { code: 'login-unanswered', needsPerson: true, facts: { why: 'it was given up' } },
		})
		await nothingOpen(given.asking)
		const late = await answering(questions(code), { answers: ['silent'], times: impatient })
		expect(late).toMatchObject({
			problem: { code: 'login-unanswered', facts: { why: 'nobody answered in time' } },
			told: { withdrawn: 1 },
		})
		await nothingOpen(late.asking)
	})

	test('the dial is given up meanwhile: the question is taken back', async () => {
		const giveUp = new AbortController()
		const { problem, told, asking } = await answering(
			(context, connection, asking) => {
				questions(code)(context, connection, asking)
				if (context.method === 'keyboard-interactive') setTimeout(() => giveUp.abort(), 100)
			},
			{ answers: ['silent'], signal: giveUp.signal },
		).then((state) => ({ ...state, problem: state.end === 'problem' ? state.problem.code : state.end }))
		expect([problem, told.withdrawn]).toEqual(['operation-cancelled', 1])
		await nothingOpen(asking)
	})

	test('the line drops while it waits: nothing is tried again by itself', async () => {
		const state = await answering(
			(context, connection) => {
				if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
				context.prompt(code.prompts, () => {})
				setTimeout(() => connection.end(), 50)
			},
			{ answers: ['silent'] },
		)
		expect(state).toMatchObject({
			problem: { code: 'login-unanswered', facts: { why: 'the connection ended before' } },
			told: { withdrawn: 1 },
		})
	})

	test('a server that asks without end is left', async () => {
		const endless = Array.from({ length: 50 }, () => ({ ...code, answers: ['0'] }))
		const { told, ...state } = await answering(questions(...endless), {
			answers: endless.map(() => ['0']),
		})
		expect(state).toMatchObject({ end: 'problem', problem: { code: 'login-refused' } })
		expect(told.questions.length).toBeLessThan(15)
		const empty = await answering(
			(context, _connection, asking) => {
				if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
				const again = () => context.prompt([], again)
				again()
				asking.steps.length = 0
			},
			{ times: impatient },
		)
		expect(empty).toMatchObject({ end: 'problem', problem: { code: 'ssh-protocol' } })
		await nothingOpen(empty.asking)
	})

	test('a server that never answers a step, and one whose banner never ends', async () => {
		const silent = await answering(() => {}, { times: impatient })
		const reason = expect.stringContaining('went by before the login was through')
		expect(silent).toMatchObject({ end: 'problem', problem: { code: 'ssh-protocol', facts: { reason } } })
		let flooding: NodeJS.Timeout | undefined
		const banner = await answering(
			(_context, connection) => {
				const flood = () => {
					for (let count = 0; count < 20; count += 1) sendBanner(connection, 'Welcome '.repeat(1000))
					flooding = setTimeout(flood, 1)
				}
				flood()
			},
			{ times: impatient },
		)
		clearTimeout(flooding)
		expect(banner).toMatchObject({ end: 'problem', problem: { code: 'ssh-protocol', facts: { reason } } })
		await nothingOpen(banner.asking)
	})

	test('huge words of a server are cut', async () => {
		const huge = { name: 'N'.repeat(9000), prompts: [hidden('P'.repeat(9000))], answers: ['x'] }
		const { told } = await answering(questions(huge), { answers: [['x']] })
		const [question] = told.questions
		expect(question?.title.length).toBeLessThan(3000)
		expect(question?.prompts[0]?.text.length).toBeLessThan(1000)
	})
})

describe('the order of a login', () => {
	const takesKey = async (key: string) => {
		const known = ssh2.utils.parseKey(await readFile(`${key}.pub`))
		if (known instanceof Error) throw known
		return (context: AuthContext) =>
			context.method === 'publickey' && context.key.data.equals(known.getPublicSSH())
	}

	test('a key, and a code after it', async () => {
		const key = await makeKey()
		const taken = await takesKey(key)
		const state = await answering(
			(context, _connection, asking) => {
				if (context.method === 'keyboard-interactive') return ask(context, asking, [code])
				if (!taken(context)) return context.reject(['publickey'])
				if (context.method === 'publickey' && !context.signature) return context.accept()
				context.reject(['keyboard-interactive'], true)
			},
			{ answers: [['123456']] },
			[await makeKey(), key],
		)
		expect(state.end).toBe('up')
		expect(state.steps).toEqual(['none', 'publickey', 'keyboard-interactive', 'answers:123456'])
	})

	test('a key, and a password after it', async () => {
		const key = await makeKey()
		const taken = await takesKey(key)
		const login: Parameters<typeof askingServer>[0] = (context) => {
			if (context.method === 'password')
				return context.password === 'secret' ? context.accept() : context.reject(['password'])
			if (!taken(context)) return context.reject(['publickey'])
			if (context.method === 'publickey' && !context.signature) return context.accept()
			context.reject(['password'], true)
		}
		const asking = await askingServer(login)
		const ssh = await settingsFor(asking, [key])
		const name = `${user}@127.0.0.1:${asking.port}`
		const first = await dialled(ssh)
		expect(first).toMatchObject({ end: 'needs', error: { question: { kind: 'password', again: false } } })
		const wrong = await dialled(ssh, { secrets: memorySecrets({ [name]: 'no' }) })
		expect(wrong).toMatchObject({ end: 'needs', error: { question: { again: true } } })
		expect((await dialled(ssh, { secrets: memorySecrets({ [name]: 'secret' }) })).end).toBe('up')
	})

	test('questions rather than the password, where both are taken; the password where no question comes', async () => {
		const both = await answering(
			(context, _connection, asking) =>
				context.method === 'keyboard-interactive'
					? ask(context, asking, [code])
					: context.reject(['keyboard-interactive', 'password']),
			{ answers: [['123456']] },
		)
		expect([both.end, both.told.questions.length]).toEqual(['up', 1])
		const none = await answering((context) => context.reject(['keyboard-interactive', 'password']))
		expect(none).toMatchObject({ end: 'needs', error: { secret: { kind: 'password' } } })
	})

	test('nothing but Kerberos is for the system’s ssh; a changed password too', async () => {
		const kerberos = await answering((context) => context.reject(['gssapi-with-mic' as never]))
		expect(kerberos).toMatchObject({
			end: 'beyond',
			reason: 'The server takes nothing but Kerberos (GSSAPI)',
		})
		const asking = await askingServer((context) => {
			if (context.method !== 'password') return context.reject(['password'])
			context.requestChange('Too old', () => {})
		})
		const held = memorySecrets({ [`${user}@127.0.0.1:${asking.port}`]: 'old' })
		const changed = await dialled(await settingsFor(asking), { secrets: held })
		expect(changed).toMatchObject({ end: 'beyond', reason: 'The server wants the password changed' })
	})
})
