import { stat } from 'node:fs/promises'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { ProblemError } from '../../contract/client.ts'
import { isOlder, parseToolVersion, type ToolVersion } from '../checks/tool-versions.ts'
import { isProgram } from '../find-program.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'
import { run } from '../process/process.ts'
import { runScript } from '../remote/script.ts'

/** One rsync of a machine. */
export interface RsyncProgram {
	path: string
	/** `text` is for showing: `3.5.0`, `openrsync`. */
	version: ToolVersion
	/** What it can compress with, by rsync's own names; empty where it does not say (before 3.2). */
	compressors: readonly string[]
}

/** What is used of what both ends have. */
export interface RsyncPair {
	local: RsyncProgram
	remote: RsyncProgram
	/**
	 * `full`: only what differs travels, goes on after an interruption, and what it overwrites is kept by rsync itself.
	 * `plain`: whole files, and only with options that Apple's openrsync is known to have; whoever moves has kept
	 * beforehand what will be overwritten.
	 */
	engine: 'full' | 'plain'
	/** For showing: which programs, and why whole files if so. */
	words: string
}

/** Homebrew's come first: the one that macOS brings is openrsync. */
const homebrew = ['/opt/homebrew/bin', '/usr/local/bin']

/** Reads what `rsync --version` prints; null when that is no rsync. Pure. */
export function readRsync(path: string, output: string): RsyncProgram | null {
	const [first = ''] = output.split('\n')
	const version = parseToolVersion('rsync', first.trim())
	if (version === null) return null
	const [, list = ''] = /^Compress list:\s*\n\s+(.*)$/m.exec(output) ?? []
	const compressors = list.split(/\s+/).filter((word) => /^[a-z0-9]+$/.test(word))
	return { path, version, compressors }
}

/** 3: everything that is used here. 2: rsync that knows less. 1: openrsync. */
function worth({ version }: RsyncProgram): number {
	if (version.openrsync) return 1
	return isOlder(version, '3.1') ? 2 : 3
}

/** The best, the first of equals. */
const best = (programs: readonly RsyncProgram[]): RsyncProgram | null =>
	programs.toSorted((one, other) => worth(other) - worth(one))[0] ?? null

/** The laptop's, or null where there is none. Every program is asked itself what it is, those in `before` first. */
export async function findRsync(
	env: NodeJS.ProcessEnv = process.env,
	signal?: AbortSignal,
	before: readonly string[] = homebrew,
): Promise<RsyncProgram | null> {
	const folders = [...before, ...(env.PATH?.split(delimiter) ?? [])].filter(isAbsolute)
	const found: RsyncProgram[] = []
	for (const path of new Set(folders.map((folder) => join(folder, 'rsync')))) {
		if (!(await isProgram(path))) continue
		const said = await run({
			file: path,
			args: ['--version'],
			env: { PATH: env.PATH, LC_ALL: 'C' },
			timeoutMs: 5000,
			...(signal ? { signal } : {}),
		}).catch((error: unknown) => {
			signal?.throwIfAborted()
			if (error instanceof ProblemError) return null
			throw error
		})
		const program = said && readRsync(path, said.stdout || said.stderr)
		if (program) found.push(program)
		if (program && worth(program) === 3) break
	}
	return best(found)
}

export interface RsyncThere {
	program: RsyncProgram | null
	/** Whether the two folders that were asked about lie on the same file system, or will. */
	sameVolume: boolean
}

/**
 * The workstation's. It changes only with what is installed there, so one answer is good for a connection.
 * `folders`: two that need not be there yet; `~/` is the home there.
 * @throws ProblemError as `runScript`
 */
export async function remoteRsync(
	link: Link,
	folders: readonly [string, string] | null,
	signal?: AbortSignal,
): Promise<RsyncThere> {
	const { stdout } = await runScript(link, 'files-rsync', folders ?? [], signal ? { signal } : {})
	const programs: { path: string; said: string[] }[] = []
	let sameVolume = false
	for (const line of stdout.split('\n')) {
		const [word, ...rest] = line.split('\t')
		const text = rest.join('\t')
		if (word === 'program') programs.push({ path: text, said: [] })
		else if (word === 'said') programs.at(-1)?.said.push(text)
		else if (word === 'volumes') sameVolume = text === 'same'
	}
	const read = programs.flatMap(({ path, said }) => readRsync(path, said.join('\n')) ?? [])
	return { program: best(read), sameVolume }
}

/** The same question for two folders of the laptop. */
export async function isSameVolume(one: string, other: string): Promise<boolean> {
	const [first, second] = await Promise.all([volumeOf(one), volumeOf(other)])
	return first === second
}

/**
 * Of the nearest folder that is there: its device and where that is mounted. Nothing can be renamed from one mount of a
 * device to another.
 */
async function volumeOf(path: string): Promise<string> {
	const { dev } = await stat(path).catch((error: unknown) => {
		if (dirname(path) === path) throw error
		return { dev: null }
	})
	if (dev === null) return await volumeOf(dirname(path))
	const said = await run({
		file: 'df',
		args: ['-P', path],
		env: { PATH: process.env.PATH, LC_ALL: 'C' },
		timeoutMs: 5000,
	}).catch(() => null)
	const mount = said && /^\S.* \d+%\s+(\/.*)$/m.exec(said.stdout)?.[1]
	return `${dev} ${mount ?? ''}`
}

/** @throws ProblemError `rsync-missing` where one end has none */
export function rsyncPair(local: RsyncProgram | null, remote: RsyncProgram | null): RsyncPair {
	if (local === null || remote === null) {
		const side = local === null ? 'This laptop' : 'The workstation'
		const command = local === null ? 'brew install rsync' : 'sudo apt install rsync'
		throw new ProblemError(problem('rsync-missing', { side, command }))
	}
	const why = narrows(local, 'this laptop', '3.1') ?? narrows(remote, 'the workstation', '3.0')
	const programs = `rsync ${local.version.text} (${local.path}) here, ${remote.version.text} (${remote.path}) there`
	return {
		local,
		remote,
		engine: why === null ? 'full' : 'plain',
		words: why === null ? programs : `${programs}; whole files, since ${why}`,
	}
}

function narrows({ version }: RsyncProgram, where: string, needed: string): string | null {
	if (version.openrsync) return `${where} has openrsync, which lacks much of rsync`
	return isOlder(version, needed) ? `${where} has rsync ${version.text}` : null
}
