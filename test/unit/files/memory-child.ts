import { setImmediate } from 'node:timers/promises'
import { choose } from '../../../src/engine/files/choose.ts'
import { compare } from '../../../src/engine/files/compare.ts'
import type { Entry } from '../../../src/engine/files/entry.ts'
import { openIndex } from '../../../src/engine/files/index-file.ts'
import { keepHeapSmall } from '../../../src/engine/small-heap.ts'

/**
 * Compares trees of so many files, both alike, once with an index that knows none of them and once with one that knows
 * all. Prints the most memory that it had over what it began with, in MiB.
 */
const [folder = '', count = '0'] = process.argv.slice(2)
const never = () => Promise.reject(new Error('nobody asks'))
const asks = { results: never, laptopHas: never, workstationHas: never }

async function* tree(): AsyncGenerator<Entry> {
	for (let at = 0; at < Number(count); at++) {
		const path = `folder-${String(at >> 6).padStart(6, '0')}/file-${String(at).padStart(8, '0')}.txt`
		yield {
			path,
			kind: 'file',
			size: at,
			mtime: 1_700_000_000_000_000_000n + BigInt(at),
			executable: false,
			target: '',
		}
		// As from a disk: others have their turn.
		if (at % 1000 === 0) {
			most = Math.max(most, process.memoryUsage.rss())
			await setImmediate()
		}
	}
}

keepHeapSmall()
const before = process.memoryUsage.rss()
let most = before
const index = await openIndex(folder)
for (let round = 0; round < 2; round++) {
	const choice = await choose(
		compare(tree(), tree(), index.entries()),
		{ direction: 'up', deletes: true },
		asks,
	)
	await index.replace({ ...index.head, syncedAt: 1 }, choice.newBase({}))
	await choice.close()
}
if (index.count !== Number(count)) throw new Error(`the index has ${index.count}`)
console.log(Math.ceil((most - before) / 2 ** 20))
