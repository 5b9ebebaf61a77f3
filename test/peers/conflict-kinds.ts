import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { git } from './repositories.ts'

/** Conflicts of every kind: what each side does, and what a merge that takes a side is to have. */

/** What a side does to the files before it commits. */
export type Work = (at: string) => Promise<unknown>

export const write = (name: string, text: string): Work => {
	return async (at) => {
		await mkdir(dirname(join(at, name)), { recursive: true })
		await rm(join(at, name), { recursive: true, force: true })
		await writeFile(join(at, name), text)
	}
}
export const move =
	(from: string, to: string): Work =>
	(at) =>
		git(at, 'mv', '--', from, to)
export const remove =
	(name: string): Work =>
	(at) =>
		rm(join(at, name), { recursive: true })
const executable =
	(name: string): Work =>
	(at) =>
		chmod(join(at, name), 0o755)
const link =
	(name: string, target: string): Work =>
	async (at) => {
		await rm(join(at, name), { force: true })
		await symlink(target, join(at, name))
	}
const submodule =
	(name: string, id: string): Work =>
	(at) =>
		git(at, 'update-index', '--add', '--cacheinfo', `160000,${id.repeat(40)},${name}`)
export const all =
	(...works: Work[]): Work =>
	async (at) => {
		for (const work of works) await work(at)
	}
export const nothing: Work = async () => {}

export const lines = (...changed: [number, string][]) =>
	Array.from({ length: 30 }, (_, at) => changed.find(([line]) => line === at)?.[1] ?? `line ${at}`).join('\n')

export interface Kind {
	base?: Work
	laptop: Work
	workstation: Work
	/** The files that conflict. */
	paths: string[]
	/** What a merge has when it takes a side everywhere, where that is not what that side has. */
	taken?: Partial<
		Record<
			'laptop' | 'workstation',
			(mine: Record<string, string>, theirs: Record<string, string>) => Record<string, string>
		>
	>
}

const odd = [
	'two words',
	'ünï 漢字',
	'-x',
	'line\nbreak',
	'"quoted"',
	'$(touch pwned)',
	':(top)x',
	'a*b',
	'back\\slash',
	' tab\t',
	'name~1',
]

export const kinds: Record<string, Kind> = {
	content: {
		base: write('f', lines()),
		laptop: write('f', lines([3, 'l'])),
		workstation: write('f', lines([3, 'w'])),
		paths: ['f'],
	},
	'add/add': { laptop: write('f', 'l'), workstation: write('f', 'w'), paths: ['f'] },
	'add/add of a file and a symlink': { laptop: write('f', 'l'), workstation: link('f', 'x'), paths: ['f'] },
	'delete/modify': { base: write('f', '0'), laptop: remove('f'), workstation: write('f', 'w'), paths: ['f'] },
	'modify/delete': { base: write('f', '0'), laptop: write('f', 'l'), workstation: remove('f'), paths: ['f'] },
	'rename/rename to two names': {
		base: write('f', lines()),
		laptop: move('f', 'l'),
		workstation: move('f', 'w'),
		paths: ['f', 'l', 'w'],
	},
	'rename/rename to two names, with content that conflicts': {
		base: write('f', lines()),
		laptop: all(move('f', 'l'), write('l', lines([3, 'l']))),
		workstation: all(move('f', 'w'), write('w', lines([3, 'w']))),
		paths: ['f', 'l', 'w'],
	},
	'rename/rename to one name': {
		base: all(
			write('f', lines()),
			write(
				'g',
				lines(
					[1, 'g'],
					[5, 'g'],
					[9, 'g'],
					[13, 'g'],
					[17, 'g'],
					[21, 'g'],
					[25, 'g'],
					[29, 'g'],
					[2, 'g'],
					[4, 'g'],
					[6, 'g'],
					[8, 'g'],
					[10, 'g'],
					[12, 'g'],
					[14, 'g'],
					[16, 'g'],
					[18, 'g'],
					[20, 'g'],
				),
			),
		),
		laptop: move('f', 'x'),
		workstation: move('g', 'x'),
		paths: ['x'],
		taken: { laptop: (mine) => ({ x: mine.x ?? '' }), workstation: (_, theirs) => ({ x: theirs.x ?? '' }) },
	},
	'rename/delete': {
		base: write('f', lines()),
		laptop: all(move('f', 'g'), write('g', lines([3, 'l']))),
		workstation: remove('f'),
		paths: ['g'],
	},
	'delete/rename': {
		base: write('f', lines()),
		laptop: remove('f'),
		workstation: move('f', 'g'),
		paths: ['g'],
	},
	'rename, and content that conflicts': {
		base: write('f', lines()),
		laptop: all(move('f', 'g'), write('g', lines([3, 'l']))),
		workstation: write('f', lines([3, 'w'])),
		paths: ['g'],
		// Its content, under the name that the other side gave it.
		taken: { workstation: (_, theirs) => ({ g: theirs.f ?? '' }) },
	},
	'file/directory': {
		base: write('k', '0'),
		laptop: write('x', 'l'),
		workstation: write('x/y', 'w'),
		paths: ['x'],
	},
	'directory/file': {
		laptop: all(write('x/y', 'l'), write('x/z', 'l')),
		workstation: write('x', 'w'),
		paths: ['x'],
	},
	'file/directory, where the file was': {
		base: write('x', '0'),
		laptop: write('x', 'l'),
		workstation: all(remove('x'), write('x/y', 'w')),
		paths: ['x'],
	},
	'mode and content': {
		laptop: all(write('f', 'l'), executable('f')),
		workstation: write('f', 'w'),
		paths: ['f'],
	},
	mode: { laptop: all(write('f', 's'), executable('f')), workstation: write('f', 's'), paths: ['f'] },
	symlink: { base: link('f', '0'), laptop: link('f', 'l'), workstation: link('f', 'w'), paths: ['f'] },
	'a file that became a symlink': {
		base: write('f', '0'),
		laptop: link('f', 'l'),
		workstation: write('f', 'w'),
		paths: ['f'],
	},
	binary: {
		base: write('f', '\0a'),
		laptop: write('f', '\0l'),
		workstation: write('f', '\0w'),
		paths: ['f'],
	},
	'submodule pointer': {
		base: submodule('sub', 'a'),
		laptop: submodule('sub', 'b'),
		workstation: submodule('sub', 'c'),
		paths: ['sub'],
	},
	'a submodule that became a file': {
		base: submodule('sub', 'a'),
		laptop: submodule('sub', 'b'),
		workstation: all(write('sub', 'w'), (at) => git(at, 'update-index', 'sub')),
		paths: ['sub'],
	},
	'many names': {
		base: all(...odd.map((name) => write(`n/${name}`, '0'))),
		laptop: all(...odd.map((name) => write(`n/${name}`, 'l'))),
		workstation: all(...odd.map((name) => write(`n/${name}`, 'w'))),
		paths: odd.map((name) => `n/${name}`),
	},
}
