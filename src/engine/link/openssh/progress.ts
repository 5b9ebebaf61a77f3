/** How far a login has come: on the way to the last host, exchanging keys with it, logging in to it. */
export type Stage = 'way' | 'keys' | 'login'

const ends: Record<Exclude<Stage, 'login'>, [RegExp, Stage]> = {
	// With a proxy or a jump host the first sign of the last host itself.
	way: [/^debug1: Remote protocol version /, 'keys'],
	keys: [/^debug1: SSH2_MSG_NEWKEYS received/, 'login'],
}
const keptLines = 400

/**
 * What was said during one login, by who could have said it. ssh's own log (`-E`) is apart from everything else that
 * goes to stderr: what jump hosts, proxies and servers say there, their banners above all, is no word of ssh's.
 * Within the log a server may word lines of its own, too (RFC 4253, 11.1 and 11.3), so each is told with its stage.
 */
export class Progress {
	stage: Stage = 'way'
	/** ssh's own log, by stage, the last lines of each. */
	readonly log: Record<Stage, string[]> = { way: [], keys: [], login: [] }
	/** Everything else, the last lines of it. It says something only as long as the last host has not answered. */
	readonly others: string[] = []

	logged(line: string): void {
		const lines = this.log[this.stage]
		lines.push(line)
		if (lines.length > keptLines) lines.shift()
		if (this.stage === 'login') return
		const [sign, next] = ends[this.stage]
		if (sign.test(line)) this.stage = next
	}

	heard(line: string): void {
		this.others.push(line)
		if (this.others.length > keptLines) this.others.shift()
	}
}
