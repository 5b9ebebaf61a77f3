import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { git } from './repositories.ts'
import { noHub, type SetupGround, type SetupOptions, setupGround } from './setup-ground.ts'

const made: SetupGround[] = []
afterEach(async () => {
	for (const ground of made.splice(0)) await ground.remove()
})

const lfsFilters = {
	'filter.lfs.clean': 'git-lfs clean -- %f',
	'filter.lfs.smudge': 'git-lfs smudge -- %f',
	'filter.lfs.process': 'git-lfs filter-process',
	'filter.lfs.required': 'true',
}
const lfsSettings = {
	GIT_CONFIG_COUNT: '4',
	...Object.fromEntries(
		Object.entries(lfsFilters).flatMap(([key, value], n) => [
			[`GIT_CONFIG_KEY_${n}`, key],
			[`GIT_CONFIG_VALUE_${n}`, value],
		]),
	),
}

async function ground(options?: SetupOptions): Promise<SetupGround> {
	const here = await setupGround(options)
	made.push(here)
	return here
}

/** The clone and its worktree are whole, on their branches, and nothing is left lying. */
async function expectSetUp(here: SetupGround): Promise<void> {
	const { clone, worktree, laptop, names, home, project } = here
	const tip = await git(laptop, 'rev-parse', `refs/heads/${names.base}`)
	for (const [at, branch] of [
		[clone, names.base],
		[worktree, names.validation],
	] as const) {
		expect(await git(at, 'symbolic-ref', 'HEAD')).toBe(`refs/heads/${branch}`)
		expect(await git(at, 'rev-parse', 'HEAD')).toBe(tip)
		expect(await git(at, 'status', '--porcelain')).toBe('')
		if (project.git.hub !== 'direct')
			expect(await git(clone, 'config', `branch.${branch}.remote`)).toBe(project.git.hub)
	}
	const listed = (await git(clone, 'worktree', 'list', '--porcelain')).match(/^worktree .*/gm)
	expect(listed).toEqual([`worktree ${clone}`, `worktree ${worktree}`])
	expect(await git(clone, 'for-each-ref', 'refs/hawser')).toBe('')
	await git(clone, 'fsck', '--strict')
	expect((await readdir(home)).filter((name) => name.includes('hawser'))).toEqual([])
	expect(existsSync(join(clone, '.git/hawser-journal'))).toBe(false)
}

async function expectUsable(here: SetupGround): Promise<void> {
	await here.commit('model.py', 'changed\n')
	await here.up()
	expect(await git(here.worktree, 'show', 'HEAD:model.py')).toBe('changed')
	await mkdir(join(here.worktree, 'results'))
	await writeFile(join(here.worktree, 'results/metrics.json'), '{"loss": 1}')
	await here.back()
	expect(await git(here.laptop, 'show', 'HEAD:results/metrics.json')).toBe('{"loss": 1}')
}

async function expectNothingMore(here: SetupGround): Promise<void> {
	const before = await here.fingerprint()
	const said = await here.setUp()
	expect(await here.fingerprint()).toEqual(before)
	for (const step of ['clone', 'branch', 'worktree']) expect(said[`setup-${step}`]).toBe('already there')
}

