/** `31/50`, not a part of a path, a date or a version. */
const ratio = /(?<![\w/.:-])(\d{1,9}) ?\/ ?(\d{1,9})(?![\w/-]|[.:]\d)/
/** `epoch 3 of 10` */
const counted = /(?<![\w/.:-])(\d{1,9}) of (\d{1,9})(?![\w/-]|[.:]\d)/i
const percent = /(?<![\w/.,:-])(\d{1,3}(?:\.\d+)?) ?%/

/**
 * How far a run is, as its last line tells: `31/50`, `epoch 3 of 10`, a tqdm bar, `42 %`. The first count
 * on the line is the outer one. Null when the line tells nothing of the kind.
 */
export function parseProgress(line: string): { fraction: number; text: string } | null {
	const found = [ratio.exec(line), counted.exec(line)]
		.filter((match) => match !== null)
		.sort((a, b) => a.index - b.index)
	for (const match of found) {
		const [done, all] = [Number(match[1]), Number(match[2])]
		if (all > 0 && done <= all) return { fraction: done / all, text: `${done} of ${all}` }
	}
	const share = Number(percent.exec(line)?.[1] ?? Number.NaN)
	return share <= 100 ? { fraction: share / 100, text: `${share} %` } : null
}
