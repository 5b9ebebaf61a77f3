import {
	appendFile,
	chmod,
	link,
	lstat,
	mkdir,
	mkdtemp,
	realpath,
	rename,
	rm,
	symlink,
	writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FilesWatch } from '../../src/engine/files/files-watch.ts'
import { lifted } from '../../src/engine/files/lift.ts'
import { localListing } from '../../src/engine/files/local-listing.ts'
import { everything } from '../../src/engine/files/rules.ts'
import { inPlaces } from '../../src/engine/files/touched.ts'

/** Few names, so that things meet; one of them is no UTF-8. */
const names = ['a', 'b', Buffer.from('ü').toString('latin1'), '-n']
const path = fc
	.tuple(
		fc.constantFrom(...names),
		fc.array(fc.constantFrom(...names, ...names, 'odd\xff'), { maxLength: 2 }),
	)
	.map(([top, parts]) => [top, ...parts].join('/'))
type Operation = { what: keyof typeof operations; path: string; other: string }

const at = (root: string, path: string) =>
	Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')])
const above = (root: string, path: string) =>
	path.includes('/') ? mkdir(at(root, dirname(path)), { recursive: true }) : Promise.resolve()

const operations = {
	write: async (root: string, path: string, other: string) => {
		await above(root, path)
		await writeFile(at(root, path), other)
	},
	append: (root: string, path: string, other: string) => appendFile(at(root, path), other),
	folders: (root: string, path: string, other: string) =>
		mkdir(at(root, `${path}/${other}`), { recursive: true }),
	rename: async (root: string, path: string, other: string) => {
		await above(root, other)
		await rename(at(root, path), at(root, other))
	},
	replace: async (root: string, path: string, other: string) => {
		await writeFile(at(root, `${path}.new`), other)
		await rename(at(root, `${path}.new`), at(root, path))
	},
	remove: (root: string, path: string) => rm(at(root, path), { recursive: true }),
	link: (root: string, path: string, other: string) => symlink(other, at(root, path)),
	hardLink: (root: string, path: string, other: string) => link(at(root, path), at(root, other)),
	mode: async (root: string, path: string) => {
		const place = at(root, path)
		const seen = await lstat(place)
		if (seen.isFile()) await chmod(place, seen.mode ^ 0o100)
	},
	rootAway: async (root: string) => {
		await rename(root, `${root}-away`)
		await rename(`${root}-away`, root)
	},
	rootAnew: async (root: string, path: string, other: string) => {
		await rm(root, { recursive: true })
		await mkdir(root)
		await operations.write(root, path, other)
	},
	outAndIn: async (root: string, path: string, other: string) => {
		const outside = `${root}-outside`
		await rename(at(root, path), outside)
		await writeFile(join(outside, 'made outside'), other).catch(() => {})
		await rename(outside, at(root, other)).catch(() => rm(outside, { recursive: true }))
	},
}

const rare = ['hardLink', 'rootAway', 'rootAnew']
const usual = (Object.keys(operations) as (keyof typeof operations)[]).filter((one) => !rare.includes(one))
const operation = fc.record<Operation>({
	what: fc.oneof(
		{ weight: 30, arbitrary: fc.constantFrom(...usual) },
		{ weight: 1, arbitrary: fc.constantFrom('hardLink', 'rootAway', 'rootAnew') },
	),
	path,
	other: path,
})

async function listed(root: string): Promise<Map<string, string>> {
	const entries = new Map<string, string>()
	for await (const { path, kind, size, mtime, executable, target } of localListing(root, everything))
		entries.set(path, [kind, size, mtime, executable, target].join(' '))
	return entries
}

async function settled(watch: FilesWatch, base: string, root: string): Promise<void> {
	await expect
		.poll(
			async () => {
				const look = await watch.look({ base: Promise.resolve(base), full: false })
				const listing = localListing(root, everything)
				for await (const _ of listing);
				look.vouch(base, listing)
				return (await watch.look({ base: Promise.resolve(base), full: false })).why
			},
			{ timeout: 20_000, interval: 5 },
		)
		.toBe('')
}

const runs = Number(process.env.HAWSER_WATCH_RUNS ?? 15)

test(
	'what changed in a tree is in the places that were touched',
	async () => {
		const whys = new Map<string, number>()
		let told = 0
		let all = 0
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.array(operation, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 5 }),
				async (rounds) => {
					const root = await realpath(await mkdtemp(join(tmpdir(), 'hawser-watch-')))
					const watch = new FilesWatch(root, Date.now)
					try {
						for (const first of ['a/a/a', 'a/b', 'b/a/b', 'ü/a', '-n/b'])
							await operations.write(root, Buffer.from(first).toString('latin1'), first)
						await settled(watch, '0', root)
						let before = await listed(root)
						for (const [round, some] of rounds.entries()) {
							for (const { what, path, other } of some)
								await operations[what](root, path, other).catch(() => {})
							const look = await watch.look({ base: Promise.resolve(String(round)), full: false })
							const after = await listed(root)
							all += 1
							whys.set(look.why, (whys.get(look.why) ?? 0) + 1)
							if (look.places) {
								told += 1
								const only = await lifted(root, look.places)
								const isIn = inPlaces(only)
								const missed = [...new Set([...before.keys(), ...after.keys()])]
									.filter((path) => before.get(path) !== after.get(path))
									.filter((path) => !isIn(path))
								expect(missed, `of ${only.join(', ')}`).toEqual([])
							}
							before = after
							const listing = localListing(root, everything)
							for await (const _ of listing);
							look.vouch(String(round + 1), listing)
						}
					} finally {
						await watch.close()
						await rm(root, { recursive: true, force: true })
					}
				},
			),
			{ numRuns: runs },
		)
		console.log(`${told} of ${all} rounds were told`, whys)
		expect(told).toBeGreaterThan(all / 4)
	},
	60_000 + runs * 10_000,
)
