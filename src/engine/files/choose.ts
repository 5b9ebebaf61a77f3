import type { Take } from '../../contract/code.ts'
import { Choice } from './choice.ts'
import type { Comparison, Difference } from './compare.ts'
import { shownPath } from './entry.ts'
import { SameNames } from './same-names.ts'
import { sharper } from './verdict.ts'

export interface ChoiceWish {
	direction: 'up' | 'back'
	/** What was deleted on one side is deleted on the other. */
	deletes: boolean
	/** By shown paths. */
	take?: Take
	/** Results go to a folder of their own: nothing is ever sent from there. */
	isApart?: boolean
	/** The receiving file system does not tell upper and lower case, or normal forms, apart. */
	ignoresCase?: boolean
}

/** What the listings do not tell. Each answer belongs to the path at the same place. */
export interface ChoiceAsks {
	/** Whether it matches the results' patterns: nothing else is brought back, or deleted on the laptop. */
	results(paths: readonly string[]): Promise<readonly boolean[]>
	/**
	 * Whether anything is there, or in its way, listed or not: something that does not travel, or a name in other letters.
	 * True when that is not known.
	 */
	laptopHas(paths: readonly string[]): Promise<readonly boolean[]>
	/** The same of the workstation. */
	workstationHas(paths: readonly string[]): Promise<readonly boolean[]>
	/** Whether files of the same size that nothing is known of hold the same bytes. Without it: they conflict. */
	sameContent?(differences: readonly Difference[]): Promise<readonly boolean[]>
}

/** So many differences are held at a time, and asked about together. */
const batchSize = 1000

/**
 * What `up` or `back` does about the differences. Changes nothing.
 * @throws what the comparison and the questions throw
 */
export async function choose(
	comparison: Comparison,
	wish: ChoiceWish,
	asks: ChoiceAsks,
	signal?: AbortSignal,
): Promise<Choice> {
	const choice = new Choice()
	try {
		const chooser = new Chooser(choice, wish, asks)
		let batch: Difference[] = []
		for await (const difference of comparison) {
			batch.push(difference)
			if (batch.length < batchSize) continue
			signal?.throwIfAborted()
			await chooser.take(batch)
			batch = []
		}
		await chooser.take(batch)
		choice.tally = comparison.tally
		return choice
	} catch (error) {
		await choice.close()
		throw error
	}
}

type Answers = Record<'results' | 'laptopHas' | 'workstationHas' | 'sameContent', ReadonlySet<string>>

class Chooser {
	readonly #choice: Choice
	readonly #wish: ChoiceWish
	readonly #asks: ChoiceAsks
	readonly #names: SameNames | null
	/** Where a file stands against a folder: told once, however much is in the folder. */
	readonly #clashes = new Set<string>()

	constructor(choice: Choice, wish: ChoiceWish, asks: ChoiceAsks) {
		this.#choice = choice
		this.#wish = wish
		this.#asks = asks
		this.#names = wish.ignoresCase ? new SameNames() : null
	}

	async take(batch: readonly Difference[]): Promise<void> {
		const isUp = this.#wish.direction === 'up'
		const answers = await this.#ask(batch)
		for (const difference of batch)
			if (isUp) this.#up(difference, answers)
			else this.#back(difference, answers)
		await this.#choice.drain()
	}

