import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { up } from '../../src/engine/git/up.ts'
import { scriptText } from '../../src/engine/remote/script.ts'
import { deadlyBed } from './deadly-bed.ts'
import { deadlyGit } from './deadly-git.ts'
import { commitIn, type GitProject, gitProject, refusal, stepRunner } from './git-project.ts'
import { localLink } from './local-link.ts'
import { git } from './repositories.ts'

const { searchPath, made } = deadlyBed(deadlyGit)

interface Scene {
	project: GitProject
	/** Where the point is that git is to die at; gone once it did. */
	point: string
	strike: (at: string) => Promise<void>
}

async function setUp(side: 'workstation' | 'laptop' = 'workstation', hub = 'origin'): Promise<Scene> {
	const project = await gitProject({ hub, before })
	made.push(project)
	const env = { GIT_CONFIG_GLOBAL: '/dev/null', PATH: searchPath }
	Object.assign(project.link, { exec: localLink(project.home, env).exec })
	const point = join(side === 'laptop' ? project.laptop : project.clone, '../point')
	return { project, point, strike: (at) => writeFile(point, `${at}\n`) }
}

async function before(project: GitProject): Promise<void> {
	await project.commit('long.txt', 'before\n')
	await project.up()
}

async function change(project: GitProject): Promise<string> {
	await mkdir(join(project.laptop, 'deep/er'), { recursive: true })
	await project.commit('deep/er/new.txt', 'new\n')
	await project.commit('long.txt', 'a line of text\n'.repeat(5000))
	await git(project.laptop, 'rm', '-q', 'data.csv')
	return await project.commit('model.py', 'changed\n')
}

const clean = async (project: GitProject) => {
	for (const at of [project.laptop, project.clone, project.worktree])
		expect(await git(at, 'status', '--porcelain')).toBe('')
	const left = Object.entries(await project.fingerprint()).filter(([file]) => file.endsWith('/.git'))
	expect(left.map(([, files]) => files).join('')).toBe('')
}

const points = [
	'before read-tree',
	'amid read-tree',
	'after read-tree',
	'before update-ref',
	'after update-ref',
]

describe.concurrent('up, killed on the workstation', () => {
	test.each([
		...points.map((at) => `${at} 1`),
		...points.map((at) => `${at} 2`),
		'after fetch 1',
		'before commit 1',
		'after commit 1',
		'after update-index 1',
	])('%s: again completes', async (at) => {
		const { project, point, strike } = await setUp()
		const tip = await change(project)
		await project.result('metrics.json', '1')
		await strike(at)
		await refusal(project.up())
		expect(existsSync(point)).toBe(false)
		expect(existsSync(join(project.clone, '.git/hawser-journal'))).toBe(true)
		const { validation } = await project.up()
		expect(await git(project.clone, 'rev-parse', 'HEAD')).toBe(tip)
		expect(await git(project.worktree, 'rev-parse', 'HEAD')).toBe(validation)
		expect(await git(project.worktree, 'rev-list', '--count', `${tip}..${validation}`)).toBe('2')
		expect(existsSync(join(project.worktree, 'data.csv'))).toBe(false)
		await clean(project)
	})

	test.each(['after checkout-index 1', 'before checkout-index 1'])(
		'and killed again, %s, while it clears up',
		async (at) => {
			const { project, point, strike } = await setUp()
			const tip = await change(project)
			await strike('amid read-tree 2')
			await refusal(project.up())
			await strike(at)
			await refusal(project.up())
			expect(existsSync(point)).toBe(false)
			await project.up()
			expect(await git(project.worktree, 'rev-parse', 'HEAD')).toBe(tip)
			await clean(project)
		},
	)

	test('what a person wrote in between is never overwritten', async () => {
		const { project, strike } = await setUp()
		await change(project)
		await strike('after read-tree 2')
		await refusal(project.up())
		const file = join(project.worktree, 'model.py')
		await writeFile(file, 'a person’s own\n')
		for (let time = 0; time < 2; time++) {
			expect(await refusal(project.up())).toMatchObject({
				code: 'tree-dirty',
				facts: { files: ['model.py'] },
			})
			expect(await readFile(file, 'utf8')).toBe('a person’s own\n')
		}
		await rm(file)
		await project.up()
		await clean(project)
	})
})

describe.concurrent('back, killed on the laptop', () => {
	test.each(points.map((at) => `${at} 1`))('%s: again completes', async (at) => {
		const { project, point, strike } = await setUp('laptop')
		await git(project.worktree, 'rm', '-q', 'data.csv')
		await writeFile(join(project.worktree, 'model.py'), 'changed\n')
		await writeFile(join(project.worktree, 'long.txt'), 'a line of text\n'.repeat(5000))
		await git(project.worktree, 'add', '.')
		await git(project.worktree, 'commit', '-q', '-m', 'By hand')
		await project.result('metrics.json', '1')
		await strike(at)
		await expect(project.back()).rejects.toThrow()
		expect(existsSync(point)).toBe(false)
		expect(existsSync(join(project.laptop, '.git/hawser-journal'))).toBe(true)
		const { head } = await project.back()
		expect(await git(project.laptop, 'rev-parse', 'HEAD')).toBe(head)
		expect(await git(project.worktree, 'rev-parse', 'HEAD')).toBe(head)
		expect(await readFile(join(project.laptop, 'results/metrics.json'), 'utf8')).toBe('1')
		await clean(project)
	})
})

