import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { problemOf } from '../../src/engine/problems.ts'
import { type GitProject, gitProject } from './git-project.ts'
import { git } from './repositories.ts'

const made: GitProject[] = []
afterEach(async () => {
	for (const project of made.splice(0)) await project.remove()
})

/** The shells and gits that descend from this process: both sides run here. The hub's own are left alone. */
function descendants(): number[] {
	const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm=,args='], { encoding: 'utf8' })
	const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
	const found: number[] = []
	const grow = (parent: number) => {
		for (const [pid, of, name = '', ...args] of rows) {
			if (Number(of) !== parent || args.join(' ').includes('receive-pack')) continue
			if (/^(sh|git|dash|bash)$/.test(name)) found.push(Number(pid))
			grow(Number(pid))
		}
	}
	grow(process.pid)
	return found
}

function kill(which: 'all' | 'one'): void {
	const pids = descendants()
	const victims = which === 'all' ? pids : pids.slice(Math.floor(Math.random() * pids.length)).slice(0, 1)
	for (const pid of victims) {
		try {
			process.kill(pid, 'SIGKILL')
		} catch {
			// It ended by itself.
		}
	}
}

/** Settles when a line of that kind is in one of the journals, or after 3 s. */
async function journalled(journals: string[], kind: RegExp): Promise<void> {
	const end = Date.now() + 3000
	const has = (path: string) => {
		try {
			return kind.test(readFileSync(path, 'utf8'))
		} catch {
			return false
		}
	}
	while (!journals.some(has) && Date.now() < end) await new Promise((done) => setImmediate(done))
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Many files in many folders, other ones each round: some change, some come, some go. */
async function rewrite(folder: string, round: number): Promise<void> {
	for (let n = 0; n < 120; n++) {
		const path = join(folder, `folder ${n % 7}`, `file ${n}.txt`)
		if ((n + round) % 5 === 0) await rm(path, { force: true })
		else if ((n + round) % 3 !== 0) {
			await mkdir(join(path, '..'), { recursive: true })
			await writeFile(path, `${n} in round ${round}\n`.repeat(1 + ((n * 37) % 900)))
		}
	}
	await git(folder, 'add', '-A', '--', ':(glob)folder*/**')
	await git(folder, 'commit', '-q', '-m', `Round ${round}`)
}

const ways = ['anytime', 'owner', 'folder', 'move', 'child'] as const
const perTurn = 5
/** Ten rounds are every kind of kill in each direction; more are the same at other moments. */
const turns = Math.ceil(Number(process.env.HAWSER_KILL_ROUNDS ?? 10) / perTurn)

test.each(Array.from({ length: turns }, (_, turn) => turn))(
	'killed again and again (%i), another go always completes',
	{ timeout: 300_000 },
	async (turn) => {
		const project = await gitProject()
		made.push(project)
		await writeFile(join(project.worktree, 'notes.txt'), 'a person’s own')
		await writeFile(join(project.laptop, 'notes.txt'), 'mine')
		const journals = [join(project.clone, '.git/hawser-journal'), join(project.laptop, '.git/hawser-journal')]
		for (let round = 1; round <= perTurn; round++) {
			const count = turn * perTurn + round
			const name = count % 2 === 0 ? 'up' : 'back'
			const way = ways[count % ways.length] ?? 'anytime'
			const which = Math.random() < 0.5 ? 'all' : 'one'
			const delay = Math.random() * (way === 'anytime' ? 1500 : 60)
			const said = `round ${round}: ${name}, ${which} killed ${delay.toFixed(1)} ms after ${way}`
			await rewrite(project.laptop, turn * 100 + round)
			if (name === 'back') await project.up()
			await project.result('metrics.json', `${turn} ${round}`)
			await project.result(`round ${round}.txt`, 'x'.repeat(50_000))
			const work = project[name]().catch((error: unknown) => error)
			if (way !== 'anytime') await journalled(journals, new RegExp(`^${way} `, 'm'))
			await pause(delay)
			kill(which)
			await work
			// What outlived the kill may still be at work when the person tries again.
			for (const again of ['up', 'back', 'up'] as const)
				await project[again]().catch((error: unknown) => {
					throw new Error(`${said}; then ${again}: ${JSON.stringify(problemOf(error))}`)
				})
			const head = await git(project.laptop, 'rev-parse', 'HEAD')
			for (const at of [project.laptop, project.clone, project.worktree]) {
				expect(await git(at, 'rev-parse', 'HEAD'), said).toBe(head)
				const status = await git(at, 'status', '--porcelain')
				expect(status, said).toBe(at === project.clone ? '' : '?? notes.txt')
				expect(await readFile(join(at, 'results/metrics.json'), 'utf8'), said).toBe(`${turn} ${round}`)
			}
			const left = Object.entries(await project.fingerprint()).filter(([file]) => file.endsWith('/.git'))
			expect(left.map(([, files]) => files).join(''), said).toBe('')
		}
		expect(await readFile(join(project.worktree, 'notes.txt'), 'utf8')).toBe('a person’s own')
		expect(await readFile(join(project.laptop, 'notes.txt'), 'utf8')).toBe('mine')
		expect(await git(project.laptop, 'log', '--format=%s')).toContain(`Round ${turn * 100 + 1}`)
	},
)