describe('from nothing', () => {
	test('with a hub that the workstation reaches', async () => {
		const here = await ground()
		expect(await here.setUp()).toMatchObject({
			'setup-hub': 'made gpu-validation',
			'setup-clone': 'from origin',
			'setup-branch': 'with the clone',
			'setup-worktree': here.worktree,
		})
		await expectSetUp(here)
		expect(await git(here.clone, 'config', 'remote.origin.url')).toBe(here.hub)
		expect(await git(here.clone, 'rev-parse', 'gpu-validation@{upstream}')).toMatch(/^\w+$/)
		expect(await git(here.hub, 'rev-parse', 'gpu-validation')).toBe(
			await git(here.hub, 'rev-parse', 'master'),
		)
		expect(await git(here.laptop, 'config', 'branch.master.merge')).toBe('refs/heads/master')
		await expectNothingMore(here)
		await expectUsable(here)
	})

	test('with a hub that has a validation branch, and commits that the laptop lacks', async () => {
		const here = await ground()
		const other = join(here.folder, 'other')
		await git(here.folder, 'clone', '-q', '--', here.hub, other)
		await git(other, 'checkout', '-q', '-b', 'gpu-validation')
		await git(other, 'commit', '-q', '--allow-empty', '-m', 'Results of before')
		await git(other, 'push', '-q', 'origin', 'gpu-validation')
		const before = await git(other, 'rev-parse', 'HEAD')
		expect(await here.setUp()).toMatchObject({ 'setup-hub': 'already there' })
		expect(await git(here.worktree, 'rev-parse', 'HEAD')).toBe(before)
		await expectNothingMore(here)
	})

	test('with a hub whose base branch is ahead of the laptop', async () => {
		const here = await ground()
		const other = join(here.folder, 'other')
		await git(here.folder, 'clone', '-q', '--', here.hub, other)
		await git(other, 'commit', '-q', '--allow-empty', '-m', 'Elsewhere')
		await git(other, 'push', '-q', 'origin', 'master')
		await here.setUp()
		expect(await git(here.worktree, 'rev-parse', 'HEAD')).toBe(await git(other, 'rev-parse', 'HEAD'))
		expect(await git(here.laptop, 'log', '-1', '--format=%s')).toBe('Change data.csv')
	})

	test('with a hub that is empty', async () => {
		const here = await ground()
		await git(here.hub, 'update-ref', '-d', 'refs/heads/master')
		expect(await here.setUp()).toMatchObject({ 'setup-hub': 'made master and gpu-validation' })
		await expectSetUp(here)
	})

	test('with a hub that only the laptop reaches', async () => {
		const here = await ground({ env: noHub })
		const said = await here.setUp()
		expect(said['setup-clone']).toMatch(/^over the link: fatal: /)
		await expectSetUp(here)
		expect(await git(here.clone, 'config', 'remote.origin.url')).toBe(here.hub)
		expect(await git(here.hub, 'rev-parse', 'gpu-validation')).toBe(
			await git(here.hub, 'rev-parse', 'master'),
		)
		await expectNothingMore(here)
	})

	test('with a path where the workstation has another repository', async () => {
		const here = await ground()
		const other = join(here.folder, 'other.git')
		await git(here.folder, 'init', '-q', '--bare', '--', other)
		Object.assign(
			here,
			await setupGround({
				env: {
					GIT_CONFIG_COUNT: '1',
					GIT_CONFIG_KEY_0: `url.${other}.insteadOf`,
					GIT_CONFIG_VALUE_0: here.hub,
				},
			}),
		)
		made.push(here)
		await git(here.laptop, 'remote', 'set-url', 'origin', here.hub)
		await here.setUp()
		await expectSetUp(here)
	})

	test('direct', async () => {
		const here = await ground({ hub: 'direct' })
		expect(await here.setUp()).toMatchObject({
			'setup-hub': 'there is none',
			'setup-clone': 'over the link',
			'setup-worktree': here.worktree,
		})
		await expectSetUp(here)
		expect(await git(here.clone, 'remote')).toBe('')
		await expectNothingMore(here)
		await expectUsable(here)
	})

	test.each(['origin', 'direct'])('with a worktree on the laptop too (%s)', async (hub) => {
		const here = await ground({ hub, laptopWorktree: true })
		const said = await here.setUp()
		expect(said['setup-laptop']).toContain(here.laptopWorktree)
		expect(await git(here.laptopWorktree, 'symbolic-ref', 'HEAD')).toBe('refs/heads/gpu-validation')
		expect(await git(here.laptopWorktree, 'status', '--porcelain')).toBe('')
		await expectSetUp(here)
		await expectNothingMore(here)
		expect((await here.setUp())['setup-laptop']).toBe('already there')
	})

	test('in empty folders, deep ones, and through a link', async () => {
		const here = await ground()
		const disk = join(here.folder, 'big disk')
		await mkdir(join(disk, 'code/nt'), { recursive: true })
		await symlink(disk, join(here.home, 'disk'))
		here.project.remote = '~/disk/code/nt/'
		here.project.git.remoteWorktree = '~/disk/a/b/nt-gpu'
		await here.setUp()
		await expectSetUp({ ...here, clone: join(disk, 'code/nt'), worktree: join(disk, 'a/b/nt-gpu') })
		await expectNothingMore(here)
	})

	test('by a laptop’s branch that is nowhere else', async () => {
		const here = await ground({ hub: 'direct' })
		const tip = await git(here.laptop, 'rev-parse', 'HEAD')
		const tree = await git(here.laptop, 'rev-parse', 'HEAD^{tree}')
		const own = await git(here.laptop, 'commit-tree', '-p', tip, '-m', 'Mine', tree)
		await git(here.laptop, 'update-ref', 'refs/heads/gpu-validation', own)
		await here.setUp()
		expect(await git(here.worktree, 'rev-parse', 'HEAD')).toBe(own)
	})

	test.each(['origin', 'direct'])('under odd names (%s)', async (hub) => {
		const here = await ground({
			hub,
			env: hub === 'origin' ? noHub : {},
			names: {
				base: '-ma"ster$(id)`id`',
				validation: "gpu/ünï`id`'s;#&|>x",
				laptop: '-n t $(id)',
				clone: '-it\'s $(touch x) ünï "q" `id`',
				worktree: "-w;t '$HOME' \\n",
			},
			laptopWorktree: true,
		})
		await here.setUp()
		await expectSetUp(here)
		await expectNothingMore(here)
		expect(existsSync(join(here.home, 'x'))).toBe(false)
	})

	test('under odd names, from the hub', async () => {
		const here = await ground({
			names: {
				base: '-master',
				validation: '--detach',
				laptop: '$(id)',
				clone: '--upload-pack=id',
				worktree: '--force',
			},
		})
		await git(here.laptop, 'config', 'remote.--all.url', here.hub)
		here.project.git.hub = '--all'
		await here.setUp()
		await expectSetUp(here)
		await expectNothingMore(here)
	})
})

