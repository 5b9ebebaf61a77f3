import type { CommandOutput } from '../contract/commands.ts'
import { preview } from './git/preview.ts'
import { prepareMerge } from './git/resolve.ts'
import { listSafety } from './git/safety.ts'
import { addWorktree, listWorktrees, removeWorktree } from './git/worktrees.ts'
import type { Link } from './link/link.ts'
import type { ProjectSession } from './project-session.ts'
import type { Roster } from './roster.ts'
import type { CommandParsed } from './rpc/served-engine.ts'

type CodeCommand =
	| 'preview'
	| 'listSafety'
	| 'prepareMerge'
	| 'listWorktrees'
	| 'addWorktree'
	| 'removeWorktree'

type CodeHandlers = {
	[N in CodeCommand]: (input: CommandParsed<N>) => Promise<CommandOutput<N>>
}

/** How long a question waits for a link that is still being made, and for its answer. */
const linkTimeoutMs = 20_000
const answerMs = 120_000

/** The commands about a project's code that are no operations. */
export function createCodeHandlers(roster: Roster, now: () => number): CodeHandlers {
	const at = async (name: string | undefined): Promise<{ project: ProjectSession; link: Link }> => {
		const project = roster.project(name)
		const { link } = roster.workstation(project.config.workstation)
		link.connect()
		await link.whenUp(linkTimeoutMs)
		return { project, link }
	}
	const bounded = () => AbortSignal.timeout(answerMs)
	return {
		preview: async ({ project: name, kind, ...wish }) => {
			const { project, link } = await at(name)
			return await preview(link, project.config, kind, wish, bounded(), now())
		},
		listSafety: async (input) => {
			const { project, link } = await at(input.project)
			return { safety: await listSafety(link, project.config, bounded()) }
		},
		prepareMerge: async (input) => {
			const { project, link } = await at(input.project)
			return await prepareMerge(link, project.config, bounded())
		},
		listWorktrees: async (input) => {
			const { project, link } = await at(input.project)
			return { worktrees: await listWorktrees(link, project.config, bounded()) }
		},
		addWorktree: async (input) => {
			const { project, link } = await at(input.project)
			return await addWorktree(link, project.config, input)
		},
		removeWorktree: async (input) => {
			const { project, link } = await at(input.project)
			await removeWorktree(link, project.config, input)
			return {}
		},
	}
}
