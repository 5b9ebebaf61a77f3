import { existsSync, statfsSync } from 'node:fs'
import { chmod, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { ProblemError } from '../../src/contract/client.ts'
import type { Take } from '../../src/contract/code.ts'
import type { OperationOutcome } from '../../src/contract/state.ts'
import {
	away,
	contentOf,
	contents,
	count,
	expectNothingLost,
	fail,
	filesBelow,
	instead,
	type Side,
	statOf,
	type World,
} from './files-model.ts'
import { killedApp } from './files-model-app.ts'
import { type Kill, killIn } from './files-model-kill.ts'

/** Each side mostly keeps to its own files, or all would be conflicts. */
const pool: Record<Side, string[]> = {
	laptop: ['train.py', 'lib/a.py', 'lib/deep/b.py', '-n', 'ü\n#.txt', 'model.ckpt', 'notes.txt'],
	workstation: ['results/m.json', 'results/deep/n.csv', 'results/best.ckpt', 'log.txt', 'data/cache.bin'],
}

interface Change {
	what: 'write' | 'big' | 'remove' | 'rename' | 'mode' | 'link' | 'clash'
	side: Side
	path: string
	other: string
}

/** Something befalls a root or a disk while an operation begins, or in the middle of it, and ends after it. */
interface Mishap {
	what: 'full' | 'emptied' | 'swapped' | 'missing'
	side: Side
	/** Null: before the operation. */
	delayMs: number | null
	/** Of a full disk: bytes that are left. */
	left: number
}

interface Sync {
	kind: 'up' | 'back'
	take: 'none' | 'laptop' | 'workstation' | 'mixed'
	big: boolean
	/** Previews are asked for all the while, as a window does. */
	watched: boolean
	kill: Kill | null
	/** The app is a process of its own, killed so long after the begin. */
	appKill: number | null
	mishap: Mishap | null
	/** A person at work while it goes on. */
	meanwhile: { change: Change; delayMs: number } | null
}

export type Step = { change: Change } | { sync: Sync }

/** So many times of a hundred. */
const sometimes = <T>(times: number, what: fc.Arbitrary<T>) =>
	fc.oneof({ weight: times, arbitrary: what }, { weight: 100 - times, arbitrary: fc.constant(null) })

const side = fc.constantFrom<Side>('laptop', 'workstation')
const path = (own: Side) =>
	fc.tuple(fc.nat(19), fc.nat(99)).map(([chance, at]) => {
		const paths = chance < 3 ? [...pool.laptop, ...pool.workstation] : pool[own]
		return paths[at % paths.length] ?? 'train.py'
	})
const change = side.chain((own) =>
	fc.record<Change>({
		what: fc.oneof(
			{ weight: 12, arbitrary: fc.constant('write') },
			{ weight: 1, arbitrary: fc.constant('big') },
			{ weight: 4, arbitrary: fc.constantFrom('remove', 'rename') },
			{ weight: 3, arbitrary: fc.constantFrom('mode', 'link', 'link') },
			{ weight: 1, arbitrary: fc.constant('clash') },
		) as fc.Arbitrary<Change['what']>,
		side: fc.constant(own),
		path: path(own),
		other: path(own),
	}),
)
const kill = fc.record<Kill>({
	which: fc.oneof(
		{ weight: 6, arbitrary: fc.constantFrom('rsync', 'rsync', 'rsyncs') },
		{ weight: 3, arbitrary: fc.constantFrom('link', 'shells', 'engine') },
	) as fc.Arbitrary<Kill['which']>,
	share: fc.nat(999).map((thousandths) => thousandths / 1000),
	after: fc.constantFrom('begin', 'rsync', 'rsync', 'rsync'),
	delayMs: fc.oneof(fc.nat(30), fc.nat(120), fc.nat(800)),
})
const mishap = fc.record<Mishap>({
	what: fc.constantFrom('full', 'full', 'emptied', 'swapped', 'missing'),
	side,
	delayMs: sometimes(50, fc.nat(600)),
	left: fc.constantFrom(0, 0, 4096, 40_000),
})
const sync = fc.record<Sync>({
	kind: fc.constantFrom('up', 'up', 'back'),
	take: fc.constantFrom('none', 'laptop', 'workstation', 'mixed'),
	big: fc.constantFrom(false, true, true),
	watched: fc.constantFrom(false, false, false, true),
	kill: sometimes(30, kill),
	appKill: sometimes(5, fc.nat(900)),
	mishap: sometimes(30, mishap),
	meanwhile: sometimes(30, fc.record({ change, delayMs: fc.nat(600) })),
})

/** Some changes, an operation, and so on. */
export const steps: fc.Arbitrary<Step[]> = fc
	.array(fc.tuple(fc.array(change, { minLength: 1, maxLength: 7 }), sync), { minLength: 1, maxLength: 4 })
	.map((rounds) =>
		rounds.flatMap(([changes, one]) => [...changes.map((change) => ({ change })), { sync: one }]),
	)

export async function play(world: World, step: Step): Promise<void> {
	if ('change' in step) await apply(world, step.change)
	else await operate(world, step.sync)
}

const bigBytes = 9_000_000
/** Two versions of one size must not be of one time: tools tell them apart by both. */
let lastTime = 0

/** A person's change. Gives the contents that it may have taken away. */
async function apply(world: World, { what, side, path, other }: Change): Promise<string[]> {
	const root = world.trees[side]
	const at = join(root, path)
	const tell = (words: string) => world.story.push(`${side}: ${words}`)
	const before = () => filesBelow(root).map((name) => contentOf(join(root, name)) ?? '')
	const old = before()
	const stat = statOf(at)
	try {
		if (what === 'write' || what === 'big') {
			if (stat?.isDirectory()) return []
			const text = `${side} ${String(++world.texts).padStart(4, '0')}\n`
			// Beside, and then in its place: whoever reads it meanwhile gets the one or the other.
			const fresh = join(dirname(root), `${world.project.name}.fresh`)
			await mkdir(dirname(at), { recursive: true })
			await writeFile(fresh, what === 'big' ? text.repeat(bigBytes / text.length) : text)
			lastTime = Math.max(lastTime + 5, Date.now())
			await utimes(fresh, lastTime / 1000, lastTime / 1000)
			await rename(fresh, at)
			tell(`${what} ${JSON.stringify(path)}: ${text.trim()}`)
		} else if (what === 'link') {
			if (stat?.isDirectory()) return []
			await mkdir(dirname(at), { recursive: true })
			await rm(at, { force: true })
			await symlink(`to ${side} ${++world.texts}`, at)
			tell(`link ${JSON.stringify(path)}: ${world.texts}`)
		} else if (what === 'remove') {
			await rm(at, { recursive: true, force: true })
			tell(`remove ${JSON.stringify(path)}`)
		} else if (what === 'rename') {
			if (!stat || path === other || existsSync(join(root, other))) return []
			await mkdir(dirname(join(root, other)), { recursive: true })
			await rename(at, join(root, other))
			tell(`rename ${JSON.stringify(path)} to ${JSON.stringify(other)}`)
		} else if (what === 'mode') {
			if (!stat?.isFile()) return []
			await chmod(at, stat.mode ^ 0o111)
			tell(`mode of ${JSON.stringify(path)}`)
		} else {
			// A file becomes a folder, or a folder a file.
			await rm(stat?.isDirectory() || !path.includes('/') ? at : dirname(at), {
				recursive: true,
				force: true,
			})
			const to = stat?.isDirectory() ? at : path.includes('/') ? dirname(at) : join(at, 'inside')
			await mkdir(dirname(to), { recursive: true })
			await writeFile(to, `${side} ${String(++world.texts).padStart(4, '0')}\n`)
			tell(`clash at ${JSON.stringify(path)}: ${world.texts}`)
		}
	} catch (error) {
		// The disk is full, the root is away, or a file is where a folder would have to be.
		tell(`${what} ${JSON.stringify(path)}: ${error instanceof Error ? error.message : error}`)
	}
	const now = new Set(before())
	return old.filter((content) => !now.has(content))
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))
/** An operation that nobody harms any more ends within that. */
const longestMs = 90_000
/** One that takes longer than that waited for something. */
const slowSeconds = 20

