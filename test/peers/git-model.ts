import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ProblemError } from '../../src/contract/client.ts'
import type { Problem } from '../../src/contract/problem.ts'
import { undo } from '../../src/engine/git/undo.ts'
import { type Ledger, lost, lostHistory, takeLedger } from './git-ledger.ts'
import { atWorkIn, type Kill, killIn } from './git-model-kill.ts'
import { type GitProject, stepRunner } from './git-project.ts'
import { git } from './repositories.ts'

/** What really is there; fast-check's other half, the simplified model, is the ledger of what must not be lost. */
export interface World {
	project: GitProject
	/** Every id that was ever in a history of one of the three repositories. */
	ever: Set<string>
	/** So that no two writings are alike. */
	count: number
	/** What was done, for the report. */
	told: string[]
	/** How many operations were to be killed, and how many had something left to kill. */
	kills: number
	hits: number
}

export function openWorld(project: GitProject): World {
	return { project, ever: new Set(), count: 0, told: [], kills: 0, hits: 0 }
}

export type Folder = 'laptop' | 'clone' | 'worktree'

/** A person at work: git may refuse it, as it may refuse anybody, and then nothing is done. */
export async function person(world: World, what: string, ...work: (() => Promise<unknown>)[]): Promise<void> {
	for (const step of work) {
		const went = await step().then(
			() => true,
			(error: unknown) => {
				if (error instanceof Error && /^Command failed: git/.test(error.message)) return false
				throw error
			},
		)
		world.told.push(went ? what : `${what} (git refused)`)
		if (!went) return
	}
}

export async function write(world: World, folder: Folder, file: string, lines = 1): Promise<void> {
	world.count += 1
	const path = join(world.project[folder], file)
	await mkdir(dirname(path), { recursive: true })
	await writeFile(path, `${world.count} on the ${folder}\n`.repeat(lines))
}

/** Somebody else's push to the hub: a new file on that branch. */
export async function pushElsewhere({ project, count }: World, branch: string): Promise<void> {
	const { hub } = project
	const tree = await git(hub, 'rev-parse', `refs/heads/${branch}^{tree}`)
	const commit = await git(hub, 'commit-tree', '-p', branch, '-m', `Elsewhere ${count}`, tree)
	await git(hub, 'update-ref', `refs/heads/${branch}`, commit)
}

export type Operation = 'up' | 'back' | 'undo'

/** Runs it, killed or not, and sees that nothing is lost by it. Gives its problem, or null. */
export async function operate(world: World, name: Operation, kill?: Kill): Promise<Problem | null> {
	const { project, ever } = world
	const before: Ledger = await takeLedger(project)
	if (before.unread.length > 0) throw new Error(`git cannot read ${before.unread} in ${project.folder}`)
	for (const id of before.history) ever.add(id)
	let problem: Problem | null = null
	const begun: Promise<unknown> =
		name === 'undo' ? undo(stepRunner(), project.link, project.project, {}) : project[name]()
	const operation = { ended: false }
	const work = begun
		.then(
			() => {},
			(error: unknown) => {
				// Whatever goes wrong, and be it that it is killed, is said in words.
				if (!(error instanceof ProblemError)) throw error
				problem = error.problem
			},
		)
		.finally(() => {
			operation.ended = true
		})
	const [hit] = await Promise.all([kill && killIn(project, kill, operation), work])
	if (kill) world.kills += 1
	if (hit) world.hits += 1
	await quiet(project)
	world.told.push(`${name}${kill ? ' killed' : ''}: ${codeOf(problem)}`)
	const now = await takeLedger(project)
	const gone = [...(await lost(before, project, now)), ...lostHistory(ever, now)]
	if (gone.length > 0)
		throw new Error(`${name} lost ${gone.join(', ')}\nafter ${world.told.join('; ')}\nin ${project.folder}`)
	return problem
}

const codeOf = (problem: Problem | null) => problem?.code ?? 'done'

/** What outlives a kill ends by itself, soon. */
async function quiet(project: GitProject): Promise<void> {
	const end = Date.now() + 60_000
	while (atWorkIn(project.folder).length > 0) {
		if (Date.now() > end) throw new Error(`still at work in ${project.folder}`)
		await new Promise((done) => setTimeout(done, 5))
	}
}

/** Whether merging these two conflicts, asked of git itself. */
async function conflicts(folder: string, one: string, other: string): Promise<boolean> {
	return await git(folder, 'merge-tree', '--write-tree', '--name-only', one, other).then(
		() => false,
		() => true,
	)
}

