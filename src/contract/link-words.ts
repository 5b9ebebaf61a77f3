import type { LoginQuestion, WorkstationState } from './state.ts'

/** What a login waits for, after the name of its workstation. */
export const loginAsks: Record<LoginQuestion['kind'], string> = {
	passphrase: 'waits for a passphrase',
	password: 'waits for a password',
	prompts: 'asks something before it lets you in',
	confirm: 'waits for a yes or no',
	touch: 'waits for a touch of your hardware key',
}

/** Why nothing can be done there now, without a full stop; null: it can. The same in every face. */
export function whyNoLink({ name, link }: Pick<WorkstationState, 'name' | 'link'>): string | null {
	switch (link.status) {
		case 'up':
			return null
		case 'off':
			return `${name} is not connected`
		case 'waiting':
			return 'this laptop has no network'
		case 'dialling':
			return link.problem ? link.problem.title : `${name} is being connected`
		case 'host-key':
			return link.question
				? `the host key of ${name} waits for an answer`
				: `the host key of ${name} is being checked`
		case 'login':
			return link.question ? `${name} ${loginAsks[link.question.kind]}` : `${name} is being logged in to`
		case 'lost':
		case 'stopped':
			return link.problem.title
	}
}
