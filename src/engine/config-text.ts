/**
 * Adds to the text of the settings file and leaves every other byte as a person wrote it: order, blank lines,
 * indentation, numbers.
 */

interface Spot {
	/** Where the last token before the end of a list or an object ends. */
	last: number
	/** Where its closing bracket is. */
	close: number
	isEmpty: boolean
}

/** The top level's end, and that of its list `key`, where there is one. The text is valid JSON. */
function spotsIn(text: string, key: string): { top: Spot; list: Spot | null } {
	const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"\uFEFF]+/g)]
	let depth = 0
	let name: string | null = null
	let inList = false
	let list: Spot | null = null
	let top: Spot = { last: 0, close: text.length, isEmpty: true }
	tokens.forEach(({ 0: token, index }, at) => {
		const before = tokens[at - 1]
		const last = before ? before.index + before[0].length : 0
		const spot = { last, close: index, isEmpty: /^[[{]$/.test(before?.[0] ?? '') }
		if (/^[[{]$/.test(token)) {
			depth += 1
			if (depth === 2) inList = name === key && token === '['
		} else if (/^[\]}]$/.test(token)) {
			if (depth === 2 && inList) list = spot
			if (depth === 1) top = spot
			depth -= 1
		} else if (depth === 1 && token.startsWith('"') && tokens[at + 1]?.[0] === ':') name = JSON.parse(token)
	})
	return { top, list }
}

/**
 * Pure: the text with `entry` as the last of its list `projects`, which is made where it is missing.
 * @throws TypeError when what comes out is not what was meant; nothing may be written then
 */
export function withProject(text: string, entry: Record<string, unknown>): string {
	const source = text.replace(/^\uFEFF/, '').trim() === '' ? '{}\n' : text
	const newline = source.includes('\r\n') ? '\r\n' : '\n'
	const indent = /^[^\S\r\n]+(?=")/m.exec(source)?.[0] ?? '  '
	const { top, list } = spotsIn(source, 'projects')
	const at = (depth: number) => newline + indent.repeat(depth)
	const item = at(2) + JSON.stringify(entry, null, indent).replaceAll('\n', at(2))
	const put = ({ last, close, isEmpty }: Spot, what: string, depth: number) =>
		isEmpty
			? `${source.slice(0, last)}${what}${at(depth)}${source.slice(close)}`
			: `${source.slice(0, last)},${what}${source.slice(last)}`
	const made = list ? put(list, item, 1) : put(top, `${at(1)}"projects": [${item}${at(1)}]`, 0)
	const { projects, ...rest } = JSON.parse(made.replace(/^\uFEFF/, ''))
	const before = JSON.parse(source.replace(/^\uFEFF/, ''))
	const wanted = { ...before, projects: [...(before.projects ?? []), entry] }
	if (JSON.stringify({ ...before, ...rest, projects }) !== JSON.stringify(wanted))
		throw new TypeError('the settings cannot be added to')
	return made
}
