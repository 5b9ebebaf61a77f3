import { chmod, lstat, readFile, readlink, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type FilesBed, makeFilesBed } from './files-sync-bed.ts'
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
})
