import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, link, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import { configSchema } from '../../src/contract/config.ts'
import type { FilesWatch } from '../../src/engine/files/files-watch.ts'
import { survey } from '../../src/engine/files/survey.ts'
import type { Link } from '../../src/engine/link/link.ts'
import { problem } from '../../src/engine/problems.ts'
import { type FilesBed, makeFilesBed } from './files-sync-bed.ts'
import { sshdMissing } from './sshd.ts'

let bed: FilesBed | null = null
afterEach(async () => {
	await bed?.stop()
	bed = null
})

/** What the last comparison said. */
const compared = (): string =>
	Object.values(bed?.engine.state().operations ?? {})
		.at(-1)
		?.steps.find(({ id }) => id === 'files-compare')?.detail ?? ''

const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`many/${at}.txt`, `${at}`]))

/** A project whose sides are in step, and that is watched. */
async function inStep(options: Parameters<typeof makeFilesBed>[0] = {}): Promise<FilesBed> {
	const made = await makeFilesBed({ ...options, files: { ...options.files, watch: true } })
	bed = made
	await made.write('laptop', { 'a.txt': 'a', 'b/c.txt': 'c', 'b/d.txt': 'd', ...many })
	expect(await made.sync('up')).toMatchObject({ status: 'succeeded', files: { up: { count: 33 } } })
	expect(compared()).toBe('')
	await watched(made)
	return made
}

async function watched({ sync }: FilesBed, quiet = 'nothing was touched'): Promise<void> {
	await expect
		.poll(
			async () => {
				expect(await sync('up')).toMatchObject({ status: 'succeeded' })
				return compared()
			},
			{ timeout: 20_000 },
		)
		.toBe(`nothing to move · ${quiet}`)
}

