import { ProblemError } from '../../contract/client.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Problem } from '../../contract/problem.ts'
import type { Link } from '../link/link.ts'
import { runScript, type ScriptName } from '../remote/script.ts'
import { laptop, workstation } from './git.ts'
import { openLocal } from './local.ts'
import { parseRecords, problemsIn, type Rec, resultOf } from './records.ts'
import { checkMs, runHere } from './scripts.ts'

/** A machine with a repository of the project, asked by the same scripts as the other one. */
export interface Side {
	machine: 'laptop' | 'workstation'
	/** In problems' words. */
	name: string
	/** Of its repository, as a script takes it. */
	path: string
	/** Runs a script. @throws ProblemError what the script named, and those of the link */
	ask(script: ScriptName, args: readonly string[], signal: AbortSignal, timeoutMs?: number): Promise<Rec[]>
	/** The same, but what the script named is part of the answer. */
	look(
		script: ScriptName,
		args: readonly string[],
		signal: AbortSignal,
	): Promise<{ records: Rec[]; problem: Problem | null }>
}

/** The laptop, and with a link the workstation. @throws ProblemError as `openLocal` */
export async function sidesOf(
	link: Link | null,
	project: ProjectConfig,
	signal: AbortSignal,
): Promise<Side[]> {
	const folder = await openLocal(project, signal)
	const here = side('laptop', laptop, folder, (script, args, abort, timeoutMs) =>
		runHere(script, args, folder, abort, timeoutMs),
	)
	if (link === null) return [here]
	const there = side('workstation', workstation, project.remote, (script, args, abort, timeoutMs) =>
		runScript(link, script, args, { signal: abort, timeoutMs }),
	)
	return [here, there]
}

type Run = (
	script: ScriptName,
	args: readonly string[],
	signal: AbortSignal,
	timeoutMs: number,
) => Promise<{ code: number | null; stdout: string; stderr: string }>

function side(machine: Side['machine'], name: string, path: string, run: Run): Side {
	const look = async (
		script: ScriptName,
		args: readonly string[],
		signal: AbortSignal,
		timeoutMs = checkMs,
	) => {
		const ended = await run(script, args, signal, timeoutMs)
		const records = parseRecords(ended.stdout)
		const [first = null] = problemsIn(records)
		if (first === null) resultOf(script, ended)
		return { records, problem: first }
	}
	return {
		machine,
		name,
		path,
		look,
		async ask(script, args, signal, timeoutMs) {
			const { records, problem } = await look(script, args, signal, timeoutMs)
			if (problem) throw new ProblemError(problem)
			return records
		},
	}
}
