import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, writeFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type FilesBed, makeFilesBed } from './files-sync-bed.ts'
import { sshdMissing } from './sshd.ts'

/** Puts a disk without room over a folder that is there; null where this sandbox lets nobody mount one. */
function fullDisk(folder: string): (() => void) | null {
	try {
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', folder], { stdio: 'ignore' })
	} catch {
		return null
	}
	expect(() => writeFileSync(join(folder, 'fill'), Buffer.alloc(100_000))).toThrow('ENOSPC')
	return () => execFileSync('umount', ['-l', folder])
}

function mountMissing(): string | null {
	const folder = mkdtempSync(join(tmpdir(), 'hawser-mount-'))
	const undo = process.platform === 'linux' ? fullDisk(folder) : null
	undo?.()
	rmdirSync(folder)
	return undo ? null : 'no full disk here, since nothing can be mounted'
}

const missing = sshdMissing ?? mountMissing()
if (missing) console.warn(`disk-full: skipped, ${missing}`)

describe.skipIf(missing)('a full disk of the laptop', () => {
	let bed: FilesBed | null = null
	let undo: (() => void) | null = null

	afterEach(async () => {
		vi.unstubAllEnvs()
		undo?.()
		undo = null
		await bed?.stop()
		bed = null
	})

	test('its own data folder: a sync says so, and goes on when there is room', async () => {
		bed = await makeFilesBed()
		await bed.write('laptop', { 'a.txt': 'a' })
		undo = fullDisk(bed.dataFolder)
		expect(await bed.sync('up')).toMatchObject({
			status: expect.stringMatching(/^(?:failed|stopped)$/),
			problem: {
				code: expect.stringMatching(/^(?:disk-full|files-index-unwritable)$/),
				meaning: expect.stringContaining('no space left'),
			},
		})
		undo?.()
		undo = null
		expect(await bed.sync('up')).toMatchObject({ status: 'succeeded' })
		expect(await readFile(join(bed.workstation, 'a.txt'), 'utf8')).toBe('a')
	})

	test('the folder for temporary files: the same', async () => {
		bed = await makeFilesBed()
		await bed.write('laptop', { 'a.txt': 'a' })
		const folder = mkdtempSync(join(tmpdir(), 'hawser-full-'))
		try {
			undo = fullDisk(folder)
			vi.stubEnv('TMPDIR', folder)
			expect(await bed.sync('up')).toMatchObject({ status: 'stopped', problem: { code: 'disk-full' } })
			vi.unstubAllEnvs()
			expect(await bed.sync('up')).toMatchObject({ status: 'succeeded' })
		} finally {
			undo?.()
			undo = null
			await rm(folder, { recursive: true })
		}
	})
})
