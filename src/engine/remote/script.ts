import { readFileSync } from 'node:fs'
import { ProblemError } from '../../contract/client.ts'
import type { Link, RemoteExit, RemoteProcess } from '../link/link.ts'
import { problem } from '../problems.ts'
import { quote } from '../quote.ts'
import { type ReadyLine, wholeBootstrap } from './ready-line.ts'

/**
 * Runs the POSIX sh scripts of this folder on a workstation.
 *
 * The login shell there may be anything (bash, fish, csh), so it only ever sees one constant command. The
 * script and its arguments follow on the command's input as one line, in which \x1d stands for a line
 * break: `read` takes a line byte by byte, so what comes after it stays for the script to read. (Not \x01: bash
 * 3.2, the sh of macOS, uses that one itself.)
 */
const bootstrap = `exec /bin/sh -c 'IFS= read -r s; eval "$(printf %s "$s" | tr "\\035" "\\n")"'`

/** Printed before a script's own output: whatever a login shell printed before it is skipped. */
const marker = '\u001ehawser\u001e\n'

const texts = new Map<string, string>()

/** Scripts that need the functions of other files of this folder, in their order. */
const needs: Record<string, readonly string[]> = {
	'run-start': ['run-lib', 'run-runners', 'run-slurm'],
	'run-began': ['run-lib', 'run-runners'],
	'run-series': ['run-lib', 'run-runners', 'run-slurm'],
	'run-wrapper': ['run-lib', 'run-tell', 'run-limit', 'run-gpu', 'run-metrics'],
	'run-list': ['run-lib', 'run-slurm'],
	'run-cancel': ['run-lib', 'run-tell', 'run-slurm'],
	'run-remove': ['run-lib'],
	watch: ['run-lib', 'run-slurm'],
	'log-read': ['log-lib'],
	'log-search': ['log-lib'],
	'agent-look': ['git-lib', 'agent-lib'],
	'agent-start': ['run-causes', 'agent-lib'],
	'agent-stop': ['agent-lib'],
	'git-facts': ['git-lib'],
	'git-up': ['git-lib', 'git-move', 'git-commit', 'git-merge'],
	'git-back': ['git-lib', 'git-move', 'git-commit'],
	'git-save': ['git-lib', 'git-move', 'git-commit'],
	'git-land': ['git-lib', 'git-move', 'git-commit', 'git-merge', 'git-replay'],
	'git-setup': ['git-lib', 'git-move', 'git-setup-look'],
	'git-safety': ['git-lib', 'git-worktrees-list'],
	'git-undo': ['git-lib', 'git-move', 'git-carry'],
	'git-adopt': ['git-lib', 'git-move', 'git-carry'],
	'git-lfs': ['git-lib'],
	'files-keep': ['files-lib'],
	'files-restore': ['files-lib'],
	'files-tidy': ['files-lib'],
	'files-digests': ['files-lib'],
	'git-worktrees': [
		...['git-lib', 'git-move', 'git-worktrees-list', 'git-worktrees-remove', 'git-worktrees-undo'],
	],
}

/** What comes with a file: what changes a repository also settles what was left, and keeps how it was. */
const along: Record<string, readonly string[]> = {
	'run-lib': ['run-lib', 'run-causes'],
	'git-lib': ['git-lib', 'git-changes'],
	'git-move': ['git-move', 'git-settle', 'git-keep'],
}

function fileText(file: string): string {
	let text = texts.get(file)
	if (text === undefined) {
		text = readFileSync(new URL(`./${file}.sh`, import.meta.url), 'utf8')
		texts.set(file, text)
	}
	return text
}

export const textOf = (files: readonly string[]) => files.map(fileText).join('\n')

/** The files that make up a script, itself the last. */
export const filesOf = (name: string) =>
	[...(needs[name] ?? []), name].flatMap((file) => along[file] ?? [file])

export const scriptText = (name: string): string => textOf(filesOf(name))

/** The scripts in this folder, without `.sh`. `lib` is put before every other. */
export type ScriptName =
	| 'facts'
	| 'watch'
	| 'probe'
	| 'run-start'
	| 'run-began'
	| 'run-series'
	| 'run-sequence'
	| 'run-list'
	| 'run-cancel'
	| 'run-remove'
	| 'run-prune'
	| 'log-read'
	| 'log-search'
	| 'log-follow'
	| 'git-facts'
	| 'git-up'
	| 'git-back'
	| 'git-land'
	| 'git-save'
	| 'git-setup'
	| 'git-safety'
	| 'git-undo'
	| 'git-adopt'
	| 'git-lfs'
	| 'git-worktrees'
	| 'files-list'
	| 'files-keep'
	| 'files-restore'
	| 'files-tidy'
	| 'files-digests'
	| 'files-backups'
	| 'files-rsync'
	| 'tmux-session'
	| 'agent-look'
	| 'agent-start'
	| 'agent-stop'

