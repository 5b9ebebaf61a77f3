import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const comparison = fileURLToPath(new URL('./memory-child.ts', import.meta.url))
const listing = fileURLToPath(new URL('./memory-listing-child.ts', import.meta.url))

/** What a program says of a new folder and so many files. */
async function said(flags: readonly string[], program: string, count: number): Promise<number> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-index-'))
	try {
		const args = [...flags, program, folder, String(count)]
		const { stdout, stderr } = await promisify(execFile)(process.execPath, args)
		expect(stderr).toBe('')
		return Number(stdout)
	} finally {
		await rm(folder, { recursive: true, force: true })
	}
}

// Seen: 24 MiB, and 33 with 800,000 files; without `keepHeapSmall` far more.
test('a comparison of 200,000 files takes less than 60 MiB', { timeout: 120_000 }, async () => {
	const most = await said([], comparison, 200_000)
	expect(most).toBeGreaterThan(0)
	expect(most).toBeLessThan(60)
})

// Seen: 20 KiB, and 7700 where what was read of each folder was kept: a first copy of a million files took 136 MiB by it.
test('a listing holds as little at its end as before', { timeout: 120_000 }, async () => {
	expect(await said(['--expose-gc'], listing, 40_000)).toBeLessThan(1500)
})
