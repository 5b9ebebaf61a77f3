import { lstatSync, readlinkSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from '../../src/engine/files/entry.ts'
import { openBase } from '../../src/engine/files/index-journal.ts'
import { filePlaces } from '../../src/engine/files/places.ts'
import { type Verdict, verdictOf } from '../../src/engine/files/verdict.ts'
import {
	contentOf,
	contents,
	expectNothingLost,
	fail,
	filesBelow,
	isIgnored,
	isResult,
	statOf,
	type World,
} from './files-model.ts'
import { endOf, run } from './files-model-steps.ts'

/** So many times something is left to be chosen or cleared by hand. */
const mostTries = 8

/** Both ways undisturbed, with choices where both sides changed: then nothing is to be done, and both sides agree. */
export async function bringInStep(world: World): Promise<void> {
	// Of a tree that holds nothing any more nothing is sent, whoever says so.
	if (filesBelow(world.trees.laptop).length === 0)
		await writeFile(join(world.trees.laptop, 'again.txt'), `laptop ${++world.texts}\n`)
	for (const kind of ['up', 'back'] as const) await untilDone(world, kind)
	await expectNothingToDo(world)
	await expectAgreement(world)
	await expectBackupsTold(world)
}

async function untilDone(world: World, kind: 'up' | 'back'): Promise<void> {
	for (let tries = 0; ; tries++) {
		const before = contents(world)
		const outcome = await run(world, kind, tries === 0 ? 'none' : 'mixed', true, true)
		world.story.push(`at the end, ${kind}: ${endOf(outcome)}`)
		await expectNothingLost(world, before, new Set())
		if (!(outcome instanceof Error)) {
			if (outcome.status === 'succeeded') return
			const { code } = outcome.problem ?? {}
			if (tries < mostTries && code === 'files-conflict') continue
			if (tries < mostTries && code === 'files-kind-clash') {
				await clear(world, kind)
				continue
			}
		}
		fail(world, [`undisturbed ${kind} did not succeed: ${endOf(outcome)}`, JSON.stringify(outcome)])
	}
}

/** What a person does about a folder here and a file there: takes one of them away. */
async function clear(world: World, kind: 'up' | 'back'): Promise<void> {
	const { engine } = world.ground
	const { conflicts } = await engine.call('preview', { kind, project: world.project.name })
	const laptop = kind === 'back' && world.into !== null ? world.into : world.trees.laptop
	for (const { path } of conflicts) {
		const [here, there] = [join(laptop, path), join(world.trees.workstation, path)]
		const isFolder = (at: string) => statOf(at)?.isDirectory() ?? false
		if (isFolder(here) === isFolder(there)) continue
		world.story.push(`cleared ${JSON.stringify(path)} on the laptop`)
		await rm(here, { recursive: true, force: true })
	}
}

async function expectNothingToDo(world: World): Promise<void> {
	const { engine } = world.ground
	for (const kind of ['up', 'back'] as const)
		for (let tries = 0; ; tries++) {
			const plan = await engine.call('preview', { kind, project: world.project.name, big: true })
			if (
				!plan.problem &&
				plan.conflicts.length === 0 &&
				plan.steps.every(({ fileCount }) => fileCount === 0)
			)
				break
			// A folder that became empty by a deletion goes with it, also one that was sent as an empty one.
			const isFolders = plan.steps.every(({ files }) => files.every(({ bytes }) => bytes === 0))
			if (tries > 0 || !isFolders)
				fail(world, [`in step, and yet ${kind} has something to do: ${JSON.stringify(plan)}`])
			await untilDone(world, kind)
		}
}

function entriesOf(root: string): Map<string, Entry> {
	const entries = new Map<string, Entry>()
	for (const name of filesBelow(root)) {
		const stat = lstatSync(join(root, name), { bigint: true })
		const path = Buffer.from(name).toString('latin1')
		const target = stat.isSymbolicLink() ? readlinkSync(join(root, name), 'latin1') : ''
		entries.set(name, {
			path,
			kind: stat.isSymbolicLink() ? 'link' : 'file',
			size: stat.isSymbolicLink() ? target.length : Number(stat.size),
			mtime: stat.mtimeNs,
			executable: !stat.isSymbolicLink() && (Number(stat.mode) & 0o100) !== 0,
			target,
		})
	}
	return entries
}

/** What may stay different after `up` and `back`, by the verdict. */
function mayStay(verdict: Verdict, path: string, deletes: boolean): boolean {
	if (isResult(path)) {
		// Ignored ones of the laptop's do not go up; what the laptop deleted on purpose does not come again.
		if (isIgnored(path) && (verdict === 'up' || verdict === 'gone-there')) return true
		return verdict === 'gone-here' && deletes
	}
	if (isIgnored(path)) return true
	return verdict === 'back' || (verdict === 'gone-here' && !deletes)
}

async function expectAgreement(world: World): Promise<void> {
	const { project, trees, into, ground } = world
	const deletes = project.files.delete
	const places = filePlaces(project, ground.dataFolder)
	const there = entriesOf(trees.workstation)
	const wrong = [
		...(await differences(trees.laptop, trees.workstation, there, places.own, (verdict, path) =>
			into !== null && isResult(path)
				? isIgnored(path) || verdict === 'back' || verdict === 'gone-here'
				: mayStay(verdict, path, deletes),
		)),
		...(into === null
			? []
			: await differences(
					into,
					trees.workstation,
					new Map([...there].filter(([path]) => isResult(path))),
					places.ownInto,
					(verdict, path) =>
						verdict === 'up' ||
						(deletes ? verdict === 'gone-here' : verdict === 'gone-there') ||
						isBelowFile(trees.workstation, path),
				)),
	]
	if (wrong.length > 0) fail(world, ['both sides do not agree:', ...wrong])
}

/** A file took the place of a folder: what the other side has in such a folder stays. */
const isBelowFile = (root: string, path: string) =>
	path
		.split('/')
		.slice(1)
		.some((_, at) => statOf(join(root, ...path.split('/').slice(0, at + 1)))?.isDirectory() === false)

async function differences(
	laptop: string,
	workstation: string,
	there: ReadonlyMap<string, Entry>,
	own: string,
	isFine: (verdict: Verdict, path: string) => boolean,
): Promise<string[]> {
	const here = entriesOf(laptop)
	const base = new Map<string, Entry>()
	for await (const entry of (await openBase(own)).entries())
		base.set(Buffer.from(entry.path, 'latin1').toString(), entry)
	return [...new Set([...here.keys(), ...there.keys()])].flatMap((path) => {
		const verdict = verdictOf(here.get(path) ?? null, there.get(path) ?? null, base.get(path) ?? null)
		const contents = [laptop, workstation].map((root) => contentOf(join(root, path)))
		if (verdict !== null && isFine(verdict, path)) return []
		if (verdict === null && contents[0] === contents[1]) return []
		return [`${JSON.stringify(path)}: ${verdict ?? 'same'}, ${JSON.stringify(contents)}`]
	})
}

/** Every backup that holds something is told, with as many files as it has. */
async function expectBackupsTold(world: World): Promise<void> {
	const { engine } = world.ground
	const { backups } = await engine.call('listBackups', { project: world.project.name })
	const told = backups.map(({ machine, id, count }) => `${machine} ${id} ${count}`)
	const all = (['laptop', 'workstation'] as const).flatMap((side) =>
		world.kept[side].flatMap((folder) => {
			const counts = new Map<string, number>()
			for (const path of filesBelow(folder)) {
				const [, id] = /^([^/]+)\/tree\//.exec(path) ?? []
				if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1)
			}
			return [...counts].map(([id, count]) => `${side} ${id} ${count}`)
		}),
	)
	const [one, other] = [told.sort().join('\n'), all.sort().join('\n')]
	if (one !== other) fail(world, ['listed backups:', one, 'those there are:', other])
	world.ends.backups = (world.ends.backups ?? 0) + backups.length
}
