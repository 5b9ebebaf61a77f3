import { openIndex } from '../../../src/engine/files/index-file.ts'
import { at } from './tree-model.ts'

/** Writes an index anew without end, each time with all entries of another size, until it is killed. */
const index = await openIndex(process.argv[2] ?? '')
for (let round = 1; ; round++) {
	const count = 2000 + (round % 7) * 1000
	const changes = function* () {
		for (let number = 0; number < 10_000; number++) {
			const path = `f${String(number).padStart(5, '0')}`
			yield { path, entry: number < count ? { ...at(path, 'f'), size: round } : null }
		}
	}
	await index.replace({ syncedAt: count, laptop: null, workstation: null, digest: null }, changes())
	if (round === 2) process.send?.('going')
}
