import { describe, expect, test, vi } from 'vitest'
import { ProblemError } from '../../../src/contract/client.ts'
import type { LinkState, LoginQuestion } from '../../../src/contract/state.ts'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { linkAsksForKey, linkAsksForLogin } from '../states.ts'
import { type CallOptions, call, finished, now } from './call.ts'
import { state, workstation } from './states.ts'

const terminal = {} as CallOptions['terminal']

/** An engine whose link asks the one after the other, and is up once all are answered. */
function asking(...links: LinkState[]) {
	const engine: FakeEngine = new FakeEngine(
		{
			readGpu: () => workstation(),
			answerHostKey: () => next(),
			answerLogin: ({ answers }) => (answers ? next() : show(unanswered)),
		},
		state(),
	)
	const show = (link: LinkState) => {
		engine.change({ slice: 'workstations', key: 'lab', value: workstation({ link }) })
		return {}
	}
	const next = () => {
		const link = links.shift()
		return link ? show(link) : show(workstation().link)
	}
	next()
	const given = () =>
		engine.asked.flatMap(({ name, input }) =>
			name === 'answerLogin' ? [input as Record<string, unknown>] : [],
		)
	return { engine, show, given }
}

const unanswered: LinkState = {
	status: 'stopped',
	problem: problem('login-unanswered', { host: 'lab', what: 'an answer', why: 'nothing was given' }),
	since: now,
}

const code: Partial<LoginQuestion> = {
	id: 'q2',
	kind: 'prompts',
	title: 'Two-factor login\nOpen your app.',
	prompts: [
		{ text: 'User code', hidden: false },
		{ text: 'One-time password: ', hidden: true },
	],
}

