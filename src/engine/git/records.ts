import { ProblemError } from '../../contract/client.ts'
import type { Problem } from '../../contract/problem.ts'
import { type Facts, problemCodeSchema } from '../../contract/problem.ts'
import { problem } from '../problems.ts'
import { scriptFailed } from '../remote/script-failure.ts'

/** What a script of ours printed: a name and its fields on each line. */
export type Rec = readonly [name: string, ...fields: string[]]

export function parseRecords(text: string): Rec[] {
	return text
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => line.split('\t') as unknown as Rec)
}

/** The fields of the first record of that name. */
export function fieldsOf(records: readonly Rec[], name: string): readonly string[] | null {
	return records.find((record) => record[0] === name)?.slice(1) ?? null
}

/** In the scripts' lines \x01 stands for a line break in a file's name. */
export function fileName(field: string | undefined): string {
	return (field ?? '').replaceAll('\u0001', '\n')
}

/** The problems that a script names: its code, then `fact=value`; a fact that comes again is a list. */
export function problemsIn(records: readonly Rec[]): Problem[] {
	return records.flatMap(([name, code, ...pairs]) => {
		const parsed = problemCodeSchema.safeParse(code)
		return name === 'problem' && parsed.success ? [problem(parsed.data, factsOf(pairs))] : []
	})
}

const listed = new Set(['files'])

function factsOf(pairs: readonly string[]): Facts {
	const facts: Facts = {}
	for (const pair of pairs) {
		const at = pair.indexOf('=')
		const [name, value] = [pair.slice(0, at), fileName(pair.slice(at + 1))]
		const before = facts[name]
		if (listed.has(name)) facts[name] = [...(Array.isArray(before) ? before : []), value]
		else facts[name] = value
	}
	return facts
}

/**
 * The fields of the record `result` of a script that has ended.
 * @throws ProblemError what the script named, else `remote-failed` or `remote-killed` for an exit code other than 0
 */
export function resultOf(
	script: string,
	ended: { code: number | null; signal?: string | null; stdout: string; stderr?: string },
): { fields: readonly string[]; records: Rec[] } {
	const records = parseRecords(ended.stdout)
	const [first] = problemsIn(records)
	if (first) throw new ProblemError(first)
	if (ended.code !== 0) throw scriptFailed(script, ended, ended.stderr)
	return { fields: fieldsOf(records, 'result') ?? [], records }
}
