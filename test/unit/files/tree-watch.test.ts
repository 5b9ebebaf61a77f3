import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchByAddon } from '../../../src/engine/files/addon-tree.ts'
import { watchByInotify } from '../../../src/engine/files/inotify-tree.ts'
import { linuxMounts, macMounts } from '../../../src/engine/files/rule-stamp.ts'
import { type TreeWatch, watchTree } from '../../../src/engine/files/tree-watch.ts'

let root = ''
beforeEach(async () => {
	root = await realpath(await mkdtemp(join(tmpdir(), 'hawser-tree-')))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const module = new URL('../../../src/engine/files/tree-watch.ts', import.meta.url).href

/** The part for macOS is tried with its library's Linux half, which is not used otherwise. */
const ways = { inotify: watchByInotify, 'the addon': watchByAddon }

test.each(Object.entries(ways))(
	'%s: whoever has caught up was told of everything before',
	async (_, watchTree) => {
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
			// Of a name that is no UTF-8 the addon tells the folder.
			await writeFile(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.from([0xff])]), '')
			await watch.caughtUp()
			expect(heard).toContain(watchTree === watchByInotify ? 'a/\xff' : 'a')
			await rm(root, { recursive: true })
			await watch.caughtUp()
			expect(lost).toContain('the folder went away')
		} finally {
			await watch.close()
		}
	},
)

/** A watch of the root that keeps what it is told. */
async function watching(): Promise<{ watch: TreeWatch; heard: Set<string>; lost: string[] }> {
	const heard = new Set<string>()
	const lost: string[] = []
	const watch = await watchByInotify(root, {
		touched: (paths) => {
			for (const path of paths) heard.add(path)
		},
		lost: (why) => lost.push(why),
	})
	return { watch, heard, lost }
}

test('folders that are made while a watch begins are watched too', async () => {
	await Promise.all(
		Array.from({ length: 300 }, (_, at) => mkdir(join(root, `old${at}/a`), { recursive: true })),
	)
	let isOpen = false
	const made: string[] = []
	const making = (async () => {
		for (let at = 0; !isOpen || at % 10 > 0; at++) {
			const path = `old${(at * 7) % 300}/a/new${at}/deep`
			await mkdir(join(root, path), { recursive: true })
			made.push(path)
		}
	})()
	const { watch, heard, lost } = await watching()
	try {
		isOpen = true
		await making
		await watch.caughtUp()
		heard.clear()
		for (const path of made) await writeFile(join(root, path, 'file'), '')
		expect(await watch.caughtUp()).toBe(true)
		expect(made.length).toBeGreaterThan(5)
		expect(made.filter((path) => !heard.has(`${path}/file`))).toEqual([])
		expect(lost).toEqual([])
	} finally {
		await watch.close()
	}
})

test('a folder that moves is watched where it is then, with what is in it', async () => {
	await mkdir(join(root, 'a/b/c'), { recursive: true })
	const { watch, heard, lost } = await watching()
	try {
		await rename(join(root, 'a'), join(root, 'z'))
		await writeFile(join(root, 'z/b/c/early'), '')
		await watch.caughtUp()
		expect([...heard].sort()).toEqual(['a', 'z'])
		await writeFile(join(root, 'z/b/c/late'), '')
		await mkdir(join(root, 'a'))
		await writeFile(join(root, 'a/other'), '')
		await watch.caughtUp()
		expect(heard).toContain('z/b/c/late')
		// Out of the tree: what happens in it there is not told.
		heard.clear()
		await rename(join(root, 'z'), `${root}-out`)
		await writeFile(`${root}-out/b/c/outside`, '')
		await watch.caughtUp()
		expect([...heard].filter((path) => path !== 'a/other')).toEqual(['z'])
		expect(lost).toEqual([])
	} finally {
		await watch.close()
		await rm(`${root}-out`, { recursive: true, force: true })
	}
})

test('of what is replaced and deleted at once both names are told', async () => {
	await writeFile(join(root, 'a'), 'a')
	await writeFile(join(root, 'b'), 'b')
	const { watch, heard } = await watching()
	try {
		await rename(join(root, 'a'), join(root, 'b'))
		await rm(join(root, 'b'))
		await watch.caughtUp()
		expect([...heard].sort()).toEqual(['a', 'b'])
	} finally {
		await watch.close()
	}
})

/** The processes that this one has started. */
async function childrenNamed(name: string): Promise<number[]> {
	const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0)
	const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')))
	return pids.filter(
		(_, at) =>
			stats[at]
				?.match(/\((.*)\) . (\d+) /)
				?.slice(1)
				.join() === `${name},${process.pid}`,
	)
}

test('more than the kernel keeps is told as lost', async () => {
	const before = new Set(await childrenNamed('dd'))
	const { watch, lost } = await watching()
	const [reader] = (await childrenNamed('dd')).filter((pid) => !before.has(pid))
	if (!reader) throw new Error('nothing reads it')
	process.kill(reader, 'SIGSTOP')
	try {
		const most = Number(await readFile('/proc/sys/fs/inotify/max_queued_events', 'utf8'))
		for (let at = 0; at < most / 2 + 100; at++) writeFileSync(join(root, String(at)), '')
		expect(lost).toEqual([])
		process.kill(reader, 'SIGCONT')
		await expect.poll(() => lost).toEqual(['too much happened at once'])
		expect(await watch.caughtUp()).toBe(false)
	} finally {
		process.kill(reader, 'SIGCONT')
		await watch.close()
	}
	expect(await childrenNamed('dd')).not.toContain(reader)
})

test('its reader that ends is told as lost', async () => {
	const before = new Set(await childrenNamed('dd'))
	const { watch, lost } = await watching()
	const [reader] = (await childrenNamed('dd')).filter((pid) => !before.has(pid))
	if (!reader) throw new Error('nothing reads it')
	process.kill(reader, 'SIGKILL')
	await expect.poll(() => lost).toEqual(['what watched it ended'])
	expect(await watch.caughtUp()).toBe(false)
	await watch.close()
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
