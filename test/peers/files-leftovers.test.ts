import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rename, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { backupPlaces, pruneBackups } from '../../src/engine/files/backups.ts'
import { clearLeftovers } from '../../src/engine/files/leftovers.ts'
import { carryBed } from './files-carry-bed.ts'
import { moveBed, moveMissing, processesBelow, put } from './files-move-bed.ts'

if (moveMissing) console.warn(`files-leftovers: skipped, ${moveMissing}`)

const never = new AbortController().signal

/** Too small to be received in a folder of its own. */
const size = 7_000_000

function send(pid: number, signal: 'SIGSTOP' | 'SIGKILL'): void {
	try {
		process.kill(pid, signal)
	} catch {
		// It is gone.
	}
}

describe.skipIf(moveMissing)('what a killed rsync leaves', () => {
	test.each(['up', 'back'] as const)(
		'%s: is cleared by the next one, and nothing else is',
		async (direction) => {
			const here = await moveBed()
			const { line, localRoot, remoteRoot } = here
			const bed = await carryBed(here, join(here.keep.back.partial, '../..'))
			const [from, to] = direction === 'up' ? [localRoot, remoteRoot] : [remoteRoot, localRoot]
			const folder = direction === 'up' ? 'data' : 'results'
			await mkdir(join(remoteRoot, folder), { recursive: true })
			await put(from, `${folder}/big`, randomBytes(size))
			// Of a person's own, beside what comes.
			const own = ['.big.backup', '.big.Backup1', '.other.aB3dE6', '.big.aB3dE7', 'x.big.aB3dE6']
			for (const name of own) await put(to, `${folder}/${name}`, name)
			await chmod(join(to, folder, '.big.backup'), 0o600)
			await chmod(join(to, folder, '.other.aB3dE6'), 0o600)
			const names = async () => (await readdir(join(to, folder))).sort()

			line.bytesPerSecond = 1_500_000
			line.after(direction === 'up' ? 'up' : 'down', size / 3, async () => {
				// Each is stopped before any is killed: else one may clear up for another.
				const all = await processesBelow(process.pid, /^rsync$/)
				for (const signal of ['SIGSTOP', 'SIGKILL'] as const) for (const pid of all) send(pid, signal)
				line.bytesPerSecond = null
			})
			await bed.sync(direction).catch(() => {})
			const left = (await names()).filter((name) => !own.includes(name))
			expect(left).toContainEqual(expect.stringMatching(/^\.big\.\w{6}$/))
			// One suffix in two hundred looks like a word, and stays.
			for (const name of left.filter((name) => /^\.big\.[a-z]{6}$/.test(name)))
				await rename(join(to, folder, name), join(to, folder, '.big.aB3dE9'))
			// The same of a name with a dot of its own, which rsync does not double.
			await put(to, `${folder}/.hidden.aB3dE6`, 'half')
			await chmod(join(to, folder, '.hidden.aB3dE6'), 0o600)
			await put(from, `${folder}/.hidden`, 'x')

			line.bytesPerSecond = null
			await bed.sync(direction)
			expect(await names()).toEqual(['.hidden', 'big', ...own].sort())
			for (const name of own) expect(await readFile(join(to, folder, name), 'utf8')).toBe(name)
			expect(existsSync(join(bed.places.own, `moving-${direction}`))).toBe(false)
			// Nothing more is looked for.
			await put(from, `${folder}/.hidden`, 'again')
			await put(to, `${folder}/.hidden.aB3dE6`, 'half')
			await chmod(join(to, folder, '.hidden.aB3dE6'), 0o600)
			await bed.sync(direction)
			expect(await names()).toContain('.hidden.aB3dE6')
		},
	)

	test('what is older than the transfer is none of it', async () => {
		const { localRoot, keep } = await moveBed()
		await put(localRoot, '.env.prod01', 'of a person')
		await chmod(join(localRoot, '.env.prod01'), 0o600)
		const at = { root: localRoot, backup: join(keep.back.partial, '../backups/20260101T000000.000Z-up') }
		async function* received() {
			yield { path: '.env' }
		}
		// When a file was made cannot be set: it is as if the transfer began after it.
		const clear = (minutes: number) => clearLeftovers('laptop', at, received(), minutes, never)
		expect(await clear(-1)).toBe(0)
		expect(await readFile(join(localRoot, '.env.prod01'), 'utf8')).toBe('of a person')
		expect(await clear(1)).toBe(1)
		expect(existsSync(join(localRoot, '.env.prod01'))).toBe(false)
	})

	test('what was received in part is let go when it is older than backups become', async () => {
		const here = await moveBed()
		const bed = await carryBed(here, join(here.keep.back.partial, '../..'))
		const partial = join(bed.places.own, 'partial')
		await put(partial, 'a-partial/new', 'x')
		// What counts is when something was added to it last, which is now.
		await utimes(join(partial, 'a-partial/new'), 1000, 1000)
		const prune = (days: number) =>
			pruneBackups(backupPlaces(bed.places, here.link), { days, mebibytes: 1000 }, Date.now())
		await prune(30)
		expect(await readdir(join(partial, 'a-partial'))).toEqual(['new'])
	})
})
