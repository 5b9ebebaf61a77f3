import type { Direction } from './run.ts'

/** Well-known words in the names of metrics, each with the way it is better. */
const known: Record<Direction, readonly string[]> = {
	lower: [
		...['loss', 'error', 'err', 'mae', 'mase', 'mape', 'smape', 'wmape', 'rmse', 'rmsle', 'mse', 'nrmse'],
		...['crps', 'pinball', 'wql', 'nll', 'perplexity', 'ppl', 'wer', 'cer', 'fid', 'brier', 'ece'],
		...['latency', 'time', 'duration', 'elapsed', 'seconds', 'sec', 'ms', 'runtime'],
	],
	higher: [
		...['accuracy', 'acc', 'auc', 'auroc', 'f1', 'precision', 'recall', 'r2', 'score', 'map', 'ndcg'],
		...['iou', 'dice', 'bleu', 'rouge', 'psnr', 'ssim', 'throughput'],
	],
}

const directions = new Map<string, Direction>([
	...known.lower.map((word) => [word, 'lower'] as const),
	...known.higher.map((word) => [word, 'higher'] as const),
])

/**
 * Which way a metric is better: as the settings say for its whole name, else by the words of its name; null when nothing
 * says it. The last word that is known decides, for names lead from the general to the special: `test/loss`,
 * `score_time`. What is counted per unit of time is a rate, of which nothing is known (`samples_per_second`), and `neg`
 * turns it round, as scikit-learn does (`neg_mean_squared_error`).
 */
export function directionOf(
	name: string,
	settings: Readonly<Record<string, Direction>> = {},
): Direction | null {
	if (Object.hasOwn(settings, name)) return settings[name] ?? null
	const words = name.split(/[^A-Za-z0-9]+/).flatMap(wordsOf)
	const per = words.indexOf('per')
	const word = (per < 0 ? words : words.slice(0, per)).findLast((one) => directions.has(one))
	const direction = word === undefined ? undefined : directions.get(word)
	if (direction === undefined) return null
	return words.includes('neg') ? (direction === 'lower' ? 'higher' : 'lower') : direction
}

/** `sMAPE` is one word, `valLoss` and `testMAE` are two; `mAP50` is `map`. */
function wordsOf(text: string): string[] {
	const whole = knownWord(text)
	if (directions.has(whole)) return [whole]
	return text.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/).map(knownWord)
}

function knownWord(text: string): string {
	const word = text.toLowerCase()
	return directions.has(word) ? word : word.replace(/[0-9]+$/, '')
}

/** The same words in every face. */
export const directionWords: Record<Direction, string> = {
	lower: 'lower is better',
	higher: 'higher is better',
}

/** Whether `value` is better than `other`; never when nothing is known of the way. */
export function isBetter(value: number, other: number, direction: Direction | null): boolean {
	return direction === 'lower' ? value < other : direction === 'higher' && value > other
}
