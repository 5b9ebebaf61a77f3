import fc from 'fast-check'
import type { Entry } from '../../../src/engine/files/entry.ts'
import { at, type Letter, Tree } from './tree-model.ts'

/** Names of which some begin others, and some sort before a slash. */
const name = fc.constantFrom('a', 'b', 'a-', 'a!', 'r', 'A', 'é')
export const path = fc
	.array(name, { minLength: 1, maxLength: 3 })
	.map((names) => Buffer.from(names.join('/')).toString('latin1'))
const letter = fc.constantFrom<Letter>('f', 'f', 'n', 'g', 'w', 's', 'x', 'l', 'k', 'd')

export const entry = fc.tuple(path, letter).map(([where, version]) => at(where, version))

/** What cannot be where something else is is left out. */
export const treeOf = (entries: readonly Entry[]): Tree => {
	const tree = new Tree()
	for (const one of entries) if (tree.canHold(one)) tree.write(one)
	return tree
}

const few = fc.array(entry, { maxLength: 9 })

/** Three trees that have much in common, as two sides and their last sync have. */
export const threeTrees = fc.tuple(few, few, few, few).map(([common, here, there, before]) => ({
	laptop: treeOf([...here, ...common]),
	workstation: treeOf([...there, ...common]),
	base: treeOf([...before, ...common]),
}))