async function operate(world: World, sync: Sync): Promise<void> {
	const { kind, big, kill, appKill, meanwhile, watched } = sync
	const { ground, project } = world
	const taken = new Set<string>()
	let mishap = sync.mishap
	// Before anything was ever in step, nothing can tell that a root is another one.
	const hasIndex = world.kept.laptop.every((folder) => existsSync(join(dirname(folder), 'index')))
	if (mishap && mishap.what !== 'full' && !hasIndex) mishap = null
	if (mishap?.what === 'full' && !ground.disks) mishap = null
	world.story.push(`${kind} ${JSON.stringify({ ...sync, mishap })}`)
	const undo: (() => Promise<void>)[] = []
	const strike = async (one: Mishap) => {
		const gone = await befall(world, one, undo)
		for (const content of gone) taken.add(content)
	}
	if (mishap?.delayMs === null) await strike(mishap)
	const before = contents(world)
	const operation = { ended: false }
	const after = async (ms: number, work: () => Promise<unknown>) => {
		const due = performance.now() + ms
		while (!operation.ended && performance.now() < due) await pause(Math.min(ms, 10))
		if (!operation.ended) await work()
	}
	const others: Promise<unknown>[] = []
	if (mishap && mishap.delayMs !== null) {
		const one = mishap
		others.push(after(mishap.delayMs, () => strike(one)))
	}
	if (meanwhile)
		others.push(
			after(meanwhile.delayMs, async () => {
				for (const content of await apply(world, meanwhile.change)) taken.add(content)
			}),
		)
	if (appKill !== null) {
		await ground.engine.dispose()
		count(world, await killedApp(ground.dataFolder, { kind, wish: { project: project.name, big } }, appKill))
		operation.ended = true
		await Promise.all(others)
		await ground.revive()
		world.hits += 1
	} else {
		if (kill) others.push(killIn(world, kill, operation).then((hit) => (world.hits += Number(hit))))
		if (watched)
			others.push(
				after(0, async () => {
					while (!operation.ended)
						await ground.engine.call('preview', { kind, project: project.name }).catch((error: unknown) => {
							const code = error instanceof ProblemError ? error.problem.code : 'internal'
							if (['internal', 'files-index-broken'].includes(code)) fail(world, [`a preview: ${error}`])
							return pause(20)
						})
				}),
			)
		const since = performance.now()
		const outcome = await run(world, kind, sync.take, big)
		operation.ended = true
		const seconds = Math.round((performance.now() - since) / 1000)
		if (!(outcome instanceof Error) && outcome.problem?.code === 'internal')
			fail(world, [`no plain words: ${JSON.stringify(outcome.problem)}`])
		count(world, endOf(outcome))
		world.story.push(`  ${endOf(outcome)}, ${seconds} s`)
		if (seconds > slowSeconds) console.warn(`slow:\n${world.story.join('\n')}`)
		await Promise.all(others)
		if (kill?.which === 'engine') await ground.revive()
	}
	await expectNothingLost(world, before, taken)
	for (const undone of undo) await undone()
}

