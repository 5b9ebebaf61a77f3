import type { ProjectConfig } from '../../contract/config.ts'
import { pathOfShown } from './entry.ts'
import { resultPatterns } from './project.ts'
import { outermost } from './sorted.ts'

/** Which files of a tree travel. Patterns are as in a .gitignore at the tree's root. */
export interface Rules {
	/**
	 * `tree`: what git does not ignore. `extras`: of what git ignores, what `include` names. `everything`: all of it,
	 * without asking git; it counts as results.
	 */
	scope: 'tree' | 'extras' | 'everything'
	include: readonly string[]
	exclude: readonly string[]
	/** What comes back. */
	results: readonly string[]
}

/** A project's own. Results that go to a folder of their own are none of the tree's: list that with `everything`. */
export const rulesOf = (project: ProjectConfig): Rules => ({
	scope: project.strategy === 'files' ? 'tree' : 'extras',
	include: project.files.include,
	exclude: project.files.exclude,
	results: project.files.into === undefined ? resultPatterns(project) : [],
})

export const everything: Rules = { scope: 'everything', include: [], exclude: [], results: [] }

/** Names of our own, which never travel. */
export const isOwnName = (name: string): boolean => name.startsWith('.hawser-')

/** Git's own, in any case: on some file systems they are all the same. */
export const isGitName = (name: string): boolean => name.length === 4 && name.toLowerCase() === '.git'

/**
 * The folders (or files) that all matches of these patterns are in: nothing else need be walked for them. Null: all of
 * the tree; none: nothing. Paths are latin1 strings of bytes.
 */
export function reachOf(patterns: readonly string[]): string[] | null {
	const places: string[] = []
	for (const pattern of patterns) {
		const place = placeOf(pattern)
		if (place === null) return null
		if (place !== '') places.push(place)
	}
	return outermost(places)
}

/** Where a pattern's matches are: a path without wildcards; null: anywhere; empty: it matches nothing by itself. */
function placeOf(pattern: string): string | null {
	if (/^[#!]/.test(pattern)) return ''
	const bare = pattern.replace(/(?<!\\) +$/, '').replace(/\/+$/, '')
	if (bare === '') return ''
	// Only a slash that is not the last character ties a pattern to the place it is written in.
	if (!bare.includes('/')) return null
	const literal: string[] = []
	for (const part of bare.replace(/^\//, '').split('/')) {
		if (/[*?[\\]/.test(part)) break
		literal.push(part)
	}
	return literal.length === 0 ? null : pathOfShown(literal.join('/'))
}
