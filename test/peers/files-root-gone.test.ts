import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { carryBed } from './files-carry-bed.ts'
import { moveBed, moveMissing, put } from './files-move-bed.ts'
import { codeOf } from './linked.ts'

if (moveMissing) console.warn(`files-root-gone: skipped, ${moveMissing}`)

describe.skipIf(moveMissing)('a root that goes away between the comparison and the transfer', () => {
	test.each(['up', 'back'] as const)('%s: is not made anew', async (direction) => {
		const here = await moveBed()
		const { localRoot, remoteRoot } = here
		await put(localRoot, 'a.txt', 'a')
		const { sync } = await carryBed(here, join(here.keep.back.partial, '../..'))
		const attempt = (between: () => Promise<unknown>) => codeOf(sync(direction, { between }))
		const [from, to] = direction === 'up' ? [localRoot, remoteRoot] : [remoteRoot, localRoot]
		const path = direction === 'up' ? 'b.txt' : 'results/b.txt'
		// The first time it is missing, and made.
		if (direction === 'up') expect(await attempt(async () => {})).toBe('no problem')
		else await put(remoteRoot, 'results/a.txt', 'a')
		await put(from, path, 'b')
		const vanish = () => rm(to, { recursive: true })
		const bringBack = async () => {
			await mkdir(to, { recursive: true })
			await writeFile(join(to, '.gitignore'), 'results/\n')
			execFileSync('git', ['init', '-q', to])
		}
		expect(await attempt(vanish)).toBe('files-root-gone')
		expect(existsSync(to)).toBe(false)
		await bringBack()
		// An unmounted disk leaves an empty folder.
		expect(await attempt(() => vanish().then(() => mkdir(to)))).toBe('files-root-gone')
		expect(await readdir(to)).toEqual([])
		await bringBack()
		expect(await attempt(async () => {})).toBe('no problem')
		expect(await readFile(join(to, path), 'utf8')).toBe('b')
	})
})
