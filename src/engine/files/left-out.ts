import type { LeftOut } from '../../contract/code.ts'
import { shownPath } from './entry.ts'
import type { Rule } from './ignore-rules.ts'

/** So many paths of each rule are shown. */
const mostPaths = 20

/** Gathers what stays behind, by rule. Holds as much as there are rules, not files. */
export class LeftOuts {
	readonly #byRule = new Map<string, LeftOut>()

	/**
	 * @param path a folder's ends in a slash
	 * @param rule git's, or a pattern of the settings
	 * @param tracked how many files of it git tracks
	 */
	add(path: string, rule: Rule | string, tracked: number): void {
		const text = ruleText(rule)
		const one = this.#byRule.get(text) ?? { rule: text, paths: [], count: 0, tracked: 0 }
		one.count++
		one.tracked += tracked
		if (one.paths.length < mostPaths) one.paths.push(shownPath(path))
		this.#byRule.set(text, one)
	}

	/** Those that leave out tracked files first, then those that leave out most. */
	get all(): LeftOut[] {
		return [...this.#byRule.values()].sort(
			(one, other) => other.tracked - one.tracked || other.count - one.count,
		)
	}
}

/** `*.ckpt (.gitignore, line 3)`, `data/ (settings)`. */
function ruleText(rule: Rule | string): string {
	if (typeof rule === 'string') return `${shownPath(rule)} (settings)`
	return `${shownPath(rule.pattern)} (${shownPath(rule.source)}, line ${rule.line})`
}
