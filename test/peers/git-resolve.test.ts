import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { conflictsOf, mergeTaking, type Sides } from '../../src/engine/git/resolve.ts'
import { all, kinds, nothing, remove, type Work, write } from './conflict-kinds.ts'
import { type GitProject, gitProject, refusal } from './git-project.ts'
import { git } from './repositories.ts'

/** Conflicts of every kind: whose commits they come from, and what a merge that takes a side is. */

const made: GitProject[] = []
afterAll(async () => {
	for (const project of made) await project.remove()
})

const fresh = async () => {}

async function commitAll(at: string, message: string): Promise<string> {
	await git(at, 'add', '-A', '--', '.', ':(exclude)sub')
	await git(at, 'commit', '-q', '--allow-empty', '-m', message)
	return await git(at, 'rev-parse', 'HEAD')
}

/** A repository whose two branches have gone two ways, with a change each that is in nobody's way. */
async function twoWays(
	base: Work,
	laptop: Work,
	workstation: Work,
): Promise<{ project: GitProject; sides: Sides }> {
	const project = await gitProject({ before: fresh })
	made.push(project)
	const at = project.laptop
	await base(at)
	await commitAll(at, 'Base')
	await git(at, 'checkout', '-q', '-b', 'theirs')
	await all(workstation, write('only there', 'w'))(at)
	const theirs = await commitAll(at, 'Theirs')
	await git(at, 'checkout', '-q', '-f', 'master')
	await all(laptop, write('only here', 'l'))(at)
	return { project, sides: { folder: at, laptop: await commitAll(at, 'Mine'), workstation: theirs } }
}

/** Mode, id and name of every file, without those that are always there. */
async function filesOf(at: string, commit: string): Promise<Record<string, string>> {
	const common = new Set(['model.py', 'data.csv', 'only here', 'only there'])
	const entries = (await git(at, 'ls-tree', '-r', '-z', commit)).split('\0').filter(Boolean)
	return Object.fromEntries(
		entries
			.map((entry) => entry.split('\t') as [string, string])
			.filter(([, name]) => !common.has(name))
			.map(([what, name]) => [name, what]),
	)
}

const everyRef = async (at: string) => [
	await git(at, 'for-each-ref'),
	await git(at, 'status', '--porcelain'),
	await git(at, 'ls-files', '--stage'),
]

describe.each(Object.entries(kinds))('%s', (_title, kind) => {
	const set = () => twoWays(kind.base ?? nothing, kind.laptop, kind.workstation)
	const foreseen = async ({ folder, laptop, workstation }: Sides) => {
		const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', workstation, laptop]
		const said = await git(folder, ...args).catch((error: { stdout: string }) => error.stdout)
		return said.split('\0').slice(1).filter(Boolean)
	}

	test('names the commits of both sides', async () => {
		const { sides } = await set()
		const files = await foreseen(sides)
		const found = await conflictsOf(sides, files)
		expect(found.map(({ path }) => path).sort()).toEqual([...kind.paths].sort())
		for (const side of ['laptop', 'workstation'] as const) {
			const commits = new Set(
				found.flatMap((each) => each[side].map(({ id, subject, author }) => [id, subject, author].join())),
			)
			const expected = [sides[side], side === 'laptop' ? 'Mine' : 'Theirs', 'Test'].join()
			expect([...commits]).toEqual([expected])
		}
	})

	test.each([
		['laptop', 'laptop'],
		['laptop', 'workstation'],
		['workstation', 'laptop'],
		['workstation', 'workstation'],
	] as const)('takes the %s’s, first the %s', async (side, first) => {
		const { project, sides } = await set()
		const before = [await everyRef(project.laptop), await project.fingerprint()]
		const take = Object.fromEntries(kind.paths.map((path) => [path, side]))
		const message = 'Merge -m "x"\n\n$(touch pwned) é'
		const merge = await mergeTaking(sides, take, first, message)
		const second = first === 'laptop' ? 'workstation' : 'laptop'
		expect(await git(sides.folder, 'log', '-1', '--format=%P%n%B', merge)).toBe(
			`${sides[first]} ${sides[second]}\n${message}\n`,
		)
		const [mine, theirs] = [
			await filesOf(sides.folder, sides.laptop),
			await filesOf(sides.folder, sides.workstation),
		]
		const own = kind.taken?.[side]?.(mine, theirs)
		expect(await filesOf(sides.folder, merge)).toEqual(own ?? (side === 'laptop' ? mine : theirs))
		// What conflicts with nothing is there from both.
		const names = (await git(sides.folder, 'ls-tree', '--name-only', merge)).split('\n')
		expect(names).toEqual(expect.arrayContaining(['only here', 'only there']))
		await git(sides.folder, 'fsck', '--strict', '--no-dangling').catch((error: { stderr: string }) => {
			if (!/160000|hasDot|zeroPadded/.test(error.stderr)) throw error
		})
		expect([await everyRef(project.laptop), await project.fingerprint()]).toEqual(before)
	})

	test('stops at a file that is not named', async () => {
		const { project, sides } = await set()
		const before = await project.fingerprint()
		const take = Object.fromEntries(kind.paths.slice(1).map((path) => [path, 'laptop' as const]))
		const found = await refusal(mergeTaking(sides, take, 'laptop', 'x'))
		expect(found).toMatchObject({ code: 'conflict', facts: { files: [kind.paths[0]] } })
		expect(await project.fingerprint()).toEqual(before)
	})
})

