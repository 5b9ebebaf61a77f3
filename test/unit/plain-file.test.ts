import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hostRecord } from '../../src/engine/link/host-keys.ts'
import { readKeyFile } from '../../src/engine/link/key-files.ts'
import { settingsFrom, surroundings } from '../../src/engine/link/settings.ts'
import { readPlainFile } from '../../src/engine/plain-file.ts'
import { run } from '../../src/engine/process/process.ts'
import { Secrets } from '../../src/engine/secrets.ts'

let folder: string
const at = (name: string) => join(folder, name)
const pipe = async (name: string) => {
	await run({ file: 'mkfifo', args: [at(name)] })
	return at(name)
}
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'hawser-plain-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a file that somebody named', () => {
	test('is read to its end, whatever size the system says it has', async () => {
		writeFileSync(at('long'), 'x'.repeat(200_000))
		expect((await readPlainFile(at('long'), 200_000)).toString()).toBe('x'.repeat(200_000))
		expect((await readPlainFile('/dev/null', 10)).length).toBe(0)
		if (process.platform !== 'linux') return
		expect((await readPlainFile('/proc/version', 65_536)).toString()).toBe(
			readFileSync('/proc/version', 'utf8'),
		)
	})

	test('and is refused when it has none, is no file or goes on too long', async () => {
		writeFileSync(at('long'), 'x'.repeat(200_000))
		symlinkSync(at('loop'), at('loop'))
		mkdirSync(at('folder'))
		const refused = async (path: string) =>
			await readPlainFile(path, 199_999).then(
				() => 'read',
				(error: Error) => error.message,
			)
		expect(await refused(at('long'))).toBe('It is larger than 195 KiB')
		expect(await refused('/dev/zero')).toBe('It is no plain file')
		expect(await refused(await pipe('pipe'))).toBe('It is no plain file')
		expect(await refused(at('folder'))).toBe('It is no plain file')
		expect(await refused(at('loop'))).toMatch(/ELOOP/)
		expect(await refused(at('nowhere'))).toMatch(/ENOENT/)
	})
})

describe('a pipe that nobody writes to holds up nothing', () => {
	const settings = (lines: string) => settingsFrom({ host: 'lab' }, lines, surroundings({}))

	test('as a key file or its public half: it is said', async () => {
		const key = await pipe('key')
		await pipe('other.pub')
		expect(await readKeyFile(key)).toMatchObject({ kind: 'unusable', reason: 'It is no plain file' })
		expect((await readKeyFile(at('other'))).kind).toBe('missing')
	})

	test('as known hosts: nothing connects; /dev/null knows nobody', async () => {
		const found = settings(`userknownhostsfile ${await pipe('known')}\nglobalknownhostsfile none`)
		await expect(hostRecord(found)).rejects.toMatchObject({
			problem: { code: 'known-hosts-unreadable', facts: { reason: 'It is no plain file' } },
		})
		expect((await hostRecord(settings('userknownhostsfile /dev/null'))).authorityOnly).toBe(false)
	})

	test('as the kept secrets: there are none', async () => {
		await pipe('secrets.json')
		expect((await Secrets.open(folder, null)).keeps('lab')).toBe(false)
	})
})