export const printMarker = `printf '\\036hawser\\036\\n'`

/** @throws ProblemError `unsafe-name` for an argument with a NUL, a line break or \x1d */
export function setArguments(args: readonly string[]): string {
	for (const arg of args) {
		if (/[\0\n\u001d]/.test(arg))
			throw new ProblemError(problem('unsafe-name', { name: JSON.stringify(arg) }))
	}
	return `set --${args.map((arg) => ` ${quote(arg)}`).join('')}`
}

/**
 * What goes to the input of `bootstrap` (or of `/bin/sh -s`, with line breaks kept): the arguments as
 * `$1`, `$2`, …, then the script.
 * @throws ProblemError `unsafe-name` for an argument with a NUL, a line break or \x1d
 */
export function scriptPayload(name: ScriptName, args: readonly string[]): string {
	return [printMarker, scriptText('lib'), setArguments(args), scriptText(name)].join('\n')
}

async function startPayload(link: Link, payload: string, signal?: AbortSignal): Promise<RemoteProcess> {
	const remote = await link.exec(bootstrap, signal)
	remote.stdin.write(`${payload.replaceAll('\n', '\u001d')}\n`)
	return remote
}

/** Starts a script; its output, from the marker on, is for the caller to read. */
export async function startScript(
	link: Link,
	name: ScriptName,
	args: readonly string[],
	signal?: AbortSignal,
): Promise<RemoteProcess> {
	return await startPayload(link, scriptPayload(name, args), signal)
}

export interface ScriptResult extends RemoteExit {
	stdout: string
	stderr: string
}

/** Takes off what came up to and with the marker. Null when there is none. */
export function afterMarker(output: string): string | null {
	const start = output.indexOf(marker)
	return start < 0 ? null : output.slice(start + marker.length)
}

/** The most a script may print. */
const maxOutputBytes = 16 * 1024 * 1024

export interface ScriptOptions {
	/** Default 20 s. */
	timeoutMs?: number
	signal?: AbortSignal
	onStderr?: (text: string) => void
	/** Opened ahead for it. */
	line?: ReadyLine | undefined
}

/**
 * Runs a script to its end.
 * @throws ProblemError `remote-timeout` after `timeoutMs`, `remote-garbled` when the shell printed no
 *   marker or far too much, `link-lost`, `operation-cancelled`. The exit code is the caller's to judge.
 */
export async function runScript(
	link: Link,
	name: ScriptName,
	args: readonly string[],
	options: ScriptOptions = {},
): Promise<ScriptResult> {
	return await runPayload(link, name, scriptPayload(name, args), options)
}

/** @throws as `runScript`, whose `name` is for words */
export async function runPayload(
	link: Link,
	name: string,
	payload: string,
	options: ScriptOptions & { onStdout?: (data: Buffer) => void },
): Promise<ScriptResult> {
	const limit = options.timeoutMs ?? 20_000
	const deadline = AbortSignal.timeout(limit)
	const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline
	const late = () => new ProblemError(problem('remote-timeout', { script: name, seconds: limit / 1000 }))
	let remote: RemoteProcess
	try {
		remote = await (options.line ? options.line.take(signal) : link.exec(wholeBootstrap, signal))
		remote.stdin.write(`${payload}\n# end\n`)
	} catch (error) {
		throw deadline.aborted ? late() : error
	}
	const onAbort = () => remote.close()
	signal.addEventListener('abort', onAbort, { once: true })
	if (signal.aborted) onAbort()
	try {
		remote.stdin.end()
		const out: Buffer[] = []
		const err: Buffer[] = []
		let bytes = 0
		const take = (into: Buffer[]) => (data: Buffer) => {
			bytes += data.length
			if (bytes > maxOutputBytes) remote.close()
			else into.push(data)
		}
		remote.stdout.on('data', take(out))
		if (options.onStdout) remote.stdout.on('data', options.onStdout)
		remote.stderr.on('data', take(err))
		if (options.onStderr) remote.stderr.on('data', (data: Buffer) => options.onStderr?.(data.toString()))
		const exit = await remote.exit.catch((error: unknown) => {
			if (bytes > maxOutputBytes) throw new ProblemError(problem('remote-garbled', { script: name }))
			throw deadline.aborted ? late() : error
		})
		const stdout = afterMarker(Buffer.concat(out).toString())
		const stderr = Buffer.concat(err).toString()
		if (stdout === null) {
			throw new ProblemError(problem('remote-garbled', { script: name, stderr: stderr.slice(-500).trim() }))
		}
		return { ...exit, stdout, stderr }
	} finally {
		signal.removeEventListener('abort', onAbort)
	}
}
