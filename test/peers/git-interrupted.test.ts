import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { up } from '../../src/engine/git/up.ts'
import { commitIn, type GitProject, gitProject, refusal, stepRunner } from './git-project.ts'
import { localLink } from './local-link.ts'
import { git } from './repositories.ts'

const path = process.env.PATH
const made: GitProject[] = []
afterEach(async () => {
	process.env.PATH = path
	for (const project of made.splice(0)) await project.remove()
})

const realGit = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()

/**
 * A git that at one point kills, with KILL, itself and all whom the journal names. `amid` does what a kill in
 * the middle of a checkout leaves: one file half written, one not there yet, the index as before.
 */
const deadlyGit = `#!/bin/sh
read -r when verb times 2>/dev/null <"\${0%/*}/point" || exec '${realGit}' "$@"
case " $* " in *" $verb "*) ;; *) exec '${realGit}' "$@" ;; esac
if [ "$times" -gt 1 ]; then
	echo "$when $verb $((times - 1))" >"\${0%/*}/point"
	exec '${realGit}' "$@"
fi
rm "\${0%/*}/point"
[ "$when" = before ] || '${realGit}' "$@" >/dev/null 2>&1
if [ "$when" = amid ]; then
	head -c 9 long.txt >half
	mv half long.txt
	rm -f model.py
fi
journal=$(cd "$('${realGit}' rev-parse --git-common-dir)" && pwd)/hawser-journal
kill -KILL $(sed -n -e 's/^owner \\([0-9]*\\) .*/\\1/p' -e 's/^child \\([0-9]*\\) .*/\\1/p' "$journal") $$
`

async function setUp(
	options?: Parameters<typeof gitProject>[0],
): Promise<{ project: GitProject; strike: (point: string) => Promise<void> }> {
	const project = await gitProject(options)
	made.push(project)
	const tools = join(project.folder, 'tools')
	await mkdir(tools)
	await writeFile(join(tools, 'git'), deadlyGit, { mode: 0o755 })
	const env = { GIT_CONFIG_GLOBAL: '/dev/null', PATH: `${tools}:${path}` }
	Object.assign(project.link, { exec: localLink(project.home, env).exec })
	return {
		project,
		async strike(point) {
			// The laptop's git is found on our own path; only scripts of ours have a journal to die by.
			process.env.PATH = `${tools}:${path}`
			await writeFile(join(tools, 'point'), `${point}\n`)
		},
	}
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

describe('up, killed on the workstation', () => {
	test.each([
		...points.map((point) => `${point} 1`),
		...points.map((point) => `${point} 2`),
		'after fetch 1',
		'before commit 1',
		'after commit 1',
		'after update-index 1',
	])('%s: again completes', async (point) => {
		const { project, strike } = await setUp()
		await project.commit('long.txt', 'before\n')
		await project.up()
		const tip = await change(project)
		await project.result('metrics.json', '1')
		await strike(point)
		await refusal(project.up())
		expect(existsSync(join(project.folder, 'tools/point'))).toBe(false)
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
		async (point) => {
			const { project, strike } = await setUp()
			await project.commit('long.txt', 'before\n')
			await project.up()
			const tip = await change(project)
			await strike('amid read-tree 2')
			await refusal(project.up())
			await strike(point)
			await refusal(project.up())
			await project.up()
			expect(await git(project.worktree, 'rev-parse', 'HEAD')).toBe(tip)
			await clean(project)
		},
	)

	test('what a person wrote in between is never overwritten', async () => {
		const { project, strike } = await setUp()
		await project.commit('long.txt', 'before\n')
		await project.up()
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

describe('back, killed on the laptop', () => {
	test.each(points.map((point) => `${point} 1`))('%s: again completes', async (point) => {
		const { project, strike } = await setUp()
		await git(project.worktree, 'rm', '-q', 'data.csv')
		await writeFile(join(project.worktree, 'model.py'), 'changed\n')
		await writeFile(join(project.worktree, 'long.txt'), 'a line of text\n'.repeat(5000))
		await git(project.worktree, 'add', '.')
		await git(project.worktree, 'commit', '-q', '-m', 'By hand')
		await project.result('metrics.json', '1')
		await strike(point)
		await expect(project.back()).rejects.toThrow()
		expect(existsSync(join(project.folder, 'tools/point'))).toBe(false)
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

describe('a commit that came without its files', () => {
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
		const { project } = await setUp({ hub })
		await commitIn(project.worktree, 'deep/er/new.txt', 'new\n')
		await git(project.worktree, 'push', '-q', 'origin', 'gpu-validation')
		const tip = await git(project.worktree, 'rev-parse', 'HEAD')
		await begunFetch(project, project.laptop, tip)
		await project.back()
		expect(await git(project.laptop, 'rev-parse', 'HEAD')).toBe(tip)
		await clean(project)
	})
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
