import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const child = fileURLToPath(new URL('./memory-child.ts', import.meta.url))

// Seen: 23 MiB with 100,000 files and 25 with 400,000; without `keepHeapSmall` 71 and 128.
test('a comparison of 200,000 files takes less than 60 MiB', { timeout: 120_000 }, async () => {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-index-'))
	try {
		const { stdout, stderr } = await promisify(execFile)(process.execPath, [child, folder, '200000'])
		expect(stderr).toBe('')
		expect(Number(stdout)).toBeGreaterThan(0)
		expect(Number(stdout)).toBeLessThan(60)
	} finally {
		await rm(folder, { recursive: true, force: true })
	}
})