	async #ask(batch: readonly Difference[]): Promise<Answers> {
		const { direction, deletes, ignoresCase } = this.#wish
		const isUp = direction === 'up'
		const none: ReadonlySet<string> = new Set()
		const matching = async (
			wanted: readonly Difference[],
			ask: (paths: readonly string[]) => Promise<readonly boolean[]>,
		) => {
			if (wanted.length === 0) return none
			const said = await ask(wanted.map(({ path }) => path))
			return new Set(wanted.filter((_, at) => said[at] ?? false).map(({ path }) => path))
		}
		const results = await matching(
			batch.filter(({ verdict, base }) =>
				isUp ? verdict === 'gone-here' || verdict === 'forget' || (verdict === 'back' && base) : true,
			),
			(paths) => this.#asks.results(paths),
		)
		const relevant = batch.filter(({ path }) => isUp || results.has(path))
		const newHere = relevant.filter(
			({ verdict, laptop }) => laptop === null && (verdict === 'gone-here' || (!isUp && verdict === 'back')),
		)
		const newThere = relevant.filter(({ verdict, workstation }) =>
			isUp
				? ignoresCase && !workstation && (verdict === 'up' || verdict === 'gone-there')
				: deletes && verdict === 'gone-there',
		)
		const { sameContent } = this.#asks
		const alike = sameContent
			? relevant.filter(
					({ verdict, laptop, workstation }) =>
						verdict === 'conflict' &&
						laptop?.kind === 'file' &&
						workstation?.kind === 'file' &&
						laptop.size === workstation.size,
				)
			: []
		const same = alike.length > 0 ? ((await sameContent?.(alike)) ?? []) : []
		return {
			results,
			laptopHas: await matching(newHere, (paths) => this.#asks.laptopHas(paths)),
			workstationHas: await matching(newThere, (paths) => this.#asks.workstationHas(paths)),
			sameContent: new Set(alike.filter((_, at) => same[at] ?? false).map(({ path }) => path)),
		}
	}

	#up(difference: Difference, answers: Answers): void {
		const { path, laptop, workstation, base, verdict } = difference
		// What is listed for another reason comes back, and does not go up.
		const isOurs = laptop !== null && laptop.up !== false
		switch (verdict) {
			case 'adopt':
				this.#adopt(difference)
				break
			case 'forget':
				// What comes back is not always listed by either side for `up`.
				if (!answers.results.has(path)) this.#choice.setBase(path, null)
				break
			case 'up':
			case 'gone-there':
				if (isOurs && !this.#isOccupied(path, answers.workstationHas.has(path)))
					this.#choice.add('send', laptop, workstation)
				break
			case 'back':
				if (base && !answers.results.has(path)) this.#choice.stay('changed-there', path)
				break
			case 'gone-here':
				this.#goneHere(difference, answers)
				break
			case 'conflict':
			case 'kind-clash':
				if (isOurs) this.#conflict(difference, answers)
		}
	}

	/** Results are the workstation's: what the laptop has no longer of them stays there. */
	#goneHere({ path, workstation }: Difference, answers: Answers): void {
		if (answers.results.has(path)) return
		if (answers.laptopHas.has(path)) {
			// It is there, and the rules leave it out now: neither side's is touched from here on.
			this.#choice.stay('left-rules', path)
			this.#choice.setBase(path, null)
		} else if (!this.#wish.deletes || !workstation) this.#choice.stay('gone-here', path)
		else this.#choice.add('deleteThere', workstation, null)
	}

	#back(difference: Difference, answers: Answers): void {
		const { path, laptop, workstation, verdict } = difference
		if (verdict === 'adopt') this.#adopt(difference)
		if (!answers.results.has(path)) return
		switch (verdict) {
			case 'forget':
				this.#choice.setBase(path, null)
				break
			case 'back':
				this.#fetch(difference, answers)
				break
			case 'gone-here':
				// Where deletions count, this one is not undone; results are the workstation's, so it stays there.
				if (this.#wish.deletes) this.#choice.stay('gone-here', path)
				else this.#fetch(difference, answers)
				break
			case 'gone-there':
				if (!this.#wish.deletes || !laptop || answers.workstationHas.has(path))
					this.#choice.stay('gone-there', path)
				else this.#choice.add('deleteHere', laptop, null)
				break
			case 'conflict':
			case 'kind-clash':
				if (workstation) this.#conflict(difference, answers)
		}
	}

	#fetch({ path, laptop, workstation }: Difference, answers: Answers): void {
		if (workstation && !this.#isOccupied(path, answers.laptopHas.has(path)))
			this.#choice.add('fetch', workstation, laptop)
	}

	#conflict(difference: Difference, answers: Answers): void {
		const { path, laptop, workstation, verdict, clash = path } = difference
		if (verdict === 'kind-clash') {
			if (!this.#clashes.has(clash)) this.#choice.addConflict(difference)
			this.#clashes.add(clash)
			return
		}
		if (!laptop || !workstation) return
		const isUp = this.#wish.direction === 'up'
		const shown = shownPath(path)
		const taken = Object.hasOwn(this.#wish.take ?? {}, shown) ? this.#wish.take?.[shown] : undefined
		// A name that cannot be written may be several: no choice is bound to it.
		if (taken === undefined || shown.includes('\ufffd')) {
			if (!answers.sameContent.has(path)) this.#choice.addConflict(difference)
			else if (isUp) this.#choice.add('send', laptop, workstation)
			else this.#choice.add('fetch', workstation, laptop)
		} else if (taken === 'workstation') this.#choice.add('fetch', workstation, laptop, true)
		else if (!this.#wish.isApart) this.#choice.add('send', laptop, workstation, true)
		// The laptop's stays, as newer than what the workstation has.
		else this.#choice.setBase(path, workstation)
	}

	#adopt({ path, laptop, workstation }: Difference): void {
		const both = laptop && workstation ? sharper(laptop, workstation) : (laptop ?? workstation)
		this.#choice.setBase(path, both)
	}

	#isOccupied(path: string, isThere: boolean): boolean {
		const why = isThere ? 'occupied' : this.#names?.find(path) ? 'same-name' : null
		if (why !== null) this.#choice.stay(why, path)
		return why !== null
	}
}
