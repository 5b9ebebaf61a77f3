import { ProblemError } from '../../contract/client.ts'
import type { CommandOutput } from '../../contract/commands.ts'
import type { LogHit } from '../../contract/run.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'
import { runScript } from '../remote/script.ts'
import { noSuchRun, requireId } from './runs.ts'

export interface LogSearch {
	text: string
	/** Capitals matter. Else those of ASCII do not. */
	exact?: boolean | undefined
	/** In bytes. */
	from?: number | undefined
	most?: number | undefined
}

const mostHits = 200
/** The workstation answers with what it has after so long, at the end of a window of 16 MB. */
const searchSeconds = 5
/** A slow disk and a slow awk take their time for the last window, and for counting the lines before it. */
const timeoutMs = 60_000

/**
 * Lines of a run's log that hold `text`, found where the log lies. They are compared as they are shown: without
 * escapes, a run of control characters as one blank.
 * @param seconds how long the workstation searches before it answers with what it has
 * @throws ProblemError `run-unknown`, `remote-timeout`, `remote-garbled`, `link-lost`
 */
export async function searchLog(
	link: Link,
	run: string,
	wish: LogSearch,
	seconds = searchSeconds,
): Promise<CommandOutput<'searchLog'>> {
	const args = [
		requireId(run),
		String(wish.from ?? 0),
		String(wish.most ?? mostHits),
		wish.exact ? 'exact' : 'any',
		String(seconds),
		// As the lines are made, and so nothing that a script's argument cannot hold.
		wish.text.replace(/[\u0000-\u001f\u007f]+/g, ' '),
	]
	const { code, stdout, stderr } = await runScript(link, 'log-search', args, { timeoutMs })
	if (code === noSuchRun) throw new ProblemError(problem('run-unknown', { run }))
	const found = parseHits(stdout)
	if (!found)
		throw new ProblemError(problem('remote-garbled', { script: 'log-search', stderr: stderr.slice(-500) }))
	return found
}

/** What log-search.sh printed; null for anything else. */
export function parseHits(output: string): CommandOutput<'searchLog'> | null {
	const lines = output.split('\n')
	const end = /^next(?:\t(\d+))?$/.exec(lines.splice(-2).join(''))
	if (!end) return null
	const hits: LogHit[] = []
	for (const said of lines) {
		const hit = /^hit\t(\d+)\t(\d+)\t(.*)$/s.exec(said)
		if (!hit) return null
		// Cut to bytes, the first and the last character may be parts of one.
		const text = (hit[3] ?? '').replace(/^\ufffd+|\ufffd+$/g, '')
		hits.push({ line: Number(hit[1]), offset: Number(hit[2]), text })
	}
	return { hits, next: end[1] === undefined ? null : Number(end[1]) }
}
