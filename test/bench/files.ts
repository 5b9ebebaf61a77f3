import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFile, cp, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../src/engine/process/process.ts'
import { quote } from '../../src/engine/quote.ts'
import { startEngine } from '../peers/engine.ts'
import type { Bed } from './bed.ts'
import { ms, quantile, type Row } from './row.ts'

const rounds = 5

interface Tree {
	name: string
	folders: number
	files: number
	/** Bytes of one file, by its number. */
	size(at: number): number
	/** What is copied instead. */
	like?: string
	/** Ways that are measured of it, each with the most that it may take of the plain one. */
	bars: Partial<Record<'first' | 'nothing' | 'one', number>>
	rounds: number
}

const small = (at: number) => 200 + ((at * 7919) % 3800)
const trees: Tree[] = [
	{
		name: '10,000 small files',
		folders: 100,
		files: 10_000,
		size: small,
		bars: { first: 1, nothing: 0.45, one: 0.45 },
		rounds,
	},
	{
		name: '100,000 files in 5,000 folders',
		folders: 5000,
		files: 100_000,
		size: () => 200,
		bars: { nothing: 0.45, one: 0.15 },
		rounds: 3,
	},
	{
		name: 'a real node_modules',
		folders: 0,
		files: 0,
		size: () => 0,
		like: fileURLToPath(new URL('../../node_modules', import.meta.url)),
		bars: { first: 1, nothing: 0.45 },
		rounds: 3,
	},
	{
		name: 'one file of 1 GB',
		folders: 1,
		files: 1,
		size: () => 1_000_000_000,
		bars: { first: 1.05 },
		rounds: 3,
	},
]

const titles = { first: 'first copy', nothing: 'nothing changed', one: 'one file touched' } as const

async function plant(folder: string, { folders, files, size, like }: Tree): Promise<string[]> {
	if (like) await cp(like, join(folder, 'node_modules'), { recursive: true, verbatimSymlinks: true })
	const paths: string[] = []
	for (let at = 0; at < folders; at++) await mkdir(join(folder, `d${at}`), { recursive: true })
	for (let at = 0; at < files; at++) {
		const path = join(`d${at % folders}`, `f${at}.txt`)
		paths.push(path)
		if (size(at) < 1_000_000)
			await writeFile(join(folder, path), `${at} `.repeat(size(at)).slice(0, size(at)))
		else await plantBig(join(folder, path), size(at))
	}
	return paths
}

/** Bytes that do not shrink. */
async function plantBig(path: string, bytes: number): Promise<void> {
	const file = await open(path, 'w')
	for (let written = 0; written < bytes; written += 1_000_000) await file.write(randomBytes(1_000_000))
	await file.close()
}

/** `up` of a files project beside rsync as people call it, each with a tree of its own on the workstation. */
export async function filesRows(bed: Bed): Promise<Row[]> {
	const rows: Row[] = []
	for (const tree of trees) rows.push(...(await rowsOf(bed, tree)))
	return rows
}

async function rowsOf(bed: Bed, tree: Tree): Promise<Row[]> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-bench-files-'))
	const laptop = join(folder, 'nt')
	await mkdir(laptop)
	execFileSync('git', ['init', '--quiet', laptop])
	const paths = await plant(laptop, tree)
	const dataFolder = join(folder, 'data')
	await mkdir(dataFolder)
	const config = {
		workstations: [{ name: 'lab', ssh: bed.ssh }],
		projects: [
			{
				name: 'nt',
				workstation: 'lab',
				strategy: 'files',
				files: { watch: true },
				local: laptop,
				remote: '~/bench-ours',
				validation: { command: 'true' },
			},
		],
	}
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
	const control = join(folder, 'control')
	const ssh = ['ssh', ...bed.sshArgs.slice(0, -1)]
	const shared = [
		...ssh,
		'-o',
		'ControlMaster=auto',
		'-o',
		`ControlPath=${control}`,
		'-o',
		'ControlPersist=600',
	]
	const target = `${bed.sshArgs.at(-1)}:bench-plain/`
	const rsync = async (shell: string[]) => {
		const args = ['-az', '--exclude=.git', '-e', shell.map(quote).join(' '), `${laptop}/`, target]
		await run({ file: 'rsync', args, timeoutMs: 600_000 })
	}
	const engine = await startEngine({ dataFolder })
	const ours = async () => {
		const { operation } = await engine.call('up', { big: true })
		const outcome = await engine.call('waitOperation', { operation })
		if (outcome.status !== 'succeeded') throw new Error(`up: ${JSON.stringify(outcome.problem)}`)
	}
	const clear = () =>
		Promise.all(
			['bench-ours', 'bench-plain'].map((name) =>
				rm(join(bed.sshd.home, name), { recursive: true, force: true }),
			),
		)
	const took = async (work: () => Promise<void>) => {
		// What was deleted or written before would else be written out in the midst of it, for one and not the other.
		await run({ file: 'sync', args: [] })
		const before = performance.now()
		await work()
		return performance.now() - before
	}
	const rows: Row[] = []
	try {
		await engine.until((state) => state.workstations.lab?.link.status === 'up')
		await engine.call('check', {})
		const touch = async (round: number) =>
			await appendFile(join(laptop, paths[(round * 7) % paths.length] ?? ''), `${round}`)
		for (const way of ['first', 'nothing', 'one'] as const) {
			const bar = tree.bars[way]
			if (bar === undefined) {
				if (way === 'first') await Promise.all([ours(), rsync(ssh)])
				continue
			}
			// A full pass, with the watch on: what is measured then goes by what was touched.
			if (way === 'one') await ours()
			const times = { ours: [] as number[], plain: [] as number[], shared: [] as number[] }
			for (let round = 0; round < tree.rounds; round++) {
				for (const one of ['ours', 'plain', 'shared'] as const) {
					if (way === 'first') {
						await clear()
						await rm(join(dataFolder, 'files'), { recursive: true, force: true })
					}
					if (way === 'one') await touch(round)
					if (one === 'shared')
						await run({ file: 'ssh', args: [...shared.slice(1), bed.sshArgs.at(-1) ?? '', 'true'] })
					times[one].push(await took(one === 'ours' ? ours : () => rsync(one === 'plain' ? ssh : shared)))
				}
			}
			for (const beside of ['plain', 'shared'] as const) {
				const ratio = quantile(times.ours, 0.5) / quantile(times[beside], 0.5)
				rows.push({
					name: `up, ${tree.name}, ${titles[way]}, 30 ms, beside rsync -az ${beside === 'plain' ? 'over ssh' : 'over a ControlMaster'}`,
					ours: ms(quantile(times.ours, 0.5)),
					plain: ms(quantile(times[beside], 0.5)),
					ratio,
					...(beside === 'plain' ? { bar: `≤ ${bar} ×`, met: ratio <= bar } : { bar: '', met: true }),
				})
			}
			if (way === 'first') await ours()
		}
	} finally {
		await run({
			file: 'ssh',
			args: [...shared.slice(1), '-O', 'exit', bed.sshArgs.at(-1) ?? ''],
			expected: [0, 255],
		}).catch(() => {})
		await engine.dispose()
		await clear()
		await rm(folder, { recursive: true, force: true, maxRetries: 5 })
	}
	return rows
}
