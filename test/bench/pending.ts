import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ProjectConfig, projectSchema } from '../../src/contract/config.ts'
import { readLocal } from '../../src/engine/git/local.ts'
import { run } from '../../src/engine/process/process.ts'
import { projectBed } from '../peers/project-bed.ts'
import { git } from '../peers/repositories.ts'
import type { Bed } from './bed.ts'
import { ms, quantile, type Row, timed } from './row.ts'

const commits = 100_000
const files = 50_000
const perFolder = 100
const perGroup = 5000
const projects = 50
/** A quiet minute is this long here: what is quiet for so long does nothing on a timer that is shorter. */
const quietMs = 10_000

const base = 'refs/heads/master'
const hub = ['refs/remotes/origin/master', 'refs/remotes/origin/gpu-validation'] as const

/** What the project's laptop side costs: over a big repository, after a commit, and when nothing happens. */
export async function pendingRows(bed: Bed): Promise<Row[]> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-bench-pending-'))
	try {
		return [
			await bigRow(join(folder, 'big')),
			await commitRow(bed.repositories.laptop),
			await quietRow(bed.repositories.laptop, folder),
		]
	} finally {
		await rm(folder, { recursive: true, force: true, maxRetries: 5 })
	}
}

const projectAt = (local: string, name = 'nt'): ProjectConfig =>
	projectSchema.parse({ name, workstation: 'lab', local, remote: '~/nt', validation: { command: 'true' } })

/** A history in the format of git-fast-import(1): all files in the first commit, one changed in each further one. */
function* history(): Generator<string> {
	const path = (file: number) =>
		`group${Math.floor(file / perGroup)}/folder${Math.floor(file / perFolder)}/file${file % perFolder}.py`
	const commit = (ref: string, n: number) =>
		`commit ${ref}\nmark :${n + 1}\ncommitter Bench <bench@localhost> ${1_700_000_000 + n} +0000\ndata <<.\nCommit ${n}\n.\n\n`
	const inline = (file: number, n: number) => `M 100644 inline ${path(file)}\ndata <<.\n${n}\n.\n\n`
	yield commit(base, 0)
	for (let file = 0; file < files; file++) yield inline(file, 0)
	for (let n = 1; n < commits; n++) yield commit(base, n) + inline((n * 7919) % files, n)
	// The hub is some commits behind, and has some results.
	yield `reset ${hub[0]}\nfrom :${commits - 50}\n\n`
	for (let n = 0; n < 10; n++)
		yield `${commit(hub[1], commits + n)}${n === 0 ? `from :${commits - 20}\n` : ''}M 100644 inline results/${n}\ndata <<.\n${n}\n.\n\n`
}

async function makeBig(folder: string): Promise<void> {
	await git(tmpdir(), 'init', '-q', '--', folder)
	await git(folder, 'symbolic-ref', 'HEAD', base)
	await git(folder, 'remote', 'add', 'origin', join(folder, 'none'))
	const args = ['-C', folder, 'fast-import', '--quiet', '--done']
	await run({ file: 'git', args, input: `${[...history()].join('')}done\n`, timeoutMs: 300_000 })
	await git(folder, 'reset', '-q', '--hard')
	await git(folder, 'status')
}

async function bigRow(folder: string): Promise<Row> {
	await makeBig(folder)
	const project = projectAt(folder)
	const plainly = async () => {
		for (const args of [
			['status', '--porcelain'],
			['rev-list', '--count', base, '--not', ...hub],
			['rev-list', '--count', ...hub, '--not', base],
		])
			await run({ file: 'git', args: ['-C', folder, ...args] })
	}
	await readLocal(project)
	await plainly()
	// In turns, so that what else the machine does meets both.
	const [ours, plain]: [number[], number[]] = [[], []]
	for (let round = 0; round < 15; round++) {
		ours.push(...(await timed(1, () => readLocal(project))))
		plain.push(...(await timed(1, plainly)))
	}
	const ratio = quantile(ours, 0.5) / quantile(plain, 0.5)
	return {
		name: `pending, laptop: ${commits} commits, ${files} files (median)`,
		ours: ms(quantile(ours, 0.5)),
		plain: `${ms(quantile(plain, 0.5))} status, then two rev-list`,
		ratio,
		bar: '≤ 1.20 ×',
		met: ratio <= 1.2,
	}
}

async function commitRow(laptop: string): Promise<Row> {
	const bed = projectBed(projectAt(laptop))
	try {
		await bed.session.start()
		const times: number[] = []
		for (let n = 0; n < 20; n++) {
			await sleep(500)
			await git(laptop, 'commit', '-q', '--allow-empty', '-m', `n ${n}`)
			const done = performance.now()
			const head = await git(laptop, 'rev-parse', 'HEAD')
			await bed.until((pending) => pending.head === head)
			times.push(performance.now() - done)
		}
		return {
			name: 'a commit shows (p95)',
			ours: ms(quantile(times, 0.95)),
			plain: '',
			ratio: null,
			bar: '≤ 300 ms',
			met: quantile(times, 0.95) <= 300,
		}
	} finally {
		await bed.session.dispose()
	}
}

async function quietRow(laptop: string, folder: string): Promise<Row> {
	const beds = await Promise.all(
		Array.from({ length: projects }, async (_, n) => {
			const local = join(folder, `p${n}`)
			await git(folder, 'clone', '-q', '--', laptop, local)
			return projectBed(projectAt(local, `p${n}`))
		}),
	)
	try {
		await Promise.all(beds.map((bed) => bed.session.start()))
		await sleep(3000)
		const before = process.cpuUsage()
		await sleep(quietMs)
		const { user, system } = process.cpuUsage(before)
		const share = ((user + system) / 1000 / quietMs) * 100
		return {
			name: `${projects} projects watched, ${quietMs / 1000} s quiet`,
			ours: `${share.toFixed(2)} % of a core`,
			plain: '',
			ratio: null,
			bar: '≤ 1 %',
			met: share <= 1,
		}
	} finally {
		await Promise.all(beds.map((bed) => bed.session.dispose()))
	}
}
