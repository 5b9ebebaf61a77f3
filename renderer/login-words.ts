import type { LoginQuestion, WorkstationState } from '../src/contract/state.ts'

/** What a question's card says. All of it is ours; the server's words stand beside it, as the server's. */
export function loginWords(question: LoginQuestion): { title: string; meaning: string; send: string } {
	const { kind, host, user, file } = question
	switch (kind) {
		case 'passphrase':
			return {
				title: file === '' ? 'The key needs its passphrase' : `Passphrase of ${fileName(file)}`,
				meaning: `${file === '' ? 'It' : file} is locked. It is unlocked on this laptop, to log in to ${host} as ${user}; the passphrase is sent nowhere.`,
				send: 'Unlock',
			}
		case 'password':
			return {
				title: `Password of ${user} on ${host}`,
				meaning: 'It goes to that host and nowhere else, after its host key was checked.',
				send: 'Log in',
			}
		case 'prompts':
			return {
				title: `${host} asks before it lets ${user} in`,
				meaning: 'The words below are its own.',
				send: 'Send',
			}
		case 'confirm':
			return {
				title: `Allow this for the login to ${host}?`,
				meaning: `It is about logging in as ${user}.`,
				send: 'Allow',
			}
		case 'touch':
			return {
				title: 'Touch your security key',
				meaning: `It waits for its button, to log in to ${host} as ${user}. Nothing is to be typed.`,
				send: '',
			}
	}
}

/** What each field of a question is called, and whether it is hidden. */
export function loginFields({ kind, prompts }: LoginQuestion): LoginQuestion['prompts'] {
	if (kind === 'confirm' || kind === 'touch') return []
	if (kind === 'prompts')
		return prompts.map(({ text, hidden }, index) => ({
			text: text.trim() || (prompts.length === 1 ? 'Answer' : `Answer ${index + 1}`),
			hidden,
		}))
	return [{ text: kind === 'passphrase' ? 'Passphrase' : 'Password', hidden: true }]
}

/** In the summary, where there is room for a few words. */
const summaries: Record<LoginQuestion['kind'], string> = {
	passphrase: 'Waits for a passphrase',
	password: 'Waits for a password',
	prompts: 'Waits for your answer',
	confirm: 'Waits for a yes or no',
	touch: 'Touch your security key',
}
/** Under the SSH stop of the line. */
const notes: Record<LoginQuestion['kind'], string> = {
	passphrase: 'passphrase',
	password: 'password',
	prompts: 'asks you',
	confirm: 'asks you',
	touch: 'touch key',
}
export const loginSummary = (question: LoginQuestion) => summaries[question.kind]
export const loginNote = (question: LoginQuestion) => notes[question.kind]

/** The question a workstation's login waits with; null when it does not wait. */
export const loginQuestion = ({ link }: WorkstationState): LoginQuestion | null =>
	link.status === 'login' ? link.question : null

const fileName = (path: string) => path.split('/').at(-1) || path
