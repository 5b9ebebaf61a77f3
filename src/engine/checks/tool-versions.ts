/** The programs of a workstation, by the name they are asked for there. */
export type ToolName = 'git' | 'rsync' | 'tmux' | 'python3'

/** What a tool's first line of `--version` says. */
export interface ToolVersion {
	/** As it is shown: `2.39.5`, `3.3a`, `openrsync`, … */
	text: string
	/** For comparing; empty when there is no number in it. */
	numbers: readonly number[]
	/** Apple's and OpenBSD's rsync: another program that speaks rsync's old protocol. */
	openrsync: boolean
}

/**
 * Reads such lines as `git version 2.39.5 (Apple Git-154)`, `rsync  version 3.2.7  protocol version 31`,
 * `openrsync: protocol version 29`, `tmux next-3.5`, `Python 3.12.0rc1`. Null for a line that is none of a version. Pure.
 */
export function parseToolVersion(tool: ToolName, line: string): ToolVersion | null {
	const openrsync = tool === 'rsync' && /\bopenrsync\b/i.test(line)
	const patterns: Record<ToolName, RegExp> = {
		git: /^git version (\d[\w.-]*)/,
		rsync: openrsync ? /\bopenrsync[/ ](?:version )?(\d[\w.]*)/i : /^rsync\s+version v?(\d[\w.-]*)/,
		tmux: /^tmux (?:openbsd-)?((?:next-)?\d[\w.-]*|master)/,
		python3: /^Python (\d[\w.+-]*)/,
	}
	const text = patterns[tool].exec(line)?.[1]
	if (text === undefined && !openrsync) return null
	const numbers = (/\d+(\.\d+)*/.exec(text ?? '')?.[0] ?? '').split('.').filter((part) => part !== '')
	return {
		text: openrsync ? `openrsync${text ? ` ${text}` : ''}` : (text ?? ''),
		numbers: numbers.map(Number),
		openrsync,
	}
}

/** Whether it is surely older than `needed`, such as `2.38`; one without a number is not. */
export function isOlder({ numbers }: ToolVersion, needed: string): boolean {
	if (numbers.length === 0) return false
	for (const [index, part] of needed.split('.').map(Number).entries()) {
		const own = numbers[index] ?? 0
		if (own !== part) return own < part
	}
	return false
}
