import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { BackupPlace } from '../../src/engine/files/backups.ts'
import { keepThere, removeThere } from '../../src/engine/files/keeping.ts'
import { restoreFiles } from '../../src/engine/files/restore.ts'
import type { Link } from '../../src/engine/link/link.ts'
import { type BackupsBed, elsewhere, madeAt, makeBed, upId, withShell } from './backups-bed.ts'

/** The scripts that put files away and back, killed before each command they run and in the middle of each copy. */

let bed: BackupsBed
afterEach(async () => await bed.dispose())

const tools = ['mv', 'cp', 'ln', 'rm', 'find', 'mkdir', 'rmdir', 'stat', 'cmp', 'readlink', 'wc']
/** Without those by which the backup is listed meanwhile. */
const restoreTools = tools.filter((tool) => tool !== 'find' && tool !== 'stat')
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** Programs in front of the real ones. Each does `$before`, a piece of shell, with its own name in $tool. */
async function withTools(bed: BackupsBed, before: string, which = tools): Promise<Link> {
	const bin = join(bed.home, 'bin')
	await rm(bin, { recursive: true, force: true })
	await mkdir(bin)
	for (const tool of which) {
		const real = execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim()
		const text = `#!/bin/sh\ntool=${tool}\nbed=${quoted(bed.home)}\n${before}\nexec ${real} "$@"\n`
		await writeFile(join(bin, tool), text, { mode: 0o755 })
	}
	return withShell(bed.link, `env PATH=${quoted(bin)}:"$PATH" /bin/sh`)
}

/** Kills all of the script before its command number `at`; a copy is cut in half first. */
const killedAt = (at: number) => `
echo >>"$bed/count"
if [ "$(/usr/bin/wc -l <"$bed/count")" -eq ${at} ]; then
	if [ "$tool" = cp ] && [ -f "$2" ] && [ ! -h "$2" ]; then head -c 3 "$2" >"$3"; fi
	kill -KILL 0
fi`

const again = (bed: BackupsBed) => rm(join(bed.home, 'count'), { force: true })
const commands = async (bed: BackupsBed) => (await readFile(join(bed.home, 'count'), 'utf8')).length

/** The texts of all files in the tree and in all backups. */
async function texts(bed: BackupsBed): Promise<Set<string>> {
	const backups = existsSync(bed.backups) ? await readdir(bed.backups) : []
	const all = [await bed.all(bed.root)]
	for (const id of backups) all.push(await bed.all(join(bed.backups, id, 'tree')))
	return new Set(all.flatMap((one) => Object.values(one)))
}

async function leftovers(bed: BackupsBed): Promise<string[]> {
	const all = [...Object.keys(await bed.all(bed.root)), ...Object.keys(await bed.all(bed.backups))]
	return all.filter((path) => /part\.\d|\.hawser/.test(path))
}

const paths = ['a', 'sub/b', 'sub/c', 'sub/deep/d', 'sub/link', 'twice/e', 'twice/f']

async function fill(bed: BackupsBed, version: string): Promise<void> {
	for (const path of paths) {
		if (path.endsWith('link')) await bed.link_(path, `${version} target`)
		else await bed.write(path, `${version} of ${path}`)
	}
}

const everything = (...versions: string[]) =>
	versions.flatMap((version) =>
		paths.map((path) => (path.endsWith('link') ? `-> ${version} target` : `${version} of ${path}`)),
	)

const ways: [string, boolean][] = [['within one file system', false]]
if (elsewhere) ways.push(['from one file system to another', true])

// Each is run once for every command that it runs.
describe.each(ways)('%s', { timeout: 300_000 }, (_, far) => {
	test('a removal', async () => {
		let at = 1
		for (let isKilled = true; isKilled; at++) {
			bed = await makeBed({ far })
			await fill(bed, 'first')
			// A namesake that rsync left there.
			await mkdir(join(bed.backups, upId, 'tree/twice'), { recursive: true })
			await writeFile(join(bed.backups, upId, 'tree/twice/e'), 'namesake')
			const where = { root: bed.root, backup: join(bed.backups, upId) }
			const seen = await bed.seen(...paths)
			await again(bed)
			isKilled = await removeThere(await withTools(bed, killedAt(at)), where, seen).then(
				() => false,
				() => true,
			)
			const found = await texts(bed)
			expect(everything('first').filter((text) => !found.has(text))).toEqual([])
			expect(found).toContain('namesake')
			expect(isKilled).toBe((await commands(bed)) === at)
			const result = await removeThere(bed.link, where, seen)
			expect({ at, left: result.left }).toEqual({ at, left: [] })
			expect(await bed.all(bed.root)).toEqual({})
			const after = await texts(bed)
			expect([...everything('first'), 'namesake'].filter((text) => !after.has(text))).toEqual([])
			expect(await leftovers(bed)).toEqual([])
			await bed.dispose()
		}
		expect(at).toBeGreaterThan(far ? 45 : 20)
	})

	test('a restore', async () => {
		let at = 1
		for (let isKilled = true; isKilled; at++) {
			bed = await makeBed({ far })
			await fill(bed, 'first')
			const where = { root: bed.root, backup: join(bed.backups, upId) }
			await keepThere(bed.link, where, paths)
			await rm(bed.root, { recursive: true })
			await mkdir(bed.root)
			await fill(bed, 'second')
			await rm(join(bed.root, 'sub/deep'), { recursive: true })
			const kept = everything('first', 'second').filter((text) => text !== 'second of sub/deep/d')
			const place = (machine: Link): BackupPlace => ({ machine, root: bed.root, backups: bed.backups })
			await again(bed)
			isKilled = await restoreFiles(
				place(await withTools(bed, killedAt(at), restoreTools)),
				upId,
				madeAt + 1,
			).then(
				() => false,
				() => true,
			)
			const found = await texts(bed)
			expect(kept.filter((text) => !found.has(text))).toEqual([])
			const result = await restoreFiles(place(bed.link), upId, madeAt + 2)
			expect({ at, left: result.left }).toEqual({ at, left: [] })
			expect(Object.values(await bed.all(bed.root)).sort()).toEqual(everything('first').sort())
			const after = await texts(bed)
			expect(kept.filter((text) => !after.has(text))).toEqual([])
			expect(await leftovers(bed)).toEqual([])
			await bed.dispose()
		}
		expect(at).toBeGreaterThan(30)
	})

	test('a file that changes at the last moment is in its place or in the backup', async () => {
		for (const tool of ['ln', 'cp', 'cmp', 'mv', 'wc', 'find', 'rm']) {
			for (const change of [
				'printf "%s" "the newer one" >"$file"',
				'printf "%s" newer >"$file.new"; mv "$file.new" "$file"',
			]) {
				bed = await makeBed({ far })
				await bed.write('sub/file', 'the older one')
				const before = `file="$bed/the tree/sub/file"; if [ "$tool" = ${tool} ] && mkdir "$bed/once"; then PATH=/usr/bin:/bin; ${change}; fi`
				const where = { root: bed.root, backup: join(bed.backups, upId) }
				const result = await removeThere(
					await withTools(bed, before.replace('mkdir', '/bin/mkdir')),
					where,
					await bed.seen('sub/file'),
				)
				const found = await texts(bed)
				const changed = existsSync(join(bed.home, 'once'))
				if (changed) expect([...found].filter((text) => text.includes('newer'))).toHaveLength(1)
				else expect(found).toContain('the older one')
				expect(result.kept + result.left.length).toBe(1)
				expect(existsSync(join(bed.root, 'sub/file'))).toBe(result.left.length === 1)
				await bed.dispose()
			}
		}
	})
})
