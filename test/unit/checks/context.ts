import { workstationSchema } from '../../../src/contract/config.ts'
import type { LinkState, Rung } from '../../../src/contract/state.ts'
import type { Check, CheckContext, Finding } from '../../../src/engine/checks/check.ts'
import type { WorkstationFacts } from '../../../src/engine/checks/workstation-facts.ts'
import type { Link } from '../../../src/engine/link/link.ts'
import { type Settings, settingsFrom } from '../../../src/engine/link/settings.ts'
import { linkUp, startedAt } from '../states.ts'

/** What a check is given, for tests to change; by itself all is well. */

export const facts: WorkstationFacts = {
	tools: new Map([
		['git', 'git version 2.39.5'],
		['rsync', 'rsync  version 3.2.7  protocol version 31'],
		['tmux', 'tmux 3.3a'],
		['python3', 'Python 3.11.7'],
	]),
	broken: new Map(),
	clock: startedAt,
	disk: { free: 50 * 1024 * 1024, size: 100 * 1024 * 1024, mount: '/' },
	system: 'Linux x86_64',
	shell: { login: 'fish', sh: 'dash' },
}

export function settings(host: string, output = ''): Settings {
	return settingsFrom({ host }, output, { home: '/home/me', user: 'me', env: {} })
}

/** Only its state can be asked for. */
export const linkIn = (state: LinkState) => ({ state }) as unknown as Link

export function context(change: Partial<CheckContext> = {}): CheckContext {
	return {
		workstation: workstationSchema.parse({ name: 'lab', ssh: { host: 'lab' } }),
		link: linkIn(linkUp()),
		settings: async () => settings('lab'),
		zerotier: async () => ({ status: 'not-installed' }),
		reach: async () => null,
		facts: async () => facts,
		gpu: async () => ({ status: 'unknown' }),
		foundPeer: () => {},
		now: () => startedAt,
		...change,
	}
}

type Answer = Finding | Error | (() => Promise<Finding>)

/** A check that finds what it is told to. */
export function fake(id: Rung['id'], dependsOn: Rung['id'][], answer: Answer, known?: Check['known']): Check {
	return {
		id,
		title: id,
		dependsOn,
		...(known ? { known } : {}),
		check: async () => {
			if (answer instanceof Error) throw answer
			return typeof answer === 'function' ? await answer() : answer
		},
	}
}