test('a side for each file, and several commits of it', async () => {
	const { sides, project } = await twoWays(
		all(write('a', '0'), write('b', '0')),
		all(write('a', '1'), (at) => commitAll(at, 'Earlier'), write('a', 'l'), write('b', 'l')),
		all(write('a', 'w'), write('b', 'w')),
	)
	const merge = await mergeTaking(sides, { a: 'laptop', b: 'workstation' }, 'laptop', 'x')
	expect([
		await git(project.laptop, 'show', `${merge}:a`),
		await git(project.laptop, 'show', `${merge}:b`),
	]).toEqual(['l', 'w'])
	const [a, b] = await conflictsOf(sides, ['a', 'b'])
	expect(a?.laptop.map(({ subject }) => subject)).toEqual(['Mine', 'Earlier'])
	expect(b?.laptop.map(({ subject }) => subject)).toEqual(['Mine'])
	expect(a?.workstation).toEqual([
		{ id: sides.workstation, subject: 'Theirs', author: 'Test', at: expect.any(Number) },
	])
})

test('with nothing that conflicts it is the plain merge', async () => {
	const { sides } = await twoWays(nothing, write('a', 'l'), write('b', 'w'))
	const merge = await mergeTaking(sides, {}, 'workstation', 'x')
	expect(await filesOf(sides.folder, merge)).toMatchObject({ a: expect.any(String), b: expect.any(String) })
})

test('files that have no room beside each other are refused', async () => {
	const { sides, project } = await twoWays(
		write('x/y', '0'),
		all(remove('x'), write('x', 'l')),
		write('x/y', 'w'),
	)
	const before = await project.fingerprint()
	const found = await refusal(mergeTaking(sides, { x: 'laptop', 'x/y': 'workstation' }, 'laptop', 'x'))
	expect(found).toMatchObject({ code: 'conflict', facts: { files: expect.arrayContaining(['x']) } })
	expect(await project.fingerprint()).toEqual(before)
	const merge = await mergeTaking(sides, { x: 'laptop', 'x/y': 'laptop' }, 'laptop', 'x')
	expect(Object.keys(await filesOf(sides.folder, merge))).toEqual(['x'])
})

test('histories with nothing in common are refused', async () => {
	const { sides } = await twoWays(nothing, nothing, nothing)
	const tree = await git(sides.folder, 'rev-parse', 'HEAD^{tree}')
	const other = await git(sides.folder, 'commit-tree', '-m', 'Anew', tree)
	expect(await refusal(mergeTaking({ ...sides, workstation: other }, {}, 'laptop', 'x'))).toMatchObject({
		code: 'git-failed',
	})
})

test('a commit is signed where the person signs', async () => {
	const { sides, project } = await twoWays(write('a', '0'), write('a', 'l'), write('a', 'w'))
	// A stand-in for gpg: it signs everything.
	const signer = join(project.folder, 'signer')
	await writeFile(
		signer,
		`#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\nprintf -- '-----BEGIN PGP SIGNATURE-----\\nstand-in\\n-----END PGP SIGNATURE-----\\n'\n`,
	)
	await chmod(signer, 0o755)
	await git(project.laptop, 'config', 'gpg.program', signer)
	const unsigned = await mergeTaking(sides, { a: 'laptop' }, 'laptop', 'x')
	expect(await git(project.laptop, 'cat-file', 'commit', unsigned)).not.toContain('gpgsig')
	await git(project.laptop, 'config', 'commit.gpgSign', 'true')
	const signed = await mergeTaking(sides, { a: 'laptop' }, 'laptop', 'x')
	expect(await git(project.laptop, 'cat-file', 'commit', signed)).toContain('gpgsig')
	await writeFile(signer, '#!/bin/sh\nexit 1\n')
	expect(await refusal(mergeTaking(sides, { a: 'laptop' }, 'laptop', 'x'))).toMatchObject({
		code: 'git-failed',
	})
})
