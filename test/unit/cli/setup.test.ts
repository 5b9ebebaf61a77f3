import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addToSettings } from '../../../src/engine/config-add.ts'
import { projectEntry, settingsPath } from '../../../src/engine/git/setup-defaults.ts'
import { problemOf } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { finished } from './call.ts'
import { outcome, state } from './states.ts'

let folder: string
let repository: string
beforeEach(async () => {
	folder = await realpath(await mkdtemp(join(tmpdir(), 'hawser-cli-setup-')))
	repository = join(folder, 'my repo')
	git('init', '-q', '-b', 'trunk', repository)
	git('-C', repository, 'commit', '-q', '--allow-empty', '-m', 'One')
})
afterEach(() => rm(folder, { recursive: true }))

const git = (...args: string[]) =>
	execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@localhost', ...args], { encoding: 'utf8' })

const refusal = (work: Promise<unknown>) => work.then(() => null, problemOf)
const wish = { workstation: 'lab', command: 'make check' }

describe('what is not said is read from the repository', () => {
	test('without a hub', async () => {
		expect(await projectEntry({ ...wish, local: repository })).toEqual({
			name: 'my repo',
			workstation: 'lab',
			local: repository,
			remote: '~/my repo',
			git: { hub: 'direct', base: 'trunk', validation: 'gpu-validation' },
			validation: { command: 'make check' },
		})
	})

	test('the hub says which branch is first, where the laptop has it', async () => {
		git('-C', repository, 'remote', 'add', 'origin', '/nowhere')
		git('-C', repository, 'symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main')
		expect((await projectEntry({ ...wish, local: repository })).git).toMatchObject({
			hub: 'origin',
			base: 'trunk',
		})
		git('-C', repository, 'branch', 'main')
		expect((await projectEntry({ ...wish, local: repository })).git).toMatchObject({ base: 'main' })
		const said = { name: 'nt', remote: '/data/nt', hub: 'direct', base: 'trunk', validation: 'gpu' }
		expect(await projectEntry({ ...wish, ...said, local: repository })).toMatchObject({
			name: 'nt',
			remote: '/data/nt',
			git: { hub: 'direct', base: 'trunk', validation: 'gpu' },
		})
	})

	test.each([
		['no repository', { local: '/nowhere' }, 'repository-missing', {}],
		['a branch that is not there', { base: 'main' }, 'branch-missing', { branch: 'main' }],
		['a name that cannot be', { name: 'a/b' }, 'input-invalid', { command: '--name' }],
		['a command of two lines', { command: 'a\nb' }, 'input-invalid', { command: '--command' }],
		['a branch that git does not take', { validation: 'a..b' }, 'unsafe-name', {}],
		['one branch for both', { validation: 'trunk', base: 'trunk' }, 'unsafe-name', {}],
		['only the validation branch', { validation: 'trunk' }, 'input-invalid', { command: '--base' }],
	])('%s', async (_name, said, code, facts) => {
		expect(await refusal(projectEntry({ ...wish, local: repository, ...said }))).toMatchObject({
			code,
			facts,
		})
	})

	test.each([
		['nt', '~/eon/nt'],
		['../nt/', '~/nt'],
		['~/x', '~/x'],
		['~', '/home/me'],
		['/data/nt/', '/data/nt'],
		['/home/me2/nt', '/home/me2/nt'],
		['~x', '~/eon/~x'],
	])('%s is written as %s', (path, expected) => {
		expect(settingsPath(path, '/home/me', '/home/me/eon')).toBe(expected)
	})
})

describe('the settings file', () => {
	const project = { ...wish, name: 'nt', local: '~/nt', remote: '~/nt', validation: { command: 'true' } }
	const { command: _, ...entry } = project
	const lab = '{ "workstations": [ { "name": "lab", "ssh": { "host": "lab" } } ] }\n'

	test('keeps its mode, also behind a link', async () => {
		const [file, link] = [join(folder, 'dotfiles.json'), join(folder, 'config.json')]
		await writeFile(file, lab)
		await chmod(file, 0o640)
		await symlink(file, link)
		await addToSettings(link, entry)
		expect(JSON.parse(await readFile(file, 'utf8')).projects).toEqual([entry])
		expect((await stat(file)).mode & 0o777).toBe(0o640)
	})

	test('is made where there is none', async () => {
		const file = join(folder, 'config.json')
		await addToSettings(file, { ...entry, workstation: 'built-in' })
		expect((await stat(file)).mode & 0o777).toBe(0o600)
	})

	test.each([
		['{ "workstations": [', 'config-unreadable'],
		['[]', 'config-unreadable'],
		['{ "projects": {} }', 'config-unreadable'],
		['{}', 'config-invalid'],
	])('%s is left as it is', async (text, code) => {
		const file = join(folder, 'config.json')
		await writeFile(file, text)
		expect(await refusal(addToSettings(file, entry))).toMatchObject({ code })
		expect(await readFile(file, 'utf8')).toBe(text)
	})
})

describe('hawser setup', () => {
	const bed = () => {
		const initial = state()
		const config = { path: join(folder, 'config.json'), problem: null }
		return new FakeEngine(
			{
				connect: () => ({}),
				setUpProject: () => ({ operation: 'op' }),
				waitOperation: () => outcome({ status: 'succeeded' }),
			},
			{ ...initial, config },
		)
	}

	test('of a project in the settings', async () => {
		const engine = bed()
		const [project = ''] = Object.keys(engine.current.projects)
		expect(await finished(engine, ['setup', project])).toMatchObject({ code: 0, text: 'Done.\n' })
		expect(engine.asked.find(({ name }) => name === 'setUpProject')?.input).toEqual({ project })
	})

	test.each([
		[['--remote', '~/x'], '--remote', 2],
		[['--local', '.'], '--workstation', 2],
		[['--local', '.', '--workstation', 'nowhere'], 'nowhere', 2],
		[['--local', '.', '--workstation', 'lab'], '--command', 2],
	] as const)('%j is refused', async (argv, words, code) => {
		const engine = bed()
		const ended = await finished(engine, ['setup', ...argv])
		expect(ended).toMatchObject({ code, error: expect.stringContaining(words) })
		expect(engine.asked.map(({ name }) => name)).not.toContain('setUpProject')
	})
})
