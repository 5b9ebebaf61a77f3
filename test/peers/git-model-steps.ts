import fc from 'fast-check'
import {
	type Folder,
	type Operation,
	openWorld,
	operate,
	person,
	pushElsewhere,
	remove,
	type World,
	write,
} from './git-model.ts'
import type { Kill } from './git-model-kill.ts'
import type { GitProject } from './git-project.ts'
import { git } from './repositories.ts'

/** Nothing is simplified: the ledger says what must not be lost, and git itself what must conflict. */
type Model = Record<string, never>

/** A step that can always be taken. */
class Step implements fc.AsyncCommand<Model, World> {
	private readonly words: string
	private readonly work: (world: World) => Promise<unknown>
	constructor(words: string, work: (world: World) => Promise<unknown>) {
		this.words = words
		this.work = work
	}
	check() {
		return true
	}
	async run(_model: Model, world: World) {
		await this.work(world)
	}
	toString() {
		return this.words
	}
}

const step = (words: string, work: (world: World) => Promise<unknown>) => new Step(words, work)

/** Each side mostly keeps to its own files, or no sequence would ever end together. */
const own: Record<Folder, string[]> = {
	laptop: ['model.py', 'lib/a.py', 'lib/b.py', 'lib/deep/c.py'],
	clone: ['data.csv'],
	worktree: ['tuned.yaml', 'gpu/d.py', 'gpu/e.py'],
}
const folder = fc.constantFrom<Folder>('laptop', 'laptop', 'laptop', 'worktree', 'worktree', 'clone')
const place = fc.tuple(folder, fc.nat(3), fc.nat(19)).map(([where, n, chance]) => {
	const files = own[chance === 0 ? 'laptop' : where]
	return { where, file: files[n % files.length] ?? 'model.py' }
})
const commitIn = (at: string) => () => git(at, 'commit', '-q', '-m', 'By hand')
const add =
	(at: string, ...what: string[]) =>
	() =>
		git(at, 'add', '--', ...what)

const editsAndCommits = place.map(({ where, file }) =>
	step(`commit ${file} on the ${where}`, async (world) => {
		await write(world, where, file)
		const at = world.project[where]
		await person(world, `commit ${file} on the ${where}`, add(at, file), commitIn(at))
	}),
)
const edits = fc.record({ place, staged: fc.boolean() }).map(({ place: { where, file }, staged }) =>
	step(`edit ${file} on the ${where}${staged ? ', staged' : ''}`, async (world) => {
		await write(world, where, file)
		if (staged) await person(world, `stage ${file} on the ${where}`, add(world.project[where], file))
	}),
)
const deletes = place.map(({ where, file }) =>
	step(`delete ${file} on the ${where}`, async ({ project, ...world }) => {
		const at = project[where]
		await person(
			{ project, ...world },
			`delete ${file} on the ${where}`,
			() => git(at, 'rm', '-q', file),
			commitIn(at),
		)
	}),
)
const untracked = fc
	.record({ folder, file: fc.constantFrom('notes.txt', 'lib/a.py', 'gpu/e.py', 'new name.txt') })
	.map(({ folder: where, file }) =>
		step(`write ${file} on the ${where}`, async (world) => {
			const at = world.project[where]
			const tracked = await git(at, 'ls-files', '--', file)
			// What is tracked is edited elsewhere.
			if (tracked === '') await write(world, where, file)
		}),
	)
/** By chance alone, a file that nobody tracks on one side would hardly ever come from another. */
const sides = fc.constantFrom<[here: Folder, there: Folder]>(
	['worktree', 'laptop'],
	['clone', 'laptop'],
	['laptop', 'worktree'],
)
const collisions = fc
	.record({ sides, file: fc.constantFrom('notes.txt', 'gpu/new.py') })
	.map(({ sides: [here, there], file }) =>
		step(`write ${file} on the ${here}, commit it on the ${there}`, async (world) => {
			await write(world, here, file)
			await write(world, there, file)
			const at = world.project[there]
			await person(world, `commit ${file} on the ${there}`, add(at, file), commitIn(at))
		}),
	)