describe('a question of the login, on a terminal', () => {
	test('a passphrase does not show, and goes on when it is right', async () => {
		const { engine, given } = asking(linkAsksForLogin())
		const {
			code: exit,
			error,
			text,
			questions,
			hidden,
		} = await finished(engine, ['gpu'], {
			terminal,
			typed: ['s3cret ü'],
		})
		expect(exit).toBe(0)
		expect(questions).toEqual(['Passphrase: '])
		expect(hidden).toEqual(questions)
		expect(given()).toEqual([{ workstation: 'lab', question: 'q1', answers: ['s3cret ü'], keep: false }])
		expect(error).toContain('The key ~/.ssh/id_ed25519 needs its passphrase')
		expect(text + error).not.toContain('s3cret')
	})

	test('a host key, then a wrong passphrase, then prompts, one after the other', async () => {
		const { engine, given } = asking(
			linkAsksForKey,
			linkAsksForLogin(),
			linkAsksForLogin({ id: 'q1b', again: true }),
			linkAsksForLogin(code),
		)
		const {
			code: exit,
			error,
			questions,
			hidden,
		} = await finished(engine, ['gpu'], {
			terminal,
			answer: true,
			typed: ['wrong', 'right', 'me', '123456'],
		})
		expect(exit).toBe(0)
		expect(questions).toEqual([
			'Accept this key and connect?',
			'Passphrase: ',
			'Passphrase: ',
			'  │ User code: ',
			'  │ One-time password: ',
		])
		expect(hidden).toEqual(['Passphrase: ', 'Passphrase: ', '  │ One-time password: '])
		expect(given().map(({ question, answers }) => [question, answers])).toEqual([
			['q1', ['wrong']],
			['q1b', ['right']],
			['q2', ['me', '123456']],
		])
		expect(error.match(/That was not right/g)).toHaveLength(1)
		expect(error).toContain('  │ Two-factor login\n  │ Open your app.\n')
	})

	test.each([true, false])(
		'it is kept in the keychain only where that can be, and as the person says: %s',
		async (keep) => {
			const { engine, given } = asking(linkAsksForLogin({ mayKeep: true }))
			const { questions } = await finished(engine, ['gpu'], { terminal, answer: keep, typed: ['x'] })
			expect(questions).toEqual(['Passphrase: ', 'Keep it in the keychain?'])
			expect(given()).toMatchObject([{ answers: ['x'], keep }])
		},
	)

	test.each([
		[true, [], 0],
		[false, null, 4],
	])('a confirmation: %s', async (answer, answers, exit) => {
		const { engine, given } = asking(
			linkAsksForLogin({ kind: 'confirm', title: 'Use this key?', prompts: [] }),
		)
		const { code: ended, error } = await finished(engine, ['gpu'], { terminal, answer })
		expect(ended).toBe(exit)
		expect(error).toContain('  │ Use this key?')
		expect(given()).toMatchObject([{ answers, keep: false }])
	})

	test('a touch is waited for, and nothing is asked', async () => {
		const { engine, show } = asking(linkAsksForLogin({ kind: 'touch', prompts: [] }))
		const running = call(engine, ['gpu'], { terminal })
		await vi.waitFor(() => expect(running.err()).toContain('Touch your security key …'))
		show(workstation().link)
		expect(await running.done).toBe(0)
		expect(running.questions).toEqual([])
	})

	test('the end of input gives up, and says what that means', async () => {
		const { engine, given } = asking(linkAsksForLogin(code))
		const {
			code: exit,
			error,
			questions,
		} = await finished(engine, ['gpu'], { terminal, typed: ['me', null] })
		expect(exit).toBe(4)
		expect(questions).toHaveLength(2)
		expect(given()).toMatchObject([{ question: 'q2', answers: null, keep: false }])
		expect(error).toContain('The login to lab was not answered')
	})

	test('a question that another face answers is taken back', async () => {
		const { engine, show, given } = asking(linkAsksForLogin())
		const running = call(engine, ['gpu'], { terminal })
		await vi.waitFor(() => expect(running.questions).toHaveLength(1))
		show(workstation().link)
		expect(await running.done).toBe(0)
		expect(running.takenBack).toHaveLength(1)
		expect(given()).toEqual([])
	})

	test('an answer that comes too late is no failure', async () => {
		const { engine, show } = asking(linkAsksForLogin())
		engine.handlers.answerLogin = () => {
			show(workstation().link)
			throw new ProblemError(problem('input-invalid', { command: 'answerLogin', message: 'it is not asked' }))
		}
		expect((await finished(engine, ['gpu'], { terminal, typed: ['x'] })).code).toBe(0)
	})

	test('what a server writes can neither move the cursor nor pass for ours, nor fill the screen', async () => {
		const { engine } = asking(
			linkAsksForLogin({
				kind: 'prompts',
				title: `\u001b[2J\u001b]0;owned\u0007\r\n✕ Fake\u202e\n${'line\n'.repeat(500)}`,
				prompts: [{ text: `\u001b[1A\rroot@laptop\n# ${'x'.repeat(5000)}`, hidden: true }],
			}),
		)
		const { error, questions } = await finished(engine, ['gpu'], { terminal, typed: ['x'] })
		expect(error).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
		expect(error).toContain('\n  │ ✕ Fake\n')
		expect(error.split('\n').length).toBeLessThan(30)
		expect(questions[0]).toMatch(/^ {2}│ root@laptop # x+…/)
		expect(questions[0]?.length).toBeLessThan(500)
	})

	test('Ctrl-C takes it back and answers nothing: the question stays for the window', async () => {
		const { engine, given } = asking(linkAsksForLogin())
		const running = call(engine, ['gpu'], { terminal })
		await vi.waitFor(() => expect(running.questions).toHaveLength(1))
		running.interrupt()
		// At once: the terminal is as it was before anything else is done.
		expect(running.takenBack).toHaveLength(1)
		expect(await running.done).toBe(130)
		expect(given()).toEqual([])
	})

	test('an engine that vanishes takes it back before that is said', async () => {
		const { engine } = asking(linkAsksForLogin())
		const running = call(engine, ['gpu'], { terminal })
		await vi.waitFor(() => expect(running.questions).toHaveLength(1))
		running.loseEngine()
		expect(await running.done).toBe(1)
		expect(running.err()).toMatch(/\[taken back\]\n[\s\S]*engine does not answer/)
	})
})

describe('with nobody at a terminal', () => {
	test.each(['passphrase', 'password', 'prompts', 'confirm', 'touch'] as const)(
		'%s waits for a person',
		async (kind) => {
			const { engine, given } = asking(linkAsksForLogin({ kind }))
			const { code: exit, error, text, questions } = await finished(engine, ['gpu', '--json'])
			expect(exit).toBe(4)
			expect(JSON.parse(text)).toMatchObject({ problem: { code: 'login-asks', facts: { host: 'lab' } } })
			expect(error).toContain(kind === 'passphrase' ? 'needs its passphrase' : 'lab asks for')
			expect(questions).toEqual([])
			expect(given()).toEqual([])
		},
	)
})

describe('connect', () => {
	const down = (link: LinkState) => {
		const { engine, show } = asking()
		show(link)
		return { engine, show }
	}

	test.each([
		['off', { status: 'off' }, 'connect'],
		['stopped', unanswered, 'retry'],
		['lost', { ...unanswered, status: 'lost', nextTryAt: now }, 'retry'],
	] as [string, LinkState, 'connect' | 'retry'][])(
		'from %s: waits until it is, asking on the way',
		async (_from, link, expected) => {
			const { engine, show } = down(link)
			engine.handlers[expected] = () => {
				// Something else of the workstation changes first: the link is still what it was.
				show({ ...link })
				setImmediate(() => show({ status: 'dialling', since: now, attempt: 1, problem: null }))
				setImmediate(() => show(linkAsksForLogin()))
				return {}
			}
			const { code: exit, text } = await finished(engine, ['connect'], { terminal, typed: ['x'] })
			expect(exit).toBe(0)
			expect(text).toBe('lab · connected for 4 h · 12 ms · me@lab:22\n')
			expect(engine.asked.filter(({ name }) => name === expected)).toHaveLength(1)
		},
	)

	test('without a network says so at once', async () => {
		const { engine } = down({ status: 'waiting', since: now })
		const { code: exit, error, text } = await finished(engine, ['connect', 'lab', '--json'])
		expect(exit).toBe(3)
		expect(error).toContain('This laptop has no network')
		expect(JSON.parse(text)).toEqual({
			workstations: [{ name: 'lab', link: { status: 'waiting', since: now } }],
		})
	})

	test('one that cannot be reached keeps no other from it', async () => {
		const { engine } = down({ status: 'waiting', since: now })
		engine.change({ slice: 'workstations', key: 'other', value: workstation({ name: 'other' }) })
		const { code: exit, text } = await finished(engine, ['connect'], { hosted: true })
		expect(exit).toBe(3)
		expect(text).toContain('other · connected')
	})

	test('disconnect and forget', async () => {
		const { engine } = asking()
		engine.handlers.disconnect = () => ({})
		engine.handlers.forgetLogin = () => ({})
		expect(await finished(engine, ['disconnect'])).toMatchObject({ code: 0, text: 'lab · not connected\n' })
		expect(await finished(engine, ['forget', 'lab'])).toMatchObject({ text: 'Nothing was kept for it.\n' })
		engine.change({ slice: 'workstations', key: 'lab', value: workstation({ keepsLogin: true }) })
		expect((await finished(engine, ['forget', 'lab'])).text).toMatch(/^Forgotten/)
		expect(JSON.parse((await finished(engine, ['forget', 'lab', '--json'])).text)).toEqual({
			workstation: 'lab',
			forgotten: true,
		})
		expect(engine.asked).toContainEqual({ name: 'disconnect', input: { workstation: 'lab' } })
		expect(engine.asked).toContainEqual({ name: 'forgetLogin', input: { workstation: 'lab' } })
	})
})