describe('adopts', () => {
	test('a clone that a person made, with what it lacks', async () => {
		const here = await ground()
		await git(here.home, 'clone', '-q', '--', here.hub, here.clone)
		await writeFile(join(here.clone, 'notes.txt'), 'mine')
		await writeFile(join(here.clone, 'model.py'), 'not committed')
		expect(await here.setUp()).toMatchObject({
			'setup-clone': 'already there',
			'setup-branch': 'made gpu-validation, set upstreams',
			'setup-worktree': here.worktree,
		})
		expect(await git(here.clone, 'status', '--porcelain')).toBe(' M model.py\n?? notes.txt')
		expect(await git(here.clone, 'config', 'branch.gpu-validation.remote')).toBe('origin')
		await expectNothingMore(here)
	})

	test.each([
		['origin', {}],
		['origin', noHub],
		['direct', {}],
	] as const)('a clone without either branch or remote (%s, %j)', async (hub, env) => {
		const here = await ground({ hub, env })
		await git(here.home, 'clone', '-q', '--', here.laptop, here.clone)
		await git(here.clone, 'checkout', '-q', '-b', 'mine', 'HEAD~1')
		await git(here.clone, 'branch', '-q', '-D', 'master')
		await git(here.clone, 'remote', 'remove', 'origin')
		await here.commit('new.txt', 'new\n')
		if (hub !== 'direct') await git(here.laptop, 'push', '-q', 'origin', 'master')
		const said = await here.setUp()
		expect(said['setup-branch']).toContain('made master, made gpu-validation')
		const tip = await git(here.laptop, 'rev-parse', 'HEAD')
		for (const branch of ['master', 'gpu-validation'])
			expect(await git(here.clone, 'rev-parse', branch)).toBe(tip)
		expect(await git(here.clone, 'symbolic-ref', '--short', 'HEAD')).toBe('mine')
		expect(await git(here.clone, 'for-each-ref', 'refs/hawser')).toBe('')
		expect(await git(here.clone, 'remote')).toBe(hub === 'direct' ? '' : 'origin')
		await expectNothingMore(here)
	})

	test('the whole of what a person set up by hand', async () => {
		const here = await ground()
		await git(here.laptop, 'push', '-q', 'origin', 'master:gpu-validation')
		await git(here.laptop, 'branch', '-q', '-u', 'origin/master')
		await git(here.home, 'clone', '-q', '--', here.hub, here.clone)
		await git(here.clone, 'worktree', 'add', '-q', here.worktree, 'gpu-validation')
		await expectNothingMore(here)
		await expectUsable(here)
	})

	test('a validation branch with results that were never pushed', async () => {
		const here = await ground({ laptopWorktree: true })
		await git(here.home, 'clone', '-q', '--', here.hub, here.clone)
		await git(here.clone, 'worktree', 'add', '-q', '-b', 'gpu-validation', here.worktree)
		await git(here.worktree, 'commit', '-q', '--allow-empty', '-m', 'Results')
		const results = await git(here.worktree, 'rev-parse', 'HEAD')
		expect(await here.setUp()).toMatchObject({ 'setup-hub': 'already there' })
		expect(await git(here.worktree, 'rev-parse', 'HEAD')).toBe(results)
		expect(await git(here.laptopWorktree, 'rev-parse', 'HEAD')).toBe(results)
		await expectNothingMore(here)
	})
})

test('submodules are named', async () => {
	const here = await ground({ laptopWorktree: true })
	const module = join(here.folder, 'module')
	await git(here.folder, 'init', '-q', '--', module)
	await git(module, 'commit', '-q', '--allow-empty', '-m', 'One')
	await git(
		here.laptop,
		'-c',
		'protocol.file.allow=always',
		'submodule',
		'--quiet',
		'add',
		'--',
		module,
		'libs/one',
	)
	await git(here.laptop, 'commit', '-q', '-m', 'Add a submodule')
	await git(here.laptop, 'push', '-q', 'origin', 'master')
	const said = await here.setUp()
	expect(said['setup-check']).toContain('libs/one')
	await expectSetUp(here)
	await expectNothingMore(here)
})

test('files of Git LFS are named, and come as pointers where only the laptop has them', async () => {
	const here = await ground({ hub: 'direct', env: lfsSettings })
	for (const [key, value] of Object.entries(lfsFilters)) await git(here.laptop, 'config', key, value)
	await here.commit('.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n')
	await here.commit('weights.bin', 'a great many numbers')
	const said = await here.setUp()
	expect(said['setup-check']).toContain('weights.bin')
	for (const at of [here.clone, here.worktree])
		expect(await readFile(join(at, 'weights.bin'), 'utf8')).toMatch(/^version https:\/\/git-lfs/)
	await expectSetUp(here)
	await expectNothingMore(here)
})
