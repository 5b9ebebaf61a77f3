import { batched, batchesOf } from './batches.ts'
import type { Comparison, Difference, SeenListing } from './compare.ts'
import type { Entry, Listing } from './entry.ts'
import { byBytes } from './sorted.ts'
import { verdictOf } from './verdict.ts'

/** A few entries, in any order. */
export async function* listingOf(entries: Iterable<Entry>): Listing & AsyncGenerator<Entry> {
	yield* [...entries].sort((one, other) => byBytes(one.path, other.path))
}

/** A listing together with what it could not see. */
export const withSight = <T extends Entry>(
	entries: Listing<T>,
	troubles: NonNullable<SeenListing['troubles']>,
): SeenListing<T> => ({
	troubles,
	...(entries.batches ? { batches: entries.batches } : {}),
	[Symbol.asyncIterator]: () => entries[Symbol.asyncIterator](),
})

/** Of a listing, those that are wanted. For one side to be compared in part, all three are narrowed alike. */
export function narrowed<T extends Entry>(
	listing: SeenListing<T>,
	isWanted: (path: string) => boolean,
): SeenListing<T> {
	async function* batches(): AsyncGenerator<readonly T[]> {
		for await (const batch of { [Symbol.asyncIterator]: () => batchesOf(listing) })
			yield batch.filter(({ path }) => isWanted(path))
	}
	return { ...(listing.troubles ? { troubles: listing.troubles } : {}), ...batched(batches) }
}

const batchSize = 1000

/**
 * For a workstation's listing that does not hold all that is there: the base in its place, because nothing moved there
 * since; or one that passes folders over. What would go there as not there is looked up, and judged anew by what is found.
 * @param versionsThere what is there of these paths, folders also when something is in them
 */
export function lookedUp(
	comparison: Comparison,
	versionsThere: (paths: readonly string[]) => Promise<ReadonlyMap<string, Entry>>,
): Comparison {
	async function* differences(): AsyncGenerator<Difference> {
		let batch: Difference[] = []
		for await (const difference of comparison) {
			batch.push(difference)
			if (batch.length < batchSize) continue
			yield* await judgedAnew(batch, versionsThere)
			batch = []
		}
		yield* await judgedAnew(batch, versionsThere)
	}
	return {
		get tally() {
			return comparison.tally
		},
		[Symbol.asyncIterator]: differences,
	}
}

async function judgedAnew(
	batch: readonly Difference[],
	versionsThere: (paths: readonly string[]) => Promise<ReadonlyMap<string, Entry>>,
): Promise<Difference[]> {
	const isUnseen = ({ verdict, workstation }: Difference) =>
		workstation === null && (verdict === 'up' || verdict === 'gone-there')
	const paths = batch.filter(isUnseen).map(({ path }) => path)
	const found: ReadonlyMap<string, Entry> = paths.length > 0 ? await versionsThere(paths) : new Map()
	return batch.flatMap((difference) => {
		const workstation = isUnseen(difference) ? found.get(difference.path) : undefined
		if (!workstation) return [difference]
		const verdict = verdictOf(difference.laptop, workstation, difference.base)
		if (verdict === null) return []
		const clash = verdict === 'kind-clash' ? { clash: difference.path } : {}
		return [{ ...difference, workstation, verdict, ...clash }]
	})
}
