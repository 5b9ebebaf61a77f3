import { existsSync } from 'node:fs'
import {
	chmod,
	lstat,
	mkdir,
	mkdtemp,
	readdir,
	readFile,
	readlink,
	rename,
	rm,
	stat,
	symlink,
	writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type FilesBed, makeFilesBed } from './files-sync-bed.ts'
import { openrsyncStandIn } from './openrsync.ts'
import { git } from './repositories.ts'
import { sshdMissing } from './sshd.ts'

let bed: FilesBed | null = null
afterEach(async () => {
	await bed?.stop()
	bed = null
})

const text = (path: string) => readFile(path, 'utf8')
const isGone = (path: string) =>
	lstat(path).then(
		() => false,
		() => true,
	)

describe.skipIf(sshdMissing)(`files${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`, () => {
	test('up sends what git does not ignore; again nothing moves; then what changed alone', async () => {
		bed = await makeFilesBed()
		const { laptop, workstation } = bed
		await bed.write('laptop', {
			'.gitignore': '*.ckpt\n/data/\n',
			'train.py': 'print(1)\n',
			'model.ckpt': 'weights',
			'data/big.bin': 'data',
			'src/deep/er.py': 'x = 1\n',
			'with space/ü\n.txt': 'odd name',
		})
		await chmod(join(laptop, 'train.py'), 0o755)
		await symlink('train.py', join(laptop, 'link'))
		const first = await bed.sync('up')
		expect(first).toMatchObject({ status: 'succeeded', problem: null })
		expect(first.files).toMatchObject({ up: { count: 5, deleted: 0 }, back: { count: 0 } })
		expect(await text(join(workstation, 'src/deep/er.py'))).toBe('x = 1\n')
		expect(await text(join(workstation, 'with space/ü\n.txt'))).toBe('odd name')
		expect((await stat(join(workstation, 'train.py'))).mode & 0o111).not.toBe(0)
		expect(await readlink(join(workstation, 'link'))).toBe('train.py')
		for (const stays of ['model.ckpt', 'data', '.git'])
			expect(await isGone(join(workstation, stays)), stays).toBe(true)

		const second = await bed.sync('up')
		expect(second).toMatchObject({ status: 'succeeded', files: { up: { count: 0, bytes: 0 } } })
		await bed.write('laptop', { 'train.py': 'print(22)\n' })
		const third = await bed.sync('up')
		expect(third).toMatchObject({ status: 'succeeded', files: { up: { count: 1 } } })
		expect(await text(join(workstation, 'train.py'))).toBe('print(22)\n')
	})

	test('a folder that the first sync made, and that leads elsewhere before the next, is another one', async () => {
		bed = await makeFilesBed()
		const { workstation } = bed
		await rm(workstation, { recursive: true, force: true })
		await bed.write('laptop', { 'a.txt': 'one' })
		expect(await bed.sync('up')).toMatchObject({ status: 'succeeded' })
		await rename(workstation, `${workstation}.2`)
		await symlink(`${workstation}.2`, workstation)
		await bed.write('laptop', { 'a.txt': 'two' })
		expect(await bed.sync('up')).toMatchObject({ problem: { code: 'files-root-moved' } })
		expect(await text(join(workstation, 'a.txt'))).toBe('one')
	})

	test('a comparison that is lost with the link begins anew once that is up again', async () => {
		const programs = await mkdtemp(join(tmpdir(), 'hawser-programs-'))
		try {
			// The first look at the workstation's tree waits until somebody ends it.
			const held = join(programs, 'held')
			const find = `#!/bin/sh\nmkdir '${held}' 2>/dev/null && exec sleep 600\nexec /usr/bin/find "$@"\n`
			await writeFile(join(programs, 'find'), find, { mode: 0o755 })
			bed = await makeFilesBed({}, { sshd: { env: { PATH: `${programs}:/usr/bin:/bin` } } })
			const { engine, sshd, workstation } = bed
			await bed.write('laptop', { 'a.txt': 'one' })
			await bed.write('workstation', { 'b.txt': 'there' })
			const { operation } = await engine.call('up', {})
			await expect.poll(() => isGone(held)).toBe(false)
			expect(await sshd.stopConnections()).toBeGreaterThan(0)
			expect(await engine.call('waitOperation', { operation })).toMatchObject({ status: 'succeeded' })
			expect(await text(join(workstation, 'a.txt'))).toBe('one')
		} finally {
			await rm(programs, { recursive: true, force: true })
		}
	})

	test('what both sides changed waits; the other version is kept, and can be brought back', async () => {
		bed = await makeFilesBed()
		const { workstation } = bed
		await bed.write('laptop', { 'a.txt': 'one', 'b.txt': 'one' })
		expect(await bed.sync('up')).toMatchObject({ status: 'succeeded' })
		await bed.write('laptop', { 'a.txt': 'from the laptop' })
		await bed.write('workstation', { 'a.txt': 'from the workstation', 'b.txt': 'newer there' })
		const stopped = await bed.sync('up')
		expect(stopped).toMatchObject({ status: 'stopped', problem: { code: 'files-conflict' } })
		expect(await text(join(workstation, 'a.txt'))).toBe('from the workstation')

		const plan = await bed.engine.call('preview', { kind: 'up' })
		expect(plan.conflicts).toMatchObject([
			{ path: 'a.txt', versions: { laptop: { bytes: 15 }, workstation: { bytes: 20 } } },
		])
		const taken = await bed.sync('up', { take: { 'a.txt': 'laptop' } })
		expect(taken).toMatchObject({ status: 'succeeded', files: { up: { count: 1 } } })
		expect(await text(join(workstation, 'a.txt'))).toBe('from the laptop')
		expect(await text(join(workstation, 'b.txt'))).toBe('newer there')

		const { backups } = await bed.engine.call('listBackups', {})
		expect(backups).toMatchObject([{ machine: 'workstation', kind: 'up', count: 1 }])
		const [backup] = backups
		const one = { machine: 'workstation' as const, backup: backup?.id ?? '' }
		const { files } = await bed.engine.call('listBackupFiles', one)
		expect(files).toMatchObject([{ path: 'a.txt', bytes: 20 }])
		const { operation } = await bed.engine.call('restore', { ...one, paths: ['a.txt'] })
		expect(await bed.engine.call('waitOperation', { operation })).toMatchObject({ status: 'succeeded' })
		expect(await text(join(workstation, 'a.txt'))).toBe('from the workstation')
	})

	test('a run over files: sent, validated, and its results brought back', async () => {
		bed = await makeFilesBed({
			validation: { command: 'sh validate.sh', metrics: ['results/*.json'] },
		})
		const { laptop, workstation } = bed
		await bed.write('laptop', {
			'validate.sh':
				'mkdir -p results && printf \'{"mase": 0.8}\\n\' >results/metrics.json && echo x >junk\n',
		})
		const outcome = await bed.sync('go')
		expect(outcome).toMatchObject({
			status: 'succeeded',
			run: { exitCode: 0 },
			metrics: { mase: 0.8 },
			files: { up: { count: 1 }, back: { count: 1 } },
		})
		expect(await text(join(laptop, 'results/metrics.json'))).toBe('{"mase": 0.8}\n')
		expect(await isGone(join(laptop, 'junk'))).toBe(true)
		expect(await text(join(workstation, 'junk'))).toBe('x\n')
		const [run] = Object.values(bed.engine.state().runs)
		expect(run).toMatchObject({ branch: '', commit: '', outcome: { status: 'succeeded' } })
		// What came back is the same on both sides, and does not go up again.
		expect(await bed.sync('up')).toMatchObject({ files: { up: { count: 0 } } })
	})

	test('deletions: noted when they are off, done and kept when they are on, and many wait', async () => {
		bed = await makeFilesBed({ files: { delete: true } })
		const { laptop, workstation } = bed
		const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`many/${at}.txt`, `${at}`]))
		await bed.write('laptop', { 'a.txt': 'a', ...many })
		await bed.sync('up')
		await rm(join(laptop, 'a.txt'))
		const plan = await bed.engine.call('preview', { kind: 'up' })
		expect(plan.steps).toMatchObject([{ fileCount: 1, files: [{ path: 'a.txt', change: 'deleted' }] }])
		// Deletions are none of rsync's.
		expect(plan.notes.join()).not.toContain('rsync')
		// A deletion that the preview did not show never happens.
		await rm(join(laptop, 'many/3.txt'))
		expect(await bed.sync('up', { plan: plan.id })).toMatchObject({ problem: { code: 'plan-moved' } })
		expect(await bed.sync('up')).toMatchObject({ status: 'succeeded', files: { up: { deleted: 2 } } })
		expect(await isGone(join(workstation, 'a.txt'))).toBe(true)
		const { backups } = await bed.engine.call('listBackups', {})
		expect(backups).toMatchObject([{ machine: 'workstation', kind: 'up', count: 2 }])

		await rm(join(laptop, 'many'), { recursive: true })
		await bed.write('laptop', { 'left.txt': 'left' })
		expect(await bed.sync('up')).toMatchObject({ problem: { code: 'files-many-deletions' } })
		expect(await text(join(workstation, 'many/5.txt'))).toBe('5')
		await rm(join(laptop, 'left.txt'))
		await rm(join(laptop, '.gitignore'), { force: true })
		expect(await bed.sync('up')).toMatchObject({ problem: { code: 'files-root-empty' } })
	})

	test('a folder that a deletion empties goes with it when the other side has none, and stays when it has', async () => {
		bed = await makeFilesBed({ files: { delete: true } })
		const { laptop, workstation } = bed
		const rest = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`rest/${at}`, 'x']))
		await bed.write('laptop', { ...rest, 'gone/a/f': 'f', 'empty/f': 'f', 'part/sub/f': 'f', 'own/f': 'f' })
		await bed.sync('up')
		await rm(join(laptop, 'gone'), { recursive: true })
		await rm(join(laptop, 'empty/f'))
		await rm(join(laptop, 'part/sub'), { recursive: true })
		await rm(join(laptop, 'own'), { recursive: true })
		// What is in there is nobody else's to take away.
		await mkdir(join(workstation, 'own/of its own'))
		expect(await bed.sync('up')).toMatchObject({ files: { up: { count: 0, deleted: 4 } } })
		expect((await readdir(workstation)).sort()).toEqual(['empty', 'own', 'part', 'rest'])
		expect(await readdir(join(workstation, 'part'))).toEqual([])
		expect(await bed.sync('up')).toMatchObject({ files: { up: { count: 0, deleted: 0 } } })

		const many = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`results/${at}`, 'x']))
		await bed.write('workstation', { ...many, 'results/gone/a/f': 'f', 'results/empty/f': 'f' })
		await bed.sync('back')
		await rm(join(workstation, 'results/gone'), { recursive: true })
		await rm(join(workstation, 'results/empty/f'))
		expect(await bed.sync('back')).toMatchObject({ files: { back: { count: 0, deleted: 2 } } })
		expect(existsSync(join(laptop, 'results/gone'))).toBe(false)
		expect(await readdir(join(laptop, 'results/empty'))).toEqual([])
		expect(await bed.sync('back')).toMatchObject({ files: { back: { count: 0, deleted: 0 } } })
	})

	test('results that have a folder of their own: nothing is sent from there, and it has its own last sync', async () => {
		const into = await mkdtemp(join(tmpdir(), 'hawser-results-'))
		try {
			bed = await makeFilesBed({ files: { into: join(into, 'results of nt') } })
			const { laptop, workstation } = bed
			const at = (path: string) => join(into, 'results of nt', path)
			await bed.write('laptop', { 'a.py': 'x', 'results/old.json': 'of the laptop' })
			expect(await bed.sync('up')).toMatchObject({ status: 'succeeded', files: { up: { count: 2 } } })
			await bed.write('workstation', { 'results/m.json': 'one', 'results/deep/n.csv': '1,2', junk: 'x' })
			const plan = await bed.engine.call('preview', { kind: 'back' })
			expect(plan).toMatchObject({ steps: [{ machine: 'laptop', fileCount: 3 }], problem: null })
			expect(plan.notes).toEqual([
				expect.stringMatching(/^Moved by rsync \S+ \(\/.+\) here, \S+ \(\/.+\) there\.$/),
			])
			expect(await bed.sync('back', { plan: plan.id })).toMatchObject({
				status: 'succeeded',
				files: { back: { count: 3 } },
			})
			expect(await text(at('results/m.json'))).toBe('one')
			expect(await text(at('results/deep/n.csv'))).toBe('1,2')
			for (const stays of [join(laptop, 'results/m.json'), at('junk')]) expect(await isGone(stays)).toBe(true)
			// The laptop's own are the tree's, and what is in that folder is no part of it.
			await bed.write('laptop', { 'results/old.json': 'newer of the laptop' })
			await writeFile(at('results/mine.txt'), 'mine')
			expect(await bed.sync('up')).toMatchObject({ files: { up: { count: 1 } } })
			expect(await isGone(join(workstation, 'results/mine.txt'))).toBe(true)
			expect(await bed.sync('back')).toMatchObject({ files: { up: { count: 0 }, back: { count: 1 } } })
			expect(await text(at('results/old.json'))).toBe('newer of the laptop')

			// What both changed waits, and the laptop's stays when it is taken.
			await writeFile(at('results/m.json'), 'noted by hand')
			await bed.write('workstation', { 'results/m.json': 'two' })
			expect(await bed.sync('back')).toMatchObject({ problem: { code: 'files-conflict' } })
			expect(await bed.sync('back', { take: { 'results/m.json': 'laptop' } })).toMatchObject({
				status: 'succeeded',
			})
			expect(await text(at('results/m.json'))).toBe('noted by hand')
			await bed.write('workstation', { 'results/m.json': 'three' })
			expect(await bed.sync('back', { take: { 'results/m.json': 'workstation' } })).toMatchObject({
				status: 'succeeded',
			})
			expect(await text(at('results/m.json'))).toBe('three')
			const { backups } = await bed.engine.call('listBackups', {})
			const newest = backups.find(({ machine }) => machine === 'laptop')
			const { operation } = await bed.engine.call('restore', {
				machine: 'laptop',
				backup: newest?.id ?? '',
			})
			expect(await bed.engine.call('waitOperation', { operation })).toMatchObject({ status: 'succeeded' })
			expect(await text(at('results/m.json'))).toBe('noted by hand')
		} finally {
			await rm(into, { recursive: true, force: true })
		}
	})

	test('beside git: what it ignores and the settings name, in one plan with the commits', async () => {
		bed = await makeFilesBed(
			{
				strategy: 'git',
				git: { validation: 'gpu-validation', remoteWorktree: '~/nt-gpu' },
				files: { include: ['/data/'], results: ['/out/'], delete: true },
			},
			{ files: { '.gitignore': '/data/\n/out/\n*.ckpt\n', 'a.py': 'one\n' } },
		)
		const { laptop, workstation, engine } = bed
		const many = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`data/${at}.bin`, `${at}`]))
		await bed.write('laptop', { ...many, 'best.ckpt': 'weights' })
		await commitAll(laptop, 'a.py', 'two\n')
		const plan = await engine.call('preview', { kind: 'up' })
		expect(plan.id).toMatch(/^[^+]+\+[0-9a-f]{64}$/)
		expect(plan.steps.filter(({ fileCount }) => fileCount === 20)).toMatchObject([
			{ machine: 'workstation', id: 'files-send' },
		])
		expect(await bed.sync('up', { plan: plan.id })).toMatchObject({
			status: 'succeeded',
			problem: null,
			commits: { up: [{}] },
			files: { up: { count: 20 } },
		})
		expect(await text(join(workstation, 'data/7.bin'))).toBe('7')
		expect(await isGone(join(workstation, 'best.ckpt'))).toBe(true)

		// Both halves of a plan bind: first a commit that it did not show, then a deletion.
		await rm(join(laptop, 'data/1.bin'))
		const [early, late] = [await engine.call('preview', { kind: 'up' }), 'data/2.bin']
		await commitAll(laptop, 'a.py', 'three\n')
		expect(await bed.sync('up', { plan: early.id })).toMatchObject({ problem: { code: 'plan-moved' } })
		const next = await engine.call('preview', { kind: 'up' })
		await rm(join(laptop, late))
		expect(await bed.sync('up', { plan: next.id })).toMatchObject({ problem: { code: 'plan-moved' } })
		for (const stays of ['data/1.bin', late]) expect(await isGone(join(workstation, stays))).toBe(false)
		expect(await bed.sync('up')).toMatchObject({ status: 'succeeded', files: { up: { deleted: 2 } } })
		expect(await isGone(join(workstation, 'data/1.bin'))).toBe(true)

		await bed.write('workstation', { 'out/metrics.json': '{}' })
		const back = await engine.call('preview', { kind: 'back' })
		expect(await bed.sync('back', { plan: back.id })).toMatchObject({
			status: 'succeeded',
			files: { back: { count: 1 } },
		})
		expect(await text(join(laptop, 'out/metrics.json'))).toBe('{}')
		expect(await bed.sync('up')).toMatchObject({ files: { up: { count: 0, deleted: 0 } } })
	})

	test('a workstation that has nothing but openrsync (a stand-in): backups are kept all the same', async () => {
		const programs = await mkdtemp(join(tmpdir(), 'hawser-programs-'))
		try {
			const real = await everythingButRsync(programs)
			await openrsyncStandIn(programs, real)
			bed = await makeFilesBed({ files: { delete: true } }, { sshd: { env: { PATH: programs } } })
			const { laptop, workstation } = bed
			await bed.write('laptop', { 'a.txt': 'a', 'deep/ü\n#': 'odd', 'results/r': 'laptop', 'run.sh': 'x' })
			const many = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`many/${at}`, `${at}`]))
			await bed.write('laptop', many)
			await symlink('a.txt', join(laptop, 'link'))
			const first = await bed.sync('up')
			expect(first.problem).toBe(null)
			expect(first.files?.up.count).toBe(17)
			expect(await text(join(workstation, 'deep/ü\n#'))).toBe('odd')
			expect(await bed.sync('up')).toMatchObject({ files: { up: { count: 0 } } })

			await bed.write('laptop', { 'a.txt': 'newer' })
			await chmod(join(laptop, 'run.sh'), 0o755)
			await rm(join(laptop, 'link'))
			await symlink('run.sh', join(laptop, 'link'))
			await rm(join(laptop, 'many/3'))
			await bed.write('workstation', { 'results/r': 'of the workstation' })
			const { notes } = await bed.engine.call('preview', { kind: 'up' })
			expect(notes.join('\n')).toMatch(/Moved by rsync .+; whole files, since the workstation has openrsync/)
			expect(await bed.sync('up')).toMatchObject({
				status: 'succeeded',
				files: { up: { count: 3, deleted: 1 } },
			})
			expect(await text(join(workstation, 'a.txt'))).toBe('newer')
			expect((await stat(join(workstation, 'run.sh'))).mode & 0o111).not.toBe(0)
			expect(await readlink(join(workstation, 'link'))).toBe('run.sh')
			expect(await bed.sync('back')).toMatchObject({ status: 'succeeded', files: { back: { count: 1 } } })
			expect(await text(join(laptop, 'results/r'))).toBe('of the workstation')

			const { backups } = await bed.engine.call('listBackups', {})
			expect(backups).toMatchObject([
				{ machine: 'laptop', kind: 'back', count: 1 },
				{ machine: 'workstation', kind: 'up', count: 4 },
			])
			for (const { machine, id } of backups) {
				const { operation } = await bed.engine.call('restore', { machine, backup: id })
				expect(await bed.engine.call('waitOperation', { operation })).toMatchObject({ status: 'succeeded' })
			}
			expect(await text(join(workstation, 'a.txt'))).toBe('a')
			expect(await readlink(join(workstation, 'link'))).toBe('a.txt')
			expect(await text(join(workstation, 'many/3'))).toBe('3')
			expect(await text(join(laptop, 'results/r'))).toBe('laptop')
		} finally {
			await bed?.stop()
			bed = null
			await rm(programs, { recursive: true, force: true })
		}
	})
})

async function commitAll(at: string, file: string, content: string): Promise<void> {
	await writeFile(join(at, file), content)
	await git(at, 'commit', '-q', '-a', '-m', `Change ${file}`)
}

/** Links to all programs of this machine's PATH; gives where the real rsync is. */
async function everythingButRsync(folder: string): Promise<string> {
	let real = ''
	for (const from of (process.env.PATH ?? '').split(delimiter).filter(isAbsolute))
		for (const name of await readdir(from).catch(() => []))
			if (name === 'rsync') real ||= join(from, name)
			else await symlink(join(from, name), join(folder, name)).catch(() => {})
	return real
}
