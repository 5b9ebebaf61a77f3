import type { Link } from '../link/link.ts'
import { run } from '../process/process.ts'
import { type Rider, runThen } from '../remote/batch.ts'
import type { ReadyLine } from '../remote/ready-line.ts'
import { runScript, type ScriptName, scriptPayload } from '../remote/script.ts'
import { networkEnvironment } from './git.ts'
import { type Rec, resultOf } from './records.ts'

/** The scripts of `remote/` that read or change a repository, on either machine. */

/** Time for a look that changes nothing. */
export const checkMs = 60_000
/** A fetch from the hub is part of it. */
const applyMs = 15 * 60_000

export interface ScriptAnswer {
	/** Of its record `result`. */
	fields: readonly string[]
	/** Whose name our own commits got, where nobody is configured; null: a person's. */
	identity: string | null
	/** All that it printed. */
	records: readonly Rec[]
}

/** @throws ProblemError what the script named, and those of the link */
export async function remoteScript(
	link: Link,
	name: ScriptName,
	args: readonly string[],
	signal: AbortSignal,
	timeoutMs = applyMs,
	line?: ReadyLine | undefined,
): Promise<ScriptAnswer> {
	return answerOf(resultOf(name, await runScript(link, name, args, { signal, timeoutMs, line })))
}

/**
 * As `remoteScript`, with questions that are asked after it in the same round trip.
 * @returns `asked` settles when the riders had their answers; rejects when not all of them did
 */
export async function remoteScriptThen(
	link: Link,
	name: ScriptName,
	args: readonly string[],
	riders: readonly Rider[],
	signal: AbortSignal,
	line?: ReadyLine | undefined,
): Promise<{ answer: ScriptAnswer; asked: Promise<void> }> {
	const scripts = riders.map(({ script }) => script)
	const { first, others } = runThen(link, { name, args }, scripts, { signal, timeoutMs: applyMs, line })
	const asked = others.then((answers) => {
		for (const [at, { stdout, code }] of answers.entries()) riders[at]?.take(stdout, code)
	})
	asked.catch(() => {})
	return { answer: answerOf(resultOf(name, await first)), asked }
}

/** The same on the laptop. */
export async function localScript(
	name: ScriptName,
	args: readonly string[],
	folder: string,
	signal: AbortSignal,
): Promise<ScriptAnswer> {
	return answerOf(resultOf(name, await runHere(name, args, folder, signal)))
}

/** Runs a script on the laptop to its end; what it printed is the caller's to judge. */
export async function runHere(
	name: ScriptName,
	args: readonly string[],
	folder: string,
	signal: AbortSignal,
	timeoutMs = applyMs,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
	const { exitCode, stdout, stderr } = await run({
		file: '/bin/sh',
		args: ['-s'],
		input: scriptPayload(name, args),
		cwd: folder,
		env: await networkEnvironment(folder, signal),
		timeoutMs,
		expected: [0, 1, 2, 10],
		signal,
	})
	return { code: exitCode, stdout, stderr }
}

function answerOf({ fields, records }: ReturnType<typeof resultOf>): ScriptAnswer {
	const identity = records.find(([name]) => name === 'identity')?.[1] ?? null
	return { fields, identity, records }
}

/** Arguments a script can take; the rest is found out when it acts. */
export function sendable(files: readonly string[]): string[] {
	const most = 128 * 1024
	let length = 0
	return files.flatMap((file) => {
		length += file.length + 3
		return length < most && !/[\u0001\u001d]/.test(file) ? file.replaceAll('\n', '\u0001') : []
	})
}