/** What a fetch leaves that is killed while it unpacks: of a commit of the hub only the commit itself. */
async function begunFetch(project: GitProject, folder: string, commit: string): Promise<void> {
	const name = join('objects', commit.slice(0, 2), commit.slice(2))
	const common = await git(folder, 'rev-parse', '--path-format=absolute', '--git-common-dir')
	await mkdir(join(common, name, '..'), { recursive: true })
	await copyFile(join(project.hub, name), join(common, name))
	await expect(git(folder, 'ls-tree', commit)).rejects.toThrow()
}

describe.concurrent('a commit that came without its files', () => {
	test('is fetched again on the workstation', async () => {
		const { project } = await setUp()
		const tip = await change(project)
		await git(project.laptop, 'push', '-q', 'origin', 'master')
		await begunFetch(project, project.clone, tip)
		await project.up()
		expect(await git(project.worktree, 'rev-parse', 'HEAD')).toBe(tip)
		await clean(project)
	})

	test.each(['origin', 'direct'])('is fetched again on the laptop, hub: %s', async (hub) => {
		const { project } = await setUp('laptop', hub)
		await commitIn(project.worktree, 'deep/er/new.txt', 'new\n')
		await git(project.worktree, 'push', '-q', 'origin', 'gpu-validation')
		const tip = await git(project.worktree, 'rev-parse', 'HEAD')
		await begunFetch(project, project.laptop, tip)
		await project.back()
		expect(await git(project.laptop, 'rev-parse', 'HEAD')).toBe(tip)
		await clean(project)
	})
})

test.concurrent.each(['status', 'ls-files', 'diff-index', 'diff-tree'])(
	'a list that git %s does not finish is no short list: its words are told',
	async (verb) => {
		const { project, point, strike } = await setUp()
		const tip = await change(project)
		await project.result('metrics.json', '1')
		await strike(`failing ${verb} 1`)
		expect(await refusal(project.up())).toMatchObject({
			code: 'git-failed',
			facts: { side: 'The workstation', reason: 'fatal: as the test wants (exit code 3)' },
		})
		expect(existsSync(point)).toBe(false)
		await project.up()
		expect(await git(project.clone, 'rev-parse', 'HEAD')).toBe(tip)
		await clean(project)
	},
)

/** A process that has ended, and what the journal says of it and of its child. */
function killedOwner(child: number): string[] {
	const { pid } = spawnSync('true')
	const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
	return [`owner ${pid} ${boot} 1`, `child ${child} ${boot} ${pid} 1`]
}

const linux = test.skipIf(process.platform !== 'linux')

linux('a number in the journal that another process has by now holds nobody up (needs /proc)', async () => {
	const { project } = await setUp()
	const tip = await change(project)
	await writeFile(join(project.clone, '.git/hawser-journal'), `${killedOwner(process.pid).join('\n')}\n`)
	await project.up()
	expect(await git(project.clone, 'rev-parse', 'HEAD')).toBe(tip)
	await clean(project)
})

linux('what a killed owner had only begun to start changes nothing any more (needs /proc)', async () => {
	const { project } = await setUp()
	const [, pid = '', boot = ''] = killedOwner(0)[0]?.split(' ') ?? []
	const own = `$(set -- $(cat /proc/$$/stat) && echo "\${22}")`
	const begun = (owner: string, start: string) => {
		const words = `journal=journal boot_id=${boot} owner=${owner} owner_start=${start}`
		const script = `${scriptText('lib')}\n${scriptText('git-land').replace(/\n[^\n]*\n$/, '\n')}`
		return spawnSync('sh', ['-c', `${script}\n${words}\nguard touch made`], { cwd: project.folder }).status
	}
	expect(begun(pid, '1')).toBe(75)
	expect(existsSync(join(project.folder, 'made'))).toBe(false)
	expect(begun('$$', own)).toBe(0)
	expect(existsSync(join(project.folder, 'made'))).toBe(true)
})

test('two at once: one waits for the other', async () => {
	const { project } = await setUp()
	const tip = await change(project)
	const both = await Promise.allSettled([
		project.up(),
		// Another engine: it knows nothing of our queue.
		up(stepRunner(), project.link, { ...project.project, local: `${project.laptop}/` }),
	])
	expect(both.map((one) => one.status)).toContain('fulfilled')
	await project.up()
	expect(await git(project.worktree, 'rev-parse', 'HEAD')).toBe(tip)
	await clean(project)
})
