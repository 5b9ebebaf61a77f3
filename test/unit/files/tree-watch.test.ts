import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { linuxMounts, macMounts } from '../../../src/engine/files/rule-stamp.ts'
import { watchTree } from '../../../src/engine/files/tree-watch.ts'

let root = ''
beforeEach(async () => {
	root = await realpath(await mkdtemp(join(tmpdir(), 'hawser-tree-')))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const module = new URL('../../../src/engine/files/tree-watch.ts', import.meta.url).href

test('whoever has caught up was told of everything before', async () => {
	await mkdir(join(root, 'a'))
	await mkdir(join(root, '.git'))
	const heard = new Set<string>()
	const lost: string[] = []
	const watch = await watchTree(root, {
		touched: (paths) => {
			for (const path of paths) heard.add(path)
		},
		lost: (why) => lost.push(why),
	})
	try {
		for (let round = 0; round < 20; round++) {
			await writeFile(join(root, `a/${round}`), '')
			await writeFile(join(root, `.git/${round}`), '')
			expect(await watch.caughtUp()).toBe(true)
			expect(heard).toContain(`a/${round}`)
		}
		expect([...heard].filter((path) => path.startsWith('.git'))).toEqual([])
		// Of a name that is no UTF-8 the folder is told.
		await writeFile(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.from([0xff])]), '')
		await watch.caughtUp()
		expect(heard).toContain('a')
		await rm(root, { recursive: true })
		await watch.caughtUp()
		expect(lost).toContain('the folder went away')
	} finally {
		await watch.close()
	}
})

test('a folder that is not there cannot be watched', async () => {
	const listener = { touched: () => {}, lost: () => {} }
	await expect(watchTree(join(root, 'none'), listener)).rejects.toThrow()
})

test('a process whose watches are closed ends by itself', async () => {
	const text = `
		const { watchTree } = await import(${JSON.stringify(module)})
		const watch = await watchTree(${JSON.stringify(root)}, { touched() {}, lost() {} })
		await watch.caughtUp()
		await watch.close()
		console.log('closed')
	`
	const args = ['--input-type=module', '-e', text]
	const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
	expect(stdout).toBe('closed\n')
})

test('mounts are read as the systems tell of them', () => {
	const linux = `22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
40 22 0:40 / /home/ada/with\\040space rw shared:1 - nfs4 box:/x rw
`
	expect(linuxMounts(linux)).toEqual([
		{ at: '/', type: 'ext4' },
		{ at: '/home/ada/with space', type: 'nfs4' },
	])
	const mac = `/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse)
//ada@box/data on /Volumes/data (smbfs, nodev, nosuid, mounted by ada)
`
	expect(macMounts(mac)).toEqual([
		{ at: '/', type: 'apfs' },
		{ at: '/System/Volumes/Data', type: 'apfs' },
		{ at: '/Volumes/data', type: 'far' },
	])
})
