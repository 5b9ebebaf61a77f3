import type { Take } from '../../../src/contract/code.ts'
import type { Choice } from '../../../src/engine/files/choice.ts'
import { type ChoiceAsks, type ChoiceWish, choose } from '../../../src/engine/files/choose.ts'
import { compare } from '../../../src/engine/files/compare.ts'
import { type Entry, isSame } from '../../../src/engine/files/entry.ts'
import { all, stream, Tree } from './tree-model.ts'

/** Results are below `r`; git ignores what is below `b`, and all results too when `ignoresResults`. */
export interface Rules {
	ignoresResults: boolean
}
const isResult = (path: string): boolean => /^r(?:\/|$)/.test(path)
const goesUp = (path: string, { ignoresResults }: Rules): boolean =>
	!/^b(?:\/|$)/.test(path) && !(ignoresResults && isResult(path))

/** Both sides, what both had at the last sync, and everything that was put away. */
export class World {
	laptop = new Tree()
	workstation = new Tree()
	base = new Map<string, Entry>()
	readonly backups: Entry[] = []
	rules: Rules = { ignoresResults: false }

	/** Everything that is anywhere, as texts. */
	get bytes(): Set<string> {
		const leaves = [...this.laptop.leaves.values(), ...this.workstation.leaves.values(), ...this.backups]
		return new Set(
			leaves.map(({ path, kind, size, mtime, target }) => [path, kind, size, mtime, target].join()),
		)
	}

	/** As the laptop's listing has it: also results that do not go up. */
	laptopListing(): (Entry & { up: boolean })[] {
		return this.laptop
			.listing()
			.map((entry) => ({ ...entry, up: goesUp(entry.path, this.rules) }))
			.filter(({ path, up }) => up || isResult(path))
	}

	asks(): ChoiceAsks {
		return {
			results: (paths) => Promise.resolve(paths.map(isResult)),
			laptopHas: (paths) => Promise.resolve(paths.map(this.laptop.has)),
			workstationHas: (paths) => Promise.resolve(paths.map(this.workstation.has)),
		}
	}

	async choose(wish: ChoiceWish): Promise<Choice> {
		const there = this.workstation.listing()
		const seen = wish.direction === 'up' ? there : there.filter(({ path }) => isResult(path))
		const base = [...this.base.values()].sort((one, other) => (one.path < other.path ? -1 : 1))
		return await choose(compare(stream(this.laptopListing()), stream(seen), stream(base)), wish, this.asks())
	}

	/**
	 * As rsync and our own script do it: what is there is put away first. Ends after `most` paths, as if it were killed.
	 * @throws Error where something was chosen that must not be
	 */
	async carryOut(choice: Choice, take: Take = {}, most = Number.POSITIVE_INFINITY): Promise<void> {
		const before = this.bytes
		let left = most
		const put = async (to: Tree, lot: Choice['send']) => {
			for await (const { entry, over } of lot.transfers()) {
				if (left-- <= 0) return
				const there = to.get(entry.path)
				const isImplied = there?.kind === 'folder' && over === null && entry.kind === 'folder'
				if (!isImplied && !isSame(there, over)) throw new Error(`${entry.path}: unseen version overwritten`)
				const old = this.base.get(entry.path) ?? null
				if (there && there.kind !== 'folder' && !isSame(there, old) && !take[entry.path])
					throw new Error(`${entry.path}: its newer version overwritten`)
				if (there && there.kind !== 'folder') this.backups.push(there)
				to.write(entry)
			}
		}
		const drop = async (from: Tree, other: Tree, lot: Choice['send']) => {
			for await (const { entry } of lot.transfers()) {
				if (left-- <= 0) return
				const there = from.get(entry.path)
				if (!isSame(there, entry)) throw new Error(`${entry.path}: unseen version deleted`)
				if (!isSame(there, this.base.get(entry.path) ?? null))
					throw new Error(`${entry.path}: deleted, and never was on both sides`)
				if (other.leaves.has(entry.path)) throw new Error(`${entry.path}: deleted, and the other side has it`)
				if (there && there.kind !== 'folder') this.backups.push(there)
				if (!from.hasBelow(entry.path)) from.remove(entry.path)
			}
		}
		await put(this.workstation, choice.send)
		await put(this.laptop, choice.fetch)
		await drop(this.workstation, this.laptop, choice.deleteThere)
		await drop(this.laptop, this.workstation, choice.deleteHere)
		for await (const { path, entry } of choice.newBase(left < 0 ? null : {})) {
			if (entry === null) this.base.delete(path)
			else {
				if (!isSame(this.laptop.get(path), entry) || !isSame(this.workstation.get(path), entry))
					throw new Error(`${path}: noted as the same on both sides, and is not`)
				this.base.set(path, entry)
			}
		}
		const after = this.bytes
		for (const one of before) if (!after.has(one)) throw new Error(`lost: ${one}`)
	}
}

/** A choice in short: `send a`, `delete-there b`, … */
export async function choiceWords(choice: Choice): Promise<string[]> {
	const lots = ['send', 'fetch', 'deleteThere', 'deleteHere'] as const
	const words: string[] = []
	for (const lot of lots)
		for (const { path } of await all(choice[lot].entries())) words.push(`${lot} ${path}`)
	words.push(...choice.conflicts.map(({ path, clash }) => `conflict ${clash ?? path}`))
	for (const [why, { paths }] of choice.stays) words.push(...paths.map((path) => `${why} ${path}`))
	return words
}
