import type { Facts } from '../../contract/problem.ts'
import { problem } from '../problems.ts'
import type { Check, Finding } from './check.ts'
import { isOlder, parseToolVersion, type ToolName, type ToolVersion } from './tool-versions.ts'
import type { WorkstationFacts } from './workstation-facts.ts'

interface Wanted {
	tool: ToolName
	/** As people call it. */
	name: string
	/** What is not possible without it, or is done otherwise; ends a sentence. */
	without: string
}

/** git is needed; the others only narrow what works. */
const wanted: readonly Wanted[] = [
	{ tool: 'git', name: 'git', without: 'code cannot be brought there' },
	{ tool: 'rsync', name: 'rsync', without: 'projects that move as files cannot be synced' },
	{ tool: 'tmux', name: 'tmux', without: 'runs start detached, with no terminal to look into' },
	{ tool: 'python3', name: 'python', without: 'what a run needs of it fails' },
]

/** `git rev-list --missing=allow-promisor` came with it; without that no commit is known to be whole. */
const gitNeeded = '2.17'
/** `git merge-tree --write-tree` came with it; a simpler merge stands in for it. */
const gitForRenames = '2.38'

/** What an old one narrows; null: nothing. */
function narrowedBy(tool: ToolName, version: ToolVersion): string | null {
	if (tool === 'git' && isOlder(version, gitForRenames))
		return `older than ${gitForRenames}: there, a file that one side renamed may count as a conflict`
	if (version.openrsync) return 'knows only part of rsync’s options: file syncs are limited'
	if (tool === 'rsync' && isOlder(version, '3.0')) return 'older than 3.0: file syncs are limited'
	return null
}

interface Looked {
	fact: string
	/** For the finding: `no tmux`, `old git`; null: nothing to say. */
	lack: string | null
}

function look({ tool, name, without }: Wanted, { tools, broken }: WorkstationFacts): Looked {
	const line = tools.get(tool)
	if (line === undefined) {
		const said = broken.get(tool)
		if (said === undefined) return { fact: `none: ${without}`, lack: `no ${name}` }
		return { fact: `does not run (${said || 'it says nothing'}): ${without}`, lack: `no working ${name}` }
	}
	const version = parseToolVersion(tool, line)
	if (!version) return { fact: line === '' ? 'there, version unknown' : line, lack: null }
	const narrowed = narrowedBy(tool, version)
	if (narrowed === null) return { fact: version.text, lack: null }
	return { fact: `${version.text}, ${narrowed}`, lack: version.openrsync ? 'openrsync' : `old ${name}` }
}

/** What the facts say of a workstation's shell and tools. Pure. */
export function judgeTools(found: WorkstationFacts): Finding {
	const looked = wanted.map((one) => ({ name: one.name, ...look(one, found) }))
	const facts: Facts = {
		...(found.system ? { system: found.system } : {}),
		...(found.shell.login ? { 'login shell': found.shell.login } : {}),
		...(found.shell.sh ? { sh: found.shell.sh } : {}),
		...Object.fromEntries(looked.map(({ name, fact }) => [name, fact])),
	}
	const disables = wanted[0]?.without ?? ''
	const line = found.tools.get('git')
	if (line === undefined) {
		const finding = looked[0]?.lack ?? 'no git'
		return { verdict: 'failing', finding, facts, problem: problem('tool-missing', { tool: 'git', disables }) }
	}
	const git = parseToolVersion('git', line)
	if (git && isOlder(git, gitNeeded)) {
		const tooOld = problem('tool-old', { tool: 'git', version: git.text, needed: gitNeeded, disables })
		return { verdict: 'failing', finding: `git ${git.text} is too old`, facts, problem: tooOld }
	}
	const lacks = looked.flatMap(({ lack }) => lack ?? [])
	const there = git ? `git ${git.text}` : 'git'
	return {
		verdict: 'ok',
		finding: lacks.length === 0 ? `${there} and the others` : `${there}; ${lacks.join(', ')}`,
		facts,
	}
}

/** The shell and the programs on the workstation that runs and syncs are made of. */
export const tools: Check = {
	id: 'tools',
	title: 'Tools',
	dependsOn: ['login'],
	check: async ({ facts }) => judgeTools(await facts()),
}
