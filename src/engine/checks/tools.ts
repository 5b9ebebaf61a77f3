import { problem } from '../problems.ts'
import type { Check } from './check.ts'

/** What is not possible without a tool. git is needed; the others only narrow what works. */
const wanted = ['git', 'rsync', 'tmux', 'python3'] as const

/** The programs on the workstation that runs and syncs are made of. */
export const tools: Check = {
	id: 'tools',
	title: 'Tools',
	dependsOn: ['login'],
	async check({ facts }) {
		const found = (await facts()).tools
		if (!found.has('git'))
			return {
				verdict: 'failing',
				finding: 'no git',
				problem: problem('tool-missing', { tool: 'git', disables: 'code cannot be brought there' }),
			}
		const missing = wanted.filter((tool) => !found.has(tool))
		const count = `${wanted.length - missing.length} of ${wanted.length}`
		return { verdict: 'ok', finding: missing.length === 0 ? count : `${count}, no ${missing.join(', ')}` }
	},
}
