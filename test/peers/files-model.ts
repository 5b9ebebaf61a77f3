import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
	existsSync,
	lstatSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmdirSync,
	type Stats,
} from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { z } from 'zod'
import { configSchema } from '../../src/contract/config.ts'
import { backupsIn, filePlaces } from '../../src/engine/files/places.ts'
import { type EngineUnderTest, startEngine } from './engine.ts'
import { type Sshd, startSshd } from './sshd.ts'

export type Side = 'laptop' | 'workstation'

/** One engine and one workstation for many sequences: making them takes longer than a sequence. */
export interface Ground {
	engine: EngineUnderTest
	sshd: Sshd
	/** Of the laptop: trees, and Hawser's own. */
	folder: string
	dataFolder: string
	projects: Record<string, ProjectSettings>
	/** Each side's small disk, which can be filled; null: there is none. */
	disks: Record<Side, string> | null
	/** After the engine has ended. */
	revive(): Promise<void>
	stop(): Promise<void>
}

type ProjectSettings = z.output<typeof configSchema>['projects'][number]

const diskSize = '256m'

export const canMount: boolean = (() => {
	if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
	const folder = mkdtempSync(join(tmpdir(), 'hawser-mount-'))
	try {
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder], { stdio: 'ignore' })
		execFileSync('umount', [folder])
		return true
	} catch {
		console.warn('files-model: no full disks here, since nothing can be mounted')
		return false
	} finally {
		rmdirSync(folder)
	}
})()

/** A project for each of the settings that change what a sync does. */
const settings = [false, true].flatMap((deletes) => [false, true].map((apart) => ({ deletes, apart })))
const nameOf = ({ deletes, apart }: { deletes: boolean; apart: boolean }) =>
	`${deletes ? 'deletes' : 'keeps'}-${apart ? 'apart' : 'together'}`
export const projectNames = settings.map(nameOf)

/** @param small what is on a small disk, on each side: all of it, or only what is Hawser's own; with the trees elsewhere */
export async function openGround(small: 'all' | 'own' | 'none'): Promise<Ground> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-files-model-'))
	const sshd = await startSshd()
	const dataFolder = join(folder, 'data')
	const places = {
		all: { laptop: folder, workstation: sshd.home },
		own: { laptop: dataFolder, workstation: join(sshd.home, '.hawser') },
		none: null,
	}
	const disks = canMount ? places[small] : null
	const mounts = disks ? Object.values(disks) : []
	for (const at of mounts) {
		await mkdir(at, { recursive: true })
		execFileSync('mount', ['-t', 'tmpfs', '-o', `mode=700,size=${diskSize}`, 'none', at])
	}
	await mkdir(dataFolder, { recursive: true })
	const config: z.input<typeof configSchema> = {
		workstations: [{ name: 'lab', ssh: sshd.ssh, runner: 'detached' }],
		projects: settings.map((one) => ({
			name: nameOf(one),
			workstation: 'lab',
			strategy: 'files',
			local: join(folder, nameOf(one)),
			remote: `~/${nameOf(one)}`,
			validation: { command: 'true' },
			files: {
				...{ delete: one.deletes, watch: one.deletes !== one.apart },
				...(one.apart ? { into: join(folder, `${nameOf(one)}-results`) } : {}),
			},
		})),
	}
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
	const { projects } = configSchema.parse(config)
	const ground: Ground = {
		engine: await startEngine({ dataFolder }),
		sshd,
		folder,
		dataFolder,
		projects: Object.fromEntries(projects.map((project) => [project.name, project])),
		disks,
		revive: async () => {
			ground.engine = await startEngine({ dataFolder })
		},
		stop: async () => {
			await ground.engine.dispose()
			await sshd.stopServer()
			for (const at of mounts) execFileSync('umount', ['-l', at])
			await sshd.stop()
			await rm(folder, { recursive: true, force: true, maxRetries: 5 })
		},
	}
	return ground
}

/** One sequence: two trees, what was written into them, and what Hawser kept of it. */
export interface World {
	ground: Ground
	project: ProjectSettings
	trees: Record<Side, string>
	/** Where results go when they have a folder of their own. */
	into: string | null
	/** Everywhere that a file of the trees may be: also what took a tree's place for a while. */
	places: string[]
	/** Below which the backups are, on each side. */
	kept: Record<Side, string[]>
	/** How many texts were written, so that each is another one. */
	texts: number
	/** What happened, for who reads a failure. */
	story: string[]
	/** How operations ended, and what became of kills. */
	ends: Record<string, number>
	hits: number
}

