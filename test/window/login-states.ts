import type { LoginQuestion, State } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { unreadProject } from './link-states.ts'
import { now, seconds } from './moments.ts'
import { about, builtIn, stateOf, workstation } from './pieces.ts'
import { neverPast } from './rung-pieces.ts'

export const question = (change: Partial<LoginQuestion> = {}): LoginQuestion => ({
	id: 'q-1',
	kind: 'password',
	host: 'lab.example',
	user: 'ada',
	file: '',
	title: '',
	prompts: [],
	again: false,
	mayKeep: true,
	...change,
})

const what: Record<LoginQuestion['kind'], string> = {
	passphrase: 'the passphrase of ~/.ssh/id_ed25519',
	password: 'a password',
	prompts: 'an answer',
	confirm: 'a yes or no',
	touch: 'a touch of the security key',
}

export const loginProblem = (asked: LoginQuestion) =>
	problem('login-asks', { host: asked.host, what: what[asked.kind] })

/** The workstation lab waits with this question. */
export const asking = (asked: LoginQuestion) =>
	workstation({
		link: { status: 'login', since: now - seconds(10), question: asked },
		rungs: neverPast('login', {
			verdict: 'unknown',
			finding: 'waits for you',
			problem: loginProblem(asked),
		}),
		gpu: { status: 'unknown' },
		utilisation: [],
	})

export const askingState = (change: Partial<LoginQuestion>, others: boolean = false): State => {
	const asked = question(change)
	return stateOf({
		summary: about(loginProblem(asked), 'attention'),
		workstations: [asking(asked), ...(others ? [builtIn()] : [])],
		projects: [unreadProject()],
		runs: [],
	})
}

const prompts = (...texts: [text: string, hidden: boolean][]) =>
	texts.map(([text, hidden]) => ({ text, hidden }))

/** What a server that means ill could send: markup, another writing direction, an override, no spaces, too much. */
export const nasty = {
	markup: '<img src=x onerror="document.title=1"><script>document.title=1</script><b>Verify</b>',
	backwards: 'أدخل الرمز المرسل إلى هاتفك \u202Eexe.drowssap',
	long: 'Welcome to the cluster. All use is logged. '.repeat(48).slice(0, 2000),
	unbroken: 'x'.repeat(300),
}

export const loginStates = {
	'login-passphrase': () =>
		askingState({
			kind: 'passphrase',
			file: '~/.ssh/id_ed25519',
			prompts: prompts(['Passphrase', true]),
		}),
	'login-again': () =>
		askingState({ kind: 'passphrase', file: '~/.ssh/id_ed25519', again: true, mayKeep: false }, true),
	'login-password': () => askingState({ prompts: prompts(['Password', true]) }),
	'login-code': () =>
		askingState({
			kind: 'prompts',
			mayKeep: false,
			title: 'Two-factor authentication\nOpen your authenticator app.',
			prompts: prompts(['Verification code: ', false]),
		}),
	'login-six-prompts': () =>
		askingState({
			kind: 'prompts',
			mayKeep: false,
			prompts: prompts(
				['Password: ', true],
				['Verification code: ', false],
				['', false],
				['Project: ', false],
				['Reason for access: ', false],
				['PIN+token: ', true],
			),
		}),
	'login-nasty': () =>
		askingState({
			kind: 'prompts',
			title: `${nasty.markup}\n${nasty.backwards}\n${nasty.long}`,
			prompts: prompts([nasty.markup, false], [nasty.backwards, true], [nasty.unbroken, false]),
		}),
	'login-confirm': () =>
		askingState({
			kind: 'confirm',
			mayKeep: false,
			title:
				'Allow use of key ada@laptop?\nKey fingerprint SHA256:3hK9bXnUq2vTtW1mZ8sYd0LrQeFgJ7oPiCaNxVwB5uE.',
		}),
	'login-touch': () =>
		askingState({
			kind: 'touch',
			mayKeep: false,
			title: 'Confirm user presence for key ED25519-SK SHA256:3hK9bXnUq2vTtW1mZ8sYd0LrQeFgJ7oPiCaNxVwB5uE',
		}),
} satisfies Record<string, () => State>