const addsAll = folder.map((where) =>
	step(`commit all on the ${where}`, async (world) => {
		const at = world.project[where]
		await person(world, `commit all on the ${where}`, add(at, '.', ':!results'), commitIn(at))
	}),
)
const removes = folder.map((where) =>
	step(`remove notes.txt on the ${where}`, (world) => remove(world, where, 'notes.txt')),
)
const results = fc
	.record({
		file: fc.constantFrom('metrics.json', 'log.txt', 'deep/plot.svg'),
		lines: fc.constantFrom(1, 2000),
	})
	.map(({ file, lines }) =>
		step(`result ${file}`, (world) => write(world, 'worktree', `results/${file}`, lines)),
	)
const stashes = fc
	.constantFrom<Folder>('laptop', 'worktree')
	.map((where) =>
		step(`stash on the ${where}`, (world) =>
			person(world, `stash on the ${where}`, () => git(world.project[where], 'stash', '-q', '-u')),
		),
	)
const switches = fc
	.constantFrom(['-B', 'side'], ['master'], ['--detach'])
	.map((to) =>
		step(`switch the laptop to ${to.join(' ')}`, (world) =>
			person(world, `switch to ${to.join(' ')}`, () => git(world.project.laptop, 'checkout', '-q', ...to)),
		),
	)
const amends = fc
	.constantFrom<Folder>('laptop', 'worktree')
	.map((where) =>
		step(`amend on the ${where}`, (world) =>
			person(world, `amend on the ${where}`, () =>
				git(
					world.project[where],
					'commit',
					'-q',
					'--amend',
					'--allow-empty',
					'-m',
					`Amended ${world.count++}`,
				),
			),
		),
	)
const elsewhere = fc.constantFrom('master', 'gpu-validation').map((branch) =>
	step(`somebody pushes to ${branch}`, async (world) => {
		world.count += 1
		world.told.push(`somebody pushes to ${branch}`)
		await pushElsewhere(world, branch)
	}),
)
const operations = fc.constantFrom<Operation>('up', 'up', 'up', 'back', 'back', 'back', 'undo')
const goes = operations.map((name) => step(name, (world) => operate(world, name)))
const kill: fc.Arbitrary<Kill> = fc.record({
	which: fc.constantFrom('all', 'one', 'link'),
	share: fc.double({ min: 0, max: 0.999, noNaN: true }),
	after: fc.constantFrom('anytime', 'owner', 'folder', 'move', 'child'),
	delayMs: fc.nat(40),
})
const killed = fc.record({ name: operations, kill, late: fc.nat(500) }).map(({ name, kill: how, late }) => {
	const delayMs = how.after === 'anytime' ? late : how.delayMs
	const words = `${name}, ${how.which} killed ${delayMs} ms after ${how.after} (${how.share.toFixed(2)})`
	return step(words, (world) => operate(world, name, { ...how, delayMs }))
})

/** What may happen in a sequence, in any order: up to eight of these. */
export const commands = fc.commands(
	// Some things happen more often than others.
	[
		editsAndCommits,
		editsAndCommits,
		editsAndCommits,
		results,
		results,
		edits,
		deletes,
		untracked,
		collisions,
		addsAll,
		removes,
		stashes,
		switches,
		amends,
		elsewhere,
		goes,
		goes,
		killed,
		killed,
	].map((arbitrary) => arbitrary as fc.Arbitrary<Step>),
	{ maxCommands: 8, size: 'max' },
)

/** Files on both sides for the steps to work on. */
export async function prepare(project: GitProject): Promise<void> {
	const { laptop } = project
	const world = openWorld(project)
	for (const file of [...own.laptop, ...own.worktree]) await write(world, 'laptop', file)
	await git(laptop, 'add', '.')
	await git(laptop, 'commit', '-q', '-m', 'All of it')
	await project.up()
}