describe.skipIf(sshdMissing)(`file watch${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`, () => {
	test('after a sync only what was touched is looked at, here and there', async () => {
		const { laptop, workstation, sync, write, engine } = await inStep()
		// Nobody touched it on the laptop: what became of it there is not asked.
		await rm(join(workstation, 'b/d.txt'))
		await write('laptop', { 'b/c.txt': 'cc', 'new/deep/e.txt': 'e' })
		const plan = await engine.call('preview', { kind: 'up' })
		expect(plan.steps).toMatchObject([{ id: 'files-send', fileCount: 2 }])
		expect(await sync('up', { plan: plan.id })).toMatchObject({
			status: 'succeeded',
			files: { up: { count: 2 } },
		})
		expect(compared()).toBe('looked at 2 places')
		expect(existsSync(join(workstation, 'new/deep/e.txt'))).toBe(true)
		expect(existsSync(join(workstation, 'b/d.txt'))).toBe(false)
		// What is written deep in a folder that is new itself.
		await write('laptop', { 'new/deep/er/f.txt': 'f' })
		expect(await sync('up')).toMatchObject({ files: { up: { count: 1 } } })
		await rename(join(laptop, 'new'), join(laptop, 'newer'))
		await write('laptop', { 'newer/deep/g.txt': 'g' })
		expect(await sync('up')).toMatchObject({ files: { up: { count: 3 } } })
		// Of a folder that is moved in from elsewhere all is new.
		const outside = `${laptop}-outside`
		await mkdir(join(outside, 'deep'), { recursive: true })
		await writeFile(join(outside, 'deep/h.txt'), 'h')
		await rename(outside, join(laptop, 'in'))
		expect(await sync('up')).toMatchObject({ files: { up: { count: 1 } } })
		await write('laptop', { 'in/deep/h.txt': 'hh' })
		expect(await sync('up')).toMatchObject({ files: { up: { count: 1 } } })
		// A person asks for all of it.
		expect(await sync('up', { full: true })).toMatchObject({ files: { up: { count: 1 } } })
		expect(compared()).toMatch(/all files: asked for$/)
		expect(existsSync(join(workstation, 'b/d.txt'))).toBe(true)
		await watched(bed as FilesBed)
		await write('laptop', { 'newer/deep/er/f.txt': 'ff' })
		expect(await sync('up')).toMatchObject({ files: { up: { count: 1 } } })
	})

	test('what both changed waits, and is looked at until it is settled', async () => {
		const { sync, write } = await inStep()
		await write('laptop', { 'a.txt': 'of the laptop', 'b/c.txt': 'newer' })
		await write('workstation', { 'a.txt': 'of the workstation' })
		for (let round = 0; round < 2; round++) {
			expect(await sync('up')).toMatchObject({ problem: { code: 'files-conflict' } })
			expect(compared()).toMatch(/^looked at 2 places$/)
		}
		expect(await sync('up', { take: { 'a.txt': 'laptop' } })).toMatchObject({ files: { up: { count: 2 } } })
		await watched(bed as FilesBed)
	})

	test('deletions count against all that both sides had', async () => {
		const { laptop, workstation, sync } = await inStep({ files: { delete: true } })
		for (const at of [1, 2, 3]) await rm(join(laptop, `many/${at}.txt`))
		expect(await sync('up')).toMatchObject({ status: 'succeeded', files: { up: { deleted: 3 } } })
		expect(compared()).toBe('all files: what was touched does not tell enough')
		expect(existsSync(join(workstation, 'many/2.txt'))).toBe(false)
		await rm(join(laptop, 'many'), { recursive: true })
		expect(await sync('up')).toMatchObject({ problem: { code: 'files-many-deletions' } })
		expect(existsSync(join(workstation, 'many/5.txt'))).toBe(true)
		expect(await sync('up', { big: true })).toMatchObject({ files: { up: { deleted: 27 } } })
	})

	test('a folder on the workstation that is another one now is not gone into', async () => {
		const { sshd, workstation, sync, write } = await inStep()
		await mkdir(join(sshd.home, 'elsewhere'))
		await writeFile(join(sshd.home, 'elsewhere/c.txt'), 'somebody else’s')
		await rm(join(workstation, 'b'), { recursive: true })
		await symlink(join(sshd.home, 'elsewhere'), join(workstation, 'b'))
		await write('laptop', { 'b/c.txt': 'cc' })
		expect(await sync('up')).toMatchObject({ problem: { code: 'files-kind-clash' } })
		expect(compared()).toBe('all files: what was touched does not tell enough')
	})

	test('an emptied workstation is seen although nothing was touched', async () => {
		const { workstation, sync } = await inStep()
		await rm(workstation, { recursive: true })
		await mkdir(workstation)
		expect(await sync('up')).toMatchObject({ problem: { code: 'files-root-empty' } })
	})

	const doubts: [string, (laptop: string) => Promise<unknown>, RegExp][] = [
		['a .gitignore', (laptop) => writeFile(join(laptop, '.gitignore'), '*.tmp\n'), /git's rules/],
		[
			'what git tracks',
			async (laptop) => execFileSync('git', ['add', 'a.txt'], { cwd: laptop }),
			/git's rules/,
		],
		[
			"git's own excludes",
			(laptop) => appendFile(join(laptop, '.git/info/exclude'), '*.tmp\n'),
			/git's rules/,
		],
		[
			'a file with a second name',
			(laptop) => link(join(laptop, 'a.txt'), join(laptop, 'same.txt')),
			/several names/,
		],
		[
			'the root',
			async (laptop) => {
				await rename(laptop, `${laptop}-old`)
				execFileSync('cp', ['-a', `${laptop}-old`, laptop])
			},
			/all files/,
		],
		[
			'thousands at once',
			async (laptop) => {
				await Promise.all(
					Array.from({ length: 2500 }, (_, at) => writeFile(join(laptop, `b/${at}.csv`), `${at}`)),
				)
			},
			/too much/,
		],
	]
	test.each(doubts)('%s: everything is looked at, and after that what is touched', async (_, change, why) => {
		const { laptop, sync, write } = await inStep()
		await change(laptop)
		await write('laptop', { 'a.txt': 'aa' })
		expect(await sync('up')).toMatchObject({ status: 'succeeded' })
		expect(compared()).toMatch(/all files: /)
		expect(compared()).toMatch(why)
		// Of names of one file all are looked at each time.
		await watched(bed as FilesBed, existsSync(join(laptop, 'same.txt')) ? 'looked at 2 places' : undefined)
	})

	test('a line that is lost while touched places are compared is said once, and nowhere else', async () => {
		const { dataFolder, sync } = await inStep()
		expect(await sync('up')).toMatchObject({ status: 'succeeded' })
		const unhandled: unknown[] = []
		const hear = (error: unknown) => unhandled.push(error)
		process.on('unhandledRejection', hear)
		try {
			const config = JSON.parse(await readFile(join(dataFolder, 'config.json'), 'utf8'))
			const [project] = configSchema.parse(config).projects
			if (!project) throw new Error('no project')
			const lost = () => Promise.reject(new ProblemError(problem('link-off', { host: 'lab' })))
			const link = { exec: lost } as unknown as Link
			const look = { places: ['a.txt'], why: '', linked: new Set(), leftOut: [], vouch() {}, shown() {} }
			const watch = { look: async () => look } as unknown as FilesWatch
			const around = { project, link, dataFolder, now: Date.now, watch }
			const surveying = survey(around, 'up', {}, new AbortController().signal)
			await expect(surveying).rejects.toMatchObject({ problem: { code: 'link-off' } })
			await nextTurn()
			expect(unhandled).toEqual([])
		} finally {
			process.off('unhandledRejection', hear)
		}
	})

	test('an index that is broken is told of, while the tree is watched too', async () => {
		const unhandled: unknown[] = []
		const hear = (error: unknown) => unhandled.push(error)
		process.on('unhandledRejection', hear)
		try {
			const { dataFolder, sync } = await inStep()
			const [own = ''] = await readdir(join(dataFolder, 'files'))
			for (const kind of ['up', 'back'] as const) {
				await writeFile(join(dataFolder, 'files', own, 'index'), 'no index')
				expect(await sync(kind)).toMatchObject({ problem: { code: 'files-index-broken' } })
			}
			expect(unhandled).toEqual([])
		} finally {
			process.off('unhandledRejection', hear)
		}
	})
})
