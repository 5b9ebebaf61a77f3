import type { Entry, Listing } from './entry.ts'

/** A listing of what comes many at a time. */
export const batched = <T extends Entry>(
	batches: () => AsyncGenerator<readonly T[]>,
): Required<Listing<T>> => ({
	batches,
	async *[Symbol.asyncIterator]() {
		for await (const batch of { [Symbol.asyncIterator]: batches }) yield* batch
	},
})

/** Many entries at a time, or each alone where a listing has them so. None is read ahead. */
export function batchesOf<T extends Entry>(listing: Listing<T>): AsyncIterator<readonly T[]> {
	return listing.batches ? listing.batches() : alone(listing)
}

async function* alone<T>(source: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
	for await (const one of source) yield [one]
}
