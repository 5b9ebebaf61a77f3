import type { ProjectConfig } from '../../contract/config.ts'
import { agentSessionName } from '../terminals/tmux-name.ts'

/** What a project's coding agent is, and where on its workstation it works. */
export interface AgentPlaces {
	command: string
	/** Its program; empty where only a shell can tell, as with `$TOOL`. */
	word: string
	branch: string
	worktree: string
	session: string
}

/** Null: the settings name no agent. */
export function agentPlaces({ name, remote, agent }: ProjectConfig): AgentPlaces | null {
	if (!agent) return null
	return {
		command: agent.command,
		word: firstWord(agent.command),
		branch: agent.branch,
		worktree: agent.worktree ?? `${remote.replace(/\/+$/, '')}-agent`,
		session: agentSessionName(name),
	}
}

export const isClaude = (word: string) => /(^|\/)claude$/.test(word)

/** One word of a shell's line: plain, quoted, or pieces of both. */
const shellWord = /^(?:[^\s'"\\]+|'[^']*'|"(?:[^"\\]|\\.)*"|\\.)+/

/** The program that a shell's line runs, variables that are set before it left out. Empty: it cannot be told. Pure. */
export function firstWord(command: string): string {
	let rest = command.trim()
	for (;;) {
		const [word = ''] = shellWord.exec(rest) ?? []
		if (!/^[A-Za-z_]\w*=/.test(word)) return plainWord(word)
		rest = rest.slice(word.length).trimStart()
	}
}

/** As the shell would take it; what it would put something else for is not to be guessed. */
function plainWord(word: string): string {
	const text = word.replaceAll(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_, single, double, one) =>
		single !== undefined
			? hidden(single)
			: double !== undefined
				? double.replaceAll(/\\(["\\])/g, '$1')
				: hidden(one),
	)
	if (/[$`;&|<>(){}*?[\]]/.test(text)) return ''
	return text.replaceAll(/[\ue000-\ue0ff]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0xe000))
}

/** In single quotes, and behind a backslash, nothing means anything to a shell. */
function hidden(text: string): string {
	return text.replaceAll(/[\u0000-\u00ff]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xe000))
}