export const endOf = (outcome: OperationOutcome | Error) =>
	outcome instanceof Error ? `refused: ${outcome.message}` : (outcome.problem?.code ?? outcome.status)

/** An operation to its end, however that is; what is bound to a preview when a side is taken of all conflicts. */
export async function run(
	world: World,
	kind: 'up' | 'back',
	take: Sync['take'],
	big: boolean,
	full = false,
): Promise<OperationOutcome | Error> {
	const { ground, project } = world
	const { engine } = ground
	const late = Promise.withResolvers<never>()
	const timer = setTimeout(
		() => late.reject(new Error(`hangs: ${JSON.stringify(engine.state().operations)}`)),
		longestMs,
	)
	const work = async () => {
		const wish = { project: project.name, big, ...(full && kind === 'up' ? { full } : {}) }
		const asked = take === 'none' ? {} : await chosen(world, kind, take)
		const { operation } = await engine.call(kind, { ...wish, ...asked })
		return await engine.call('waitOperation', { operation })
	}
	try {
		return await Promise.race([
			work().catch((error: unknown) => {
				if (error instanceof ProblemError) return error
				throw error
			}),
			late.promise,
		])
	} catch (error) {
		fail(world, [error instanceof Error ? (error.stack ?? error.message) : String(error)])
	} finally {
		clearTimeout(timer)
	}
}

async function chosen({ ground, project }: World, kind: 'up' | 'back', take: Sync['take']) {
	const plan = await ground.engine.call('preview', { kind, project: project.name })
	const sides: Take = {}
	for (const [at, { path }] of plan.conflicts.entries())
		sides[path] = take === 'mixed' ? (at % 2 === 0 ? 'laptop' : 'workstation') : (take as Side)
	return { take: sides }
}

/** Gives the contents that it took away. `undo` gets what ends it. */
async function befall(
	world: World,
	{ what, side, left }: Mishap,
	undo: (() => Promise<void>)[],
): Promise<string[]> {
	const root = world.trees[side]
	const disk = world.ground.disks?.[side]
	world.story.push(`${side}: ${what}`)
	if (what === 'full') {
		if (!disk) return []
		const filler = join(disk, 'filler')
		undo.push(() => rm(filler, { force: true }))
		const { bavail, bsize } = statfsSync(disk)
		await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - left))).catch(() => {})
		return []
	}
	if (!existsSync(root)) return []
	if (what === 'emptied') {
		const gone = filesBelow(root).map((path) => contentOf(join(root, path)) ?? '')
		for (const path of filesBelow(root)) await rm(join(root, path), { force: true })
		return gone
	}
	await rename(root, away(root))
	undo.push(async () => {
		// What was made in its place meanwhile stays to be seen.
		if (statOf(root)?.isSymbolicLink()) await rm(root)
		else if (existsSync(root)) {
			world.story.push(`${side}: made anew: ${filesBelow(root).join(', ')}`)
			await rm(root, { recursive: true })
		}
		await rename(away(root), root)
	})
	if (what === 'missing') return []
	const former = existsSync(instead(root)) ? filesBelow(instead(root)) : []
	const gone = former.map((path) => contentOf(join(instead(root), path)) ?? '')
	await rm(instead(root), { recursive: true, force: true })
	await mkdir(instead(root))
	await writeFile(join(instead(root), 'train.py'), `instead ${++world.texts}\n`)
	await symlink(instead(root), root)
	return gone
}
