import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Ledger } from '../../src/engine/ledger.ts'

let folder: string
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'hawser-ledger-'))
})
afterEach(async () => {
	await rm(folder, { recursive: true })
})

describe('the ledger', () => {
	test('a notice is claimed once, also by faces that ask together, also after a restart', async () => {
		const ledger = await Ledger.open(folder)
		const claims = await Promise.all([1, 2, 3].map(() => ledger.claim('run:r1')))
		expect(claims.filter(Boolean)).toHaveLength(1)
		expect(await (await Ledger.open(folder)).claim('run:r1')).toBe(false)
	})

	test('a run is waited for until it ends, then waits to be looked at', async () => {
		const ledger = await Ledger.open(folder)
		await ledger.expect('r1', 'nt')
		await ledger.end('r1')
		const again = await Ledger.open(folder)
		expect([again.isExpected('r1'), again.isLooked('r1'), again.projectToBringBack('r1')]).toEqual([
			false,
			false,
			'nt',
		])
		await again.look('r1')
		await again.broughtBack('nt')
		const third = await Ledger.open(folder)
		expect([third.isLooked('r1'), third.projectToBringBack('r1')]).toEqual([true, undefined])
	})

	test('a disk that takes nothing stops nothing: a notice is still claimed once', async () => {
		const ledger = await Ledger.open(join(folder, 'gone'))
		expect([await ledger.claim('run:r1'), await ledger.claim('run:r1')]).toEqual([true, false])
	})

	test('a damaged file is an empty ledger', async () => {
		await writeFile(join(folder, 'ledger.json'), '{"told": [')
		const ledger = await Ledger.open(folder)
		expect(await ledger.claim('run:r1')).toBe(true)
	})
})
