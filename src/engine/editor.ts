import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ProblemError } from '../contract/client.ts'
import type { Worktree } from '../contract/code.ts'
import type { WorkstationConfig } from '../contract/config.ts'
import {
	type Editor,
	knownAs,
	knownEditors,
	needsTerminal,
	openingArgv,
	programName,
	programOf,
} from './editors.ts'
import { findProgram, isProgram } from './find-program.ts'
import { expandHome } from './link/settings.ts'
import { problem } from './problems.ts'
import { startApart } from './process/apart.ts'

/** What an editor is found by: the person's environment, the system, and their home. */
export interface Surroundings {
	env: NodeJS.ProcessEnv
	platform: NodeJS.Platform
	home: string
}

export const ownSurroundings = (): Surroundings => ({
	env: process.env,
	platform: process.platform,
	home: homedir(),
})

/** A folder to be opened: `path` is absolute, on that machine. */
export interface Folder {
	machine: Worktree['machine']
	path: string
	/** The workstation that it may be on. */
	ssh: WorkstationConfig['ssh']
}

/** An editor that has not failed in this time is taken for open, in ms. */
const waitMs = 3000

/**
 * What would open the folder, and with which arguments. Starts nothing.
 * @throws ProblemError `editor-missing`, `editor-terminal`, `editor-remote`
 */
export async function editorFor(
	setting: readonly string[] | undefined,
	folder: Folder,
	around: Surroundings,
): Promise<{ name: string; argv: string[] }> {
	const { machine, path, ssh } = folder
	const editor = setting
		? await settingsEditor(setting, path, around)
		: ((await personsEditor(around)) ?? (await installedEditor(around)))
	if (!editor) {
		const own = programOf(around.env.VISUAL) ?? programOf(around.env.EDITOR)
		if (own !== null && needsTerminal([own])) return refuse('editor-terminal', { editor: own, path, machine })
		return refuse('editor-missing', { path })
	}
	const { name } = editor
	if (machine === 'workstation' && editor.far !== null && (ssh.configFile ?? ssh.identityFile) !== undefined)
		return refuse('editor-remote', {
			editor: name,
			reason:
				'Its own ssh reads ~/.ssh/config and knows nothing of the key or the file that the settings name',
			host: ssh.host,
			path,
		})
	const argv = openingArgv(editor, path, machine === 'laptop' ? null : ssh)
	if (argv === null)
		return refuse('editor-remote', {
			editor: name,
			reason: 'It opens folders of this laptop only',
			host: ssh.host,
			path,
		})
	return { name, argv }
}

/**
 * Opens the folder in the person's editor, which lives on by itself. Gives the editor's name.
 * @throws ProblemError those of `editorFor`, and `editor-failed`
 */
export async function openInEditor(
	setting: readonly string[] | undefined,
	folder: Folder,
	around: Surroundings,
): Promise<string> {
	const { name, argv } = await editorFor(setting, folder, around)
	// Ours makes an Electron editor a plain Node.
	const { ELECTRON_RUN_AS_NODE: _, ...env } = around.env
	const start = await startApart(argv, { cwd: around.home, env, waitMs })
	if (start.status === 'running' || (start.status === 'ended' && start.code === 0)) return name
	const end = start.status === 'failed' ? '' : (start.signal ?? `exit code ${start.code}`)
	const reason = [end, start.said].filter(Boolean).join(': ')
	return refuse('editor-failed', { editor: name, reason, path: folder.path })
}

function refuse(...about: Parameters<typeof problem>): never {
	throw new ProblemError(problem(...about))
}

/** What is named in the settings is taken at its word, but for one that would draw into no terminal. */
async function settingsEditor(
	[program = '', ...options]: readonly string[],
	path: string,
	around: Surroundings,
): Promise<Editor> {
	if (needsTerminal([program, ...options])) return refuse('editor-terminal', { editor: program, path })
	const found = await findProgram(expandHome(program, around.home), around)
	if (found === null) return refuse('editor-missing', { editor: program, path })
	const known = knownAs(program)
	return { name: known?.name ?? programName(program), argv: [found, ...options], far: known?.far ?? null }
}

/** That of `$VISUAL`, else of `$EDITOR`, where it has a window of its own. */
async function personsEditor(around: Surroundings): Promise<Editor | null> {
	for (const value of [around.env.VISUAL, around.env.EDITOR]) {
		const program = programOf(value)
		const known = program === null ? null : knownAs(program)
		const found = program === null || !known ? null : await findProgram(program, around)
		if (known && found !== null) return { name: known.name, argv: [found], far: known.far }
	}
	return null
}

async function installedEditor(around: Surroundings): Promise<Editor | null> {
	for (const { name, programs, far, bundle } of knownEditors) {
		for (const program of programs) {
			const found = await findProgram(program, around)
			if (found !== null) return { name, argv: [found], far }
		}
		if (around.platform !== 'darwin' || !bundle) continue
		for (const folder of ['/Applications', join(around.home, 'Applications')]) {
			const app = join(folder, bundle.name)
			if (bundle.tool !== undefined && (await isProgram(join(app, bundle.tool))))
				return { name, argv: [join(app, bundle.tool)], far }
			// `open` hands over what it is given to open, and no options.
			if (await isFolder(app)) return { name, argv: ['open', '-a', app], far: null }
		}
	}
	return null
}

const isFolder = (path: string) =>
	stat(path).then(
		(found) => found.isDirectory(),
		() => false,
	)
