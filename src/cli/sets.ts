import { ProblemError } from '../contract/client.ts'
import { problem } from '../engine/problems.ts'

/** As many runs as one start may make. */
const mostSets = 200

/**
 * What `--set horizon=24,48 --set seed=1,2` asks for: one set of parameters for each way to choose a value of every
 * list, the first list changing slowest. Values are separated as in CSV (RFC 4180): one that holds a comma or a quote
 * stands in quotes, `--set 'name="a,b",c'`, with its own quotes doubled. The same name again adds to its list.
 * @throws ProblemError `input-invalid`
 */
export function setsOf(texts: readonly string[], command: string): Record<string, string>[] | undefined {
	if (texts.length === 0) return undefined
	const wrong = (message: string) => new ProblemError(problem('input-invalid', { command, message }))
	const lists = new Map<string, string[]>()
	for (const text of texts) {
		const [, name, rest = ''] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text) ?? []
		if (name === undefined) throw wrong(`--set ${text}: say name=value or name=value,value`)
		const values = valuesOf(rest)
		if (values === null) throw wrong(`--set ${text}: a quote is not closed, or something stands behind it`)
		lists.set(name, [...new Set([...(lists.get(name) ?? []), ...values])])
	}
	const count = [...lists.values()].reduce((all, { length }) => all * length, 1)
	if (count > mostSets) throw wrong(`--set: these lists make ${count} runs; ${mostSets} is the most at once`)
	return [...lists].reduce<Record<string, string>[]>(
		(sets, [name, values]) => sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value }))),
		[{}],
	)
}

/** One line of CSV; null where its quotes are wrong. */
function valuesOf(text: string): string[] | null {
	const values: string[] = []
	let rest = text
	for (;;) {
		const quoted = /^"((?:[^"]|"")*)"(,|$)/s.exec(rest)
		const plain = /^([^",][^,]*|)(,|$)/s.exec(rest)
		const [all, value = '', end] = quoted ?? plain ?? []
		if (all === undefined) return null
		values.push(quoted ? value.replaceAll('""', '"') : value)
		if (end === '') return values
		rest = rest.slice(all.length)
	}
}
