import type { CommandOutput } from '../contract/commands.ts'
import { previewAgent } from './agents/bring-agent.ts'
import { editorFor, type Folder, openInEditor, ownSurroundings } from './editor.ts'
import { preview } from './git/preview.ts'
import { prepareMerge } from './git/resolve.ts'
import { listSafety } from './git/safety.ts'
import { addWorktree, listWorktrees, removeWorktree } from './git/worktrees.ts'
import type { Link } from './link/link.ts'
import { previewFiles, withFiles } from './preview-files.ts'
import type { ProjectSession } from './project-session.ts'
import type { Roster } from './roster.ts'
import type { CommandParsed } from './rpc/served-engine.ts'
import { laptopWorktree, workstationWorktree } from './worktree-folder.ts'

type CodeCommand =
	| 'preview'
	| 'listSafety'
	| 'prepareMerge'
	| 'listWorktrees'
	| 'addWorktree'
	| 'removeWorktree'
	| 'findEditor'
	| 'openInEditor'

type CodeHandlers = {
	[N in CodeCommand]: (input: CommandParsed<N>) => Promise<CommandOutput<N>>
}

/** How long a question waits for a link that is still being made, and for its answer. */
const linkTimeoutMs = 20_000
const answerMs = 120_000

/** The commands about a project's code that are no operations. */
/** @param dataFolder absolute */
export function createCodeHandlers(roster: Roster, dataFolder: string, now: () => number): CodeHandlers {
	const at = async (name: string | undefined): Promise<{ project: ProjectSession; link: Link }> => {
		const project = roster.project(name)
		const { link } = roster.workstation(project.config.workstation)
		link.connect()
		await link.whenUp(linkTimeoutMs)
		return { project, link }
	}
	const bounded = () => AbortSignal.timeout(answerMs)
	/** What is on the laptop is opened without a link too. */
	const folderOf = async ({
		project: name,
		machine,
		path,
	}: CommandParsed<'openInEditor'>): Promise<Folder> => {
		const { config } = roster.project(name)
		const { ssh } = roster.workstation(config.workstation).config
		if (machine === 'laptop') return { machine, ssh, path: await laptopWorktree(config, path, bounded()) }
		const { link } = await at(name)
		return { machine, ssh, path: await workstationWorktree(link, config, path, bounded()) }
	}
	return {
		preview: async ({ project: name, kind, ...wish }) => {
			const { project, link } = await at(name)
			const around = { project: project.config, link, dataFolder, now, watch: project.filesWatch }
			if (project.config.strategy === 'files') return await previewFiles(around, kind, wish, bounded())
			if (kind === 'agent') return await previewAgent(link, project.config, wish, bounded(), now())
			const plan = await preview(link, project.config, kind, wish, bounded(), now())
			return await withFiles(plan, around, wish, bounded())
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
		findEditor: async (input) => {
			const { name } = await editorFor(roster.settings().editor, await folderOf(input), ownSurroundings())
			return { editor: name }
		},
		openInEditor: async (input) => ({
			editor: await openInEditor(roster.settings().editor, await folderOf(input), ownSurroundings()),
		}),
	}
}
