import { chmod, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configSchema, type ProjectConfig } from '../../src/contract/config.ts'

/** A workstation's home for probes: its folders, its login shell's PATH, and the stand-ins. */

const standIns = fileURLToPath(new URL('stand-in-python/', import.meta.url))
/** For PYTHONPATH: the stand-in torch and tirex. */
export const modules = join(standIns, 'modules')
const programs = join(standIns, 'programs')
export const smiPath = `${programs}:/usr/bin:/bin`

/** The project as the settings give it; `environment` is that of its runs. */
export function probedProject(
	environment: Record<string, string> = {},
	validation: { python?: string } = {},
): ProjectConfig {
	const { projects } = configSchema.parse({
		workstations: [{ name: 'lab', ssh: { host: 'lab' } }],
		projects: [
			{
				name: 'nt',
				workstation: 'lab',
				local: '/nowhere',
				remote: '~/n t',
				validation: { command: 'python validate.py', environment, ...validation },
			},
		],
	})
	const [project] = projects
	if (!project) throw new Error('no project')
	return project
}

/** Where its runs run, and its clone. */
export const foldersOf = (home: string) => ({ worktree: join(home, 'n t-gpu'), clone: join(home, 'n t') })

/** Makes the folders anew; the card is read, nothing but the system's Python is there. */
export async function freshHome(home: string): Promise<void> {
	const { worktree, clone } = foldersOf(home)
	for (const folder of [worktree, clone, join(home, 'cache'), join(home, 'programs')]) {
		await rm(folder, { recursive: true, force: true })
		await mkdir(folder, { recursive: true })
	}
	for (const file of ['loaded', '.bash_profile']) await rm(join(home, file), { force: true })
	await smiSays(home, 'good')
}

export const smiSays = (home: string, how: 'good' | 'older' | 'mismatch' | 'none' | 'absent') =>
	how === 'absent' ? rm(join(home, 'smi'), { force: true }) : writeFile(join(home, 'smi'), `${how}\n`)

/** What the login shell does first. */
export const atLogin = (home: string, text: string) => writeFile(join(home, '.bash_profile'), `${text}\n`)

/** Puts stand-in conda or uv on the PATH of the login shell alone. */
export async function withProgram(home: string, name: 'conda' | 'uv'): Promise<void> {
	await symlink(join(programs, name), join(home, 'programs', name))
	await atLogin(home, `PATH="${join(home, 'programs')}:$PATH"`)
}

/** A PATH of the login shell with the system's tools, and without any Python. */
export async function withoutPython(home: string): Promise<void> {
	const tools = join(home, 'programs')
	for (const name of await readdir('/usr/bin'))
		if (!/^(python|conda|uv|pypy)/.test(name)) await symlink(join('/usr/bin', name), join(tools, name))
	await atLogin(home, `PATH='${tools}'`)
}

/** A program of the test's own in the home's folder `programs`; gives its path. */
export async function ownProgram(home: string, name: string, text: string): Promise<string> {
	const path = join(home, 'programs', name)
	await writeFile(path, text)
	await chmod(path, 0o755)
	return path
}

/** TiRex's weights as Hugging Face's cache holds them; the environment that leads there. */
export async function withWeights(home: string): Promise<Record<string, string>> {
	const folder = join(home, 'cache/hub/models--NX-AI--TiRex/snapshots/1a2b')
	await mkdir(folder, { recursive: true })
	await writeFile(join(folder, 'model.ckpt'), '')
	return { HF_HOME: join(home, 'cache') }
}

/** A folder for PYTHONPATH with the stand-in torch and no tirex. */
export async function torchAlone(home: string): Promise<string> {
	const folder = join(home, 'programs/torch-alone')
	await mkdir(folder)
	await symlink(join(modules, 'torch'), join(folder, 'torch'))
	return folder
}
