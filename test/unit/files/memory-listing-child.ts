import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { localListing } from '../../../src/engine/files/local-listing.ts'

/**
 * Lists a tree of so many files of long names, fifty in each folder of a root, which it makes. Prints how much more is
 * held near the end of that than near its beginning, in KiB. To be run with `--expose-gc`.
 */
const [root = '', count = '0'] = process.argv.slice(2)
const inFolder = 50
const long = 'x'.repeat(200)

execFileSync('git', ['init', '--quiet', root])
for (let at = 0; at < Number(count); at++) {
	const folder = join(root, `folder-${String(Math.floor(at / inFolder)).padStart(6, '0')}`)
	if (at % inFolder === 0) mkdirSync(folder)
	writeFileSync(join(folder, `${String(at).padStart(8, '0')}-${long}`), '')
}

function held(): number {
	globalThis.gc?.()
	return process.memoryUsage().heapUsed
}

const rules = { scope: 'tree', include: [], exclude: [], results: [] } as const
let seen = 0
let early = 0
let late = 0
for await (const _ of localListing(root, rules)) {
	seen += 1
	if (seen === Number(count) * 0.1) early = held()
	// It reads ahead, and lets go of all once it has seen the last folder.
	if (seen === Number(count) * 0.9) late = held()
}
if (seen !== Number(count)) throw new Error(`${seen} were listed`)
console.log(Math.round((late - early) / 1024))
