import { randomBytes } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { MoveProgress } from '../../src/engine/files/progress.ts'
import { moveBed as bed, type MoveBed, moveMissing, processesBelow, put } from './files-move-bed.ts'
import { cleanups, codeOf } from './linked.ts'

if (moveMissing) console.warn(`files-move-broken: skipped, ${moveMissing}`)

/** Nothing in it can be compressed, so what goes over the line is what rsync sends. */
const size = 24_000_000
const directions = ['up', 'back'] as const

/** A big file on one side, an older version of it on the other, and the way that its bytes take. */
async function big(direction: 'up' | 'back') {
	const here = await bed()
	const [from, to] =
		direction === 'up' ? [here.localRoot, here.remoteRoot] : [here.remoteRoot, here.localRoot]
	const content = randomBytes(size)
	await put(from, 'sub/big', content)
	await put(from, 'sub/small', 'small')
	await put(to, 'sub/big', 'old')
	const arrived = async () => (await readFile(join(to, 'sub/big'))).equals(content)
	const old = async () => (await stat(join(to, 'sub/big'))).size
	return { ...here, to, arrived, old }
}

const paths = ['sub/big', 'sub/small']

/** Calls `action` when a third of the file has gone over the line; the rest takes a while. */
function inTheMiddle({ line }: MoveBed, direction: 'up' | 'back', action: () => unknown): void {
	line.bytesPerSecond = 12_000_000
	line.after(direction === 'up' ? 'up' : 'down', size / 3, () => void action())
}

/** The processes of rsync below one process. */
const rsyncs = (root: number, args?: RegExp) => processesBelow(root, /^rsync$/, args)

function end(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL')
	} catch {
		// It is gone.
	}
}

describe.skipIf(moveMissing)('a transfer that breaks off', () => {
	test.each(directions)(
		'%s: the link is lost in the middle: it waits and goes on where it was',
		async (direction) => {
			const here = await big(direction)
			const seen: MoveProgress[] = []
			inTheMiddle(here, direction, () => here.sshd.stopConnections())
			const result = await here.moves(direction, paths, { onProgress: (progress) => seen.push(progress) })
			expect(result).toEqual({ moved: 2, bytes: size + 5, failed: [], interrupted: true })
			expect(await here.arrived()).toBe(true)
			// Each run keeps in a folder of its own.
			expect(await readFile(join(`${here.keep[direction].backup}-2`, 'sub/big'), 'utf8')).toBe('old')
			expect(seen.some(({ phase }) => phase === 'waiting')).toBe(true)
			expect(seen.at(-1)).toMatchObject({ phase: 'moving', bytes: size + 5, files: 2, totalFiles: 2 })
			const bytes = seen.map((progress) => progress.bytes)
			expect(bytes).toEqual(bytes.toSorted((one, other) => one - other))
			// A third went twice at most: the rest of the first third, and what says which blocks are there.
			expect(here.line.passed(direction === 'up' ? 'up' : 'down')).toBeLessThan(size * 1.25)
			await expectTidy(here, direction)
		},
	)

	test.each(directions)(
		'%s: cancelled in the middle: at once, the old version stays, and again goes on',
		async (direction) => {
			const here = await big(direction)
			const ender = new AbortController()
			let cancelled = 0
			inTheMiddle(here, direction, () => {
				cancelled = Date.now()
				ender.abort()
			})
			expect(await codeOf(here.moves(direction, paths, { signal: ender.signal }))).toBe('operation-cancelled')
			expect(Date.now() - cancelled).toBeLessThan(1500)
			expect(await here.old()).toBe(3)
			await partly(here, direction)
			const before = here.line.passed(direction === 'up' ? 'up' : 'down')
			expect(await here.moves(direction, paths)).toMatchObject({ moved: 2, failed: [] })
			expect(await here.arrived()).toBe(true)
			expect(here.line.passed(direction === 'up' ? 'up' : 'down') - before).toBeLessThan(size * 0.85)
			await expectTidy(here, direction)
		},
	)

	test.each(directions)(
		'%s: every rsync killed in the middle: the rest of it goes on with what there is',
		async (direction) => {
			const here = await big(direction)
			inTheMiddle(here, direction, async () => {
				const all = await rsyncs(process.pid)
				expect(all.length).toBeGreaterThan(1)
				for (const pid of all) process.kill(pid, 'SIGKILL')
			})
			const first = await codeOf(here.moves(direction, paths))
			expect(['files-move-failed', 'process-failed', 'no problem']).toContain(first)
			const before = here.line.passed(direction === 'up' ? 'up' : 'down')
			expect(await here.moves(direction, paths)).toMatchObject({ moved: 2, failed: [] })
			expect(await here.arrived()).toBe(true)
			if (first !== 'no problem')
				expect(here.line.passed(direction === 'up' ? 'up' : 'down') - before).toBeLessThan(size * 0.85)
			await expectTidy(here, direction)
		},
	)

	test.each(directions)(
		'%s: the rsync on the workstation hangs in the middle: that is noticed, and it goes on where it was',
		async (direction) => {
			const here = await big(direction)
			const hung: number[] = []
			cleanups.push(async () => {
				for (const pid of hung) end(pid)
			})
			inTheMiddle(here, direction, async () => {
				hung.push(...(await rsyncs(process.pid, /--server/)))
				expect(hung.length).toBeGreaterThan(0)
				for (const pid of hung) process.kill(pid, 'SIGSTOP')
			})
			const seen: MoveProgress[] = []
			const result = await here.moves(direction, paths, {
				silenceMs: 2000,
				onProgress: (progress) => seen.push(progress),
			})
			expect(result).toEqual({ moved: 2, bytes: size + 5, failed: [], interrupted: true })
			expect(hung).not.toEqual([])
			expect(seen.some(({ phase }) => phase === 'waiting')).toBe(true)
			expect(await here.arrived()).toBe(true)
		},
	)

	test('the link does not come back: its problem, and nothing of it is left half', async () => {
		const here = await big('up')
		inTheMiddle(here, 'up', () => here.sshd.stopServer())
		expect(await codeOf(here.moves('up', paths, { waitMs: 300 }))).toMatch(
			/^(?:port-refused|link-lost|ssh-protocol)$/,
		)
		expect(await here.old()).toBe(3)
	})
})

/** Waits until the receiver has put away what it has; the old version is untouched all the while. */
async function partly(here: MoveBed, direction: 'up' | 'back'): Promise<void> {
	const { partial } = here.keep[direction]
	const [own = ''] = (await readdir(partial)).filter((name) => name.endsWith('-partial'))
	const file = join(partial, own, 'big')
	await expect
		.poll(async () => (await stat(file).catch(() => null))?.size ?? 0, { timeout: 5000 })
		.toBeGreaterThan(size / 5)
}

/** Nothing of the transfer lies about. */
async function expectTidy({ keep, localRoot, remoteRoot }: MoveBed, direction: 'up' | 'back'): Promise<void> {
	const { partial } = keep[direction]
	const own = (await readdir(partial)).sort()
	expect(own).toEqual([expect.stringMatching(/-partial$/), expect.stringMatching(/-stage$/)])
	for (const folder of own) expect(await readdir(join(partial, folder))).toEqual([])
	for (const root of [localRoot, remoteRoot])
		expect((await readdir(join(root, 'sub'))).sort()).toEqual(['big', 'small'])
}
