import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { addWorktree, listWorktrees, removeWorktree } from '../../src/engine/git/worktrees.ts'
import { problemOf } from '../../src/engine/problems.ts'
import { type GitProject, gitProject } from './git-project.ts'
import { git } from './repositories.ts'

const made: GitProject[] = []
afterEach(async () => {
	for (const project of made.splice(0)) await project.remove()
})

/** Ends the shells and gits that descend from this process. */
function kill(): void {
	const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8' })
	const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
	const grow = (parent: number) => {
		for (const [pid, of, name = ''] of rows) {
			if (Number(of) !== parent) continue
			grow(Number(pid))
			try {
				if (/^(sh|git|dash|bash)$/.test(name)) process.kill(Number(pid), 'SIGKILL')
			} catch {
				// It ended by itself.
			}
		}
	}
	grow(process.pid)
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))
const rounds = Number(process.env.HAWSER_KILL_ROUNDS ?? 3)

test.each(['laptop', 'workstation'] as const)(
	'killed on the %s while one is made or removed, again completes it',
	{ timeout: 300_000 },
	async (machine) => {
		const project = await gitProject()
		made.push(project)
		const at = machine === 'laptop' ? project.laptop : project.clone
		for (let n = 0; n < 400; n++) {
			await mkdir(join(at, `folder ${n % 9}`), { recursive: true })
			await writeFile(join(at, `folder ${n % 9}`, `file ${n}`), `${n}\n`.repeat(1 + ((n * 37) % 900)))
		}
		await git(at, 'add', '.')
		await git(at, 'commit', '-q', '-m', 'Many files')
		await git(at, 'branch', 'kept')
		const path = join(project.folder, machine, 'extra')
		const wish = { machine, path, branch: 'extra' }
		const before = await project.fingerprint()
		for (let round = 0; round < rounds; round++) {
			for (const work of [addWorktree, removeWorktree]) {
				const delay = Math.random() * 400
				const said = `round ${round}: ${work.name} killed after ${delay.toFixed(1)} ms`
				const input = work === addWorktree ? wish : { machine, path }
				const first = work(project.link, project.project, input as typeof wish).catch(problemOf)
				await pause(delay)
				kill()
				await first
				const again = await work(project.link, project.project, input as typeof wish).catch(problemOf)
				if (work === addWorktree) {
					expect(again, said).toMatchObject({ ...wish, changedCount: 0, untrackedCount: 0, locked: false })
					expect(await git(path, 'status', '--porcelain', '--branch'), said).toBe('## extra')
				} else {
					// The first one may have come to its end.
					if (again) expect(again, said).toMatchObject({ code: 'worktree-missing' })
					expect(existsSync(path), said).toBe(false)
					const left = await listWorktrees(project.link, project.project)
					expect(
						left.map((each) => each.path),
						said,
					).not.toContain(path)
				}
			}
		}
		await git(at, 'branch', '-q', '-D', 'extra')
		expect(await project.fingerprint()).toEqual(before)
	},
)
