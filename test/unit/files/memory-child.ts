import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { choose } from '../../../src/engine/files/choose.ts'
import { compare } from '../../../src/engine/files/compare.ts'
import type { Entry } from '../../../src/engine/files/entry.ts'
import { openIndex } from '../../../src/engine/files/index-file.ts'
import { keepHeapSmall } from '../../../src/engine/small-heap.ts'

/**
 * Compares a tree of so many files with an empty one, as for a first copy; then with one alike, once with an index that
 * knows none of them and once with one that knows all. Prints the most memory that it had over what it began with, in MiB.
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

async function* none(): AsyncGenerator<Entry> {}

keepHeapSmall()
const before = process.memoryUsage.rss()
let most = before
for (const { name, there } of [
	{ name: 'first', there: [none] },
	{ name: 'alike', there: [tree, tree] },
]) {
	const index = await openIndex(join(folder, name))
	for (const workstation of there) {
		const choice = await choose(
			compare(tree(), workstation(), index.entries()),
			{ direction: 'up', deletes: true },
			asks,
		)
		let sent = 0
		for await (const _ of choice.send.entries()) sent += 1
		if (sent !== (workstation === none ? Number(count) : 0)) throw new Error(`${sent} would be sent`)
		await index.replace({ ...index.head, syncedAt: 1 }, choice.newBase({}))
		await choice.close()
	}
	if (index.count !== Number(count)) throw new Error(`the index has ${index.count}`)
}
console.log(Math.ceil((most - before) / 2 ** 20))
