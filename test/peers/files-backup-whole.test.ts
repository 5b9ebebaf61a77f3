import { closeSync, existsSync, openSync, readdirSync, statSync, truncateSync, writeSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isSameVolume } from '../../src/engine/files/rsync-program.ts'
import { elsewhere } from './backups-bed.ts'
import { carryBed } from './files-carry-bed.ts'
import { moveBed, moveMissing, processesBelow } from './files-move-bed.ts'
import { cleanups } from './linked.ts'

const missing = moveMissing ?? (elsewhere ? null : 'no second file system here')
if (missing) console.warn(`files-backup-whole: skipped, ${missing}`)

const size = 400_000_000

/** A big file that is quickly made: a few bytes, and holes. */
async function makeBig(path: string, seconds: number): Promise<void> {
	const file = openSync(path, 'w')
	writeSync(file, `made at ${seconds}`)
	closeSync(file)
	truncateSync(path, size)
	await utimes(path, seconds, seconds)
}

describe.skipIf(missing)('a backup on another file system', () => {
	test('holds whole files only, also when all of it is killed in the middle', async () => {
		const here = await moveBed()
		const { localRoot, remoteRoot } = here
		const dataFolder = await mkdtemp(join(elsewhere ?? '', 'hawser data-'))
		cleanups.push(() => rm(dataFolder, { recursive: true, force: true }))
		const { sync, places } = await carryBed(here, dataFolder)
		expect(await isSameVolume(places.local, places.own)).toBe(false)
		for (const root of [localRoot, remoteRoot]) await mkdir(join(root, 'results'), { recursive: true })
		await makeBig(join(remoteRoot, 'results/big'), 1000)
		await sync('back')
		await makeBig(join(remoteRoot, 'results/big'), 2000)

		const backups = join(places.own, 'backups')
		const kept = () =>
			(existsSync(backups) ? readdirSync(backups) : []).flatMap((id) => {
				const file = join(backups, id, 'tree/results/big')
				return existsSync(file) ? [statSync(file).size] : []
			})
		const copying = () =>
			existsSync(backups) &&
			readdirSync(backups, { recursive: true, withFileTypes: true }).some(
				(one) => one.isFile() && statSync(join(one.parentPath, one.name)).size > 0,
			)
		// Killed as soon as a backup of it is being written.
		const attempt = sync('back').then(
			() => 'done',
			() => 'failed',
		)
		while (!copying()) await new Promise((done) => setImmediate(done))
		// Our own script and rsync's parts.
		for (const pid of await processesBelow(process.pid, /^(?:rsync|sh|dash|bash|cp)$/))
			process.kill(pid, 'SIGKILL')
		await attempt
		for (const bytes of kept()) expect(bytes).toBe(size)

		await sync('back')
		expect((await stat(join(localRoot, 'results/big'))).mtimeMs).toBe(2_000_000)
		expect(kept()).toContain(size)
		for (const id of await readdir(backups)) expect(await readdir(join(backups, id))).toEqual(['tree'])
	})
})