const within = (folder: string, one: string, other: string) =>
	git(folder, 'merge-base', '--is-ancestor', one, other).then(
		() => true,
		() => false,
	)

async function twoWays(folder: string, one: string, other: string): Promise<boolean> {
	return !(await within(folder, one, other)) && !(await within(folder, other, one))
}

/** Why three cannot come together by themselves. */
type Stop = 'conflict' | 'diverged' | 'undone-on-hub'

/**
 * A person tidies up after all that happened; then up and back bring the three together, unless branches went two
 * ways or conflict: then it says so, and plain git agrees. Gives what became of it.
 */
export async function bringTogether(world: World): Promise<'together' | Stop> {
	const { project } = world
	const { laptop, clone, worktree } = project
	// Leftovers of a kill are cleared by the next operation, whatever else it says.
	await operate(world, 'up')
	for (const at of [laptop, clone, worktree]) {
		// What nobody tracks would be in the way of the same file from elsewhere. Results are what back is for.
		await git(at, 'add', '-A', '--', '.', ...(at === worktree ? [':!results'] : []))
		await git(at, 'commit', '-q', '-m', 'Tidied up').catch(() => {})
	}
	await git(laptop, 'checkout', '-q', 'master')
	for (const name of ['up', 'back', 'up'] as const) {
		const problem = await operate(world, name)
		if (problem === null) continue
		const { code } = problem
		const isEnd = code === 'conflict' || code === 'diverged' || code === 'undone-on-hub'
		if (isEnd && (await agrees(world, code))) return code
		throw new Error(
			`${name} stops: ${JSON.stringify(problem)}\nafter ${world.told.join('; ')}\nin ${project.folder}`,
		)
	}
	await expectTogether(world)
	return 'together'
}

/** Whether plain git sees it too. */
async function agrees(world: World, code: Stop): Promise<boolean> {
	const { laptop, clone, hub } = world.project
	await git(laptop, 'fetch', '-q', hub, '+refs/heads/*:refs/remotes/hub/*')
	await git(laptop, 'fetch', '-q', clone, '+refs/heads/*:refs/remotes/clone/*')
	const [base, validation] = ['master', 'clone/gpu-validation']
	if (code === 'conflict') return (await conflicts(laptop, base, validation)) || (await resultsChanged(world))
	const hubIsAhead = !(await within(laptop, 'hub/gpu-validation', validation))
	if (code === 'undone-on-hub') {
		const undone = world.told.some((what) => what.startsWith('undo'))
		return undone && (hubIsAhead || !(await within(laptop, 'hub/master', base)))
	}
	return (
		hubIsAhead || (await twoWays(laptop, base, 'hub/master')) || (await twoWays(laptop, base, 'clone/master'))
	)
}

/** Results that wait uncommitted are merged with what the laptop changed there. */
async function resultsChanged({ project }: World): Promise<boolean> {
	const waiting = await git(project.worktree, 'status', '--porcelain', '-uall', '--', 'results')
	return waiting !== ''
}

async function expectTogether(world: World): Promise<void> {
	const { hub, laptop, clone, worktree } = world.project
	const heads = await Promise.all([
		git(laptop, 'rev-parse', 'refs/heads/master'),
		git(clone, 'rev-parse', 'refs/heads/master'),
		git(worktree, 'rev-parse', 'HEAD'),
		git(hub, 'rev-parse', 'refs/heads/master'),
	])
	const statuses = await Promise.all(
		[laptop, clone, worktree].map((at) => git(at, 'status', '--porcelain', '-uno')),
	)
	const results = await git(worktree, 'status', '--porcelain', '-uall', '--', 'results')
	const left = await Promise.all(
		[laptop, clone].map(async (at) =>
			(await readdir(join(at, '.git'))).filter((file) => /^hawser-|\.lock$/.test(file)),
		),
	)
	// What somebody committed to the base branch itself, on the hub or in the clone, is the person's to pull.
	const [head = '', ofClone = '', validation = '', ofHub = ''] = heads
	const same = head === validation && (await within(hub, head, ofHub)) && (await within(clone, head, ofClone))
	if (!same || statuses.join('') !== '' || results !== '' || left.flat().length > 0)
		throw new Error(
			`not together: ${JSON.stringify({ heads, statuses, results, left })}\nafter ${world.told.join('; ')}\nin ${world.project.folder}`,
		)
}

/** A file of a person's own goes. */
export async function remove(world: World, folder: Folder, file: string): Promise<void> {
	await rm(join(world.project[folder], file), { force: true })
}