export async function openWorld(ground: Ground, name: string, isRepository: boolean): Promise<World> {
	const project = ground.projects[name]
	if (!project) throw new Error(`no project ${name}`)
	const trees = { laptop: join(ground.folder, name), workstation: join(ground.sshd.home, name) }
	const own = filePlaces(project, ground.dataFolder)
	const into = project.files.into ?? null
	const places = [
		...Object.values(trees).flatMap((tree) => [tree, away(tree), instead(tree)]),
		into ?? [],
	].flat()
	for (const at of [...places, own.own, own.ownInto, join(ground.sshd.home, own.ownThere)])
		await rm(at, { recursive: true, force: true, maxRetries: 5 })
	await mkdir(trees.laptop)
	if (isRepository) execFileSync('git', ['init', '--quiet', trees.laptop])
	await writeFile(join(trees.laptop, '.gitignore'), ignoredHere)
	return {
		ground,
		project,
		trees,
		into,
		places,
		kept: {
			laptop: [...new Set([own.own, own.ownInto])].map(backupsIn),
			workstation: [backupsIn(join(ground.sshd.home, own.ownThere))],
		},
		texts: 0,
		story: [`${name}${isRepository ? ', a repository' : ''}`],
		ends: {},
		hits: 0,
	}
}

const ignoredHere = '*.ckpt\n/data/\n'
/** Whether git leaves it out. */
export const isIgnored = (path: string) => /\.ckpt(\/|$)|^data\//.test(path)
export const isResult = (path: string) => path.startsWith('results/')

/** Where a tree is while something else is in its place, and what that is. */
export const away = (tree: string) => `${tree}.away`
export const instead = (tree: string) => `${tree}.instead`

export const count = (world: World, what: string): void => {
	world.ends[what] = (world.ends[what] ?? 0) + 1
}

/** What is there, links themselves; null: nothing can be. */
export function statOf(path: string): Stats | null {
	try {
		return lstatSync(path)
	} catch {
		return null
	}
}

/** What rsync receives into: bytes there are no file of anyone's. */
const isUnfinished = (name: string) => /^\..+\.[A-Za-z0-9]{6}$/.test(name)

/** Every file and link below a folder, by its path in it. */
export function filesBelow(folder: string, prefix = ''): string[] {
	let names: string[]
	try {
		names = readdirSync(folder)
	} catch {
		// It is not there, or went meanwhile.
		return []
	}
	return names.flatMap((name) => {
		if (name === '.git' || isUnfinished(name)) return []
		const at = join(folder, name)
		const stat = statOf(at)
		if (stat?.isDirectory()) return filesBelow(at, `${prefix}${name}/`)
		return stat ? [prefix + name] : []
	})
}

/** What is in a file or link, short enough to be told; null: it went meanwhile. */
export function contentOf(path: string): string | null {
	try {
		if (lstatSync(path).isSymbolicLink()) return `-> ${readlinkSync(path)}`
		const bytes = readFileSync(path)
		if (bytes.length < 200) return bytes.toString()
		return `${bytes.subarray(0, 40)}… ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`
	} catch {
		return null
	}
}

/** Every content that is anywhere, and one place where it is. */
export function contents({ places, kept }: World): Map<string, string> {
	const found = new Map<string, string>()
	const look = (folder: string) => {
		for (const path of filesBelow(folder)) {
			const content = contentOf(join(folder, path))
			if (content !== null) found.set(content, join(folder, path))
		}
	}
	// What is put away meanwhile is found in the second place.
	for (const place of places) if (!statOf(place)?.isSymbolicLink()) look(place)
	for (const folder of [...kept.laptop, ...kept.workstation])
		for (const id of existsSync(folder) ? readdirSync(folder) : []) look(join(folder, id, 'tree'))
	return found
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))
/** What was killed may take so long to end. */
const patienceMs = 5000

/** Nothing that was anywhere is nowhere. `without`: what a person took away. */
export async function expectNothingLost(
	world: World,
	before: ReadonlyMap<string, string>,
	without: ReadonlySet<string>,
): Promise<void> {
	const deadline = performance.now() + patienceMs
	for (;;) {
		const now = contents(world)
		const lost = [...before].filter(([content]) => !now.has(content) && !without.has(content))
		if (lost.length === 0) return
		if (performance.now() > deadline)
			fail(
				world,
				lost.map(([content, at]) => `lost: ${JSON.stringify(content)}, which was in ${at}`),
			)
		await pause(100)
	}
}

export function fail(world: World, words: string[]): never {
	const all = [...world.places, ...world.kept.laptop, ...world.kept.workstation].flatMap((folder) =>
		filesBelow(folder).map(
			(path) => `${join(folder, path)}: ${JSON.stringify(contentOf(join(folder, path)))}`,
		),
	)
	throw new Error([...words, '', 'What happened:', ...world.story, '', 'What there is:', ...all].join('\n'))
}
