import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { deadlyBed } from './deadly-bed.ts'
import { commitIn, type GitProject, gitProject, refusal } from './git-project.ts'
import { git } from './repositories.ts'

const realGit = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()

/** A git that at one point kills, with KILL, itself and all whom the laptop's journal names. */
const deadlyGit = `#!/bin/sh
point=\${PWD%/*}/point
read -r when verb times 2>/dev/null <"$point" || exec '${realGit}' "$@"
case " $* " in *" $verb "*) ;; *) exec '${realGit}' "$@" ;; esac
journal=$(cd "$('${realGit}' rev-parse --git-common-dir)" && pwd)/hawser-journal
# A look ahead is no operation: it has no journal and changes nothing.
[ -e "$journal" ] || exec '${realGit}' "$@"
if [ "$times" -gt 1 ]; then
	echo "$when $verb $((times - 1))" >"$point"
	exec '${realGit}' "$@"
fi
rm "$point"
[ "$when" = before ] || '${realGit}' "$@" >/dev/null 2>&1
kill -KILL $(sed -n -e 's/^owner \\([0-9]*\\) .*/\\1/p' -e 's/^child \\([0-9]*\\) .*/\\1/p' "$journal") $$
`

const { made } = deadlyBed(deadlyGit)

const fresh = async () => {}

async function setUp(mode: 'rebase' | 'keep'): Promise<GitProject> {
	const project = await gitProject({ before: fresh })
	project.project.git.bringBack = mode
	made.push(project)
	return project
}

async function isClean(project: GitProject): Promise<void> {
	for (const at of [project.laptop, project.clone, project.worktree])
		expect(await git(at, 'status', '--porcelain')).toBe('')
	const left = Object.entries(await project.fingerprint()).filter(([file]) => file.endsWith('/.git'))
	expect(left.map(([, files]) => files.replace('refs/hawser', '')).join('')).toBe('')
}

describe.concurrent('results are rebased on the laptop, and it is killed', () => {
	const points = ['merge-tree', 'commit-tree', 'read-tree', 'update-ref'].flatMap((verb) =>
		['before', 'after'].map((when) => `${when} ${verb}`),
	)
	test.each([
		...points.map((at) => `${at} 1`),
		'after commit-tree 2',
		'before commit-tree 3',
		'after merge-tree 2',
		'before update-ref 2',
		'after update-ref 2',
	])('%s: again completes, and no result is there twice', { timeout: 60_000 }, async (at) => {
		const project = await setUp('rebase')
		const { laptop, worktree } = project
		await commitIn(worktree, 'results/first.txt', 'first\n')
		await commitIn(worktree, 'data.csv', 'theirs\n')
		await project.result('metrics.json', '1')
		const before = await project.commit('model.py', 'mine\n')
		const point = join(laptop, '../point')
		await writeFile(point, `${at}\n`)
		await expect(project.back()).rejects.toThrow()
		expect(existsSync(point)).toBe(false)
		const { head } = await project.back()
		expect(await git(laptop, 'rev-parse', 'HEAD')).toBe(head)
		expect(await git(laptop, 'log', '--format=%s', `${before}..HEAD`)).toBe(
			'Results of nt\nChange data.csv\nChange results/first.txt',
		)
		expect(await readFile(join(laptop, 'results/metrics.json'), 'utf8')).toBe('1')
		await isClean(project)
		await project.up()
		expect(await git(worktree, 'rev-parse', 'HEAD^{tree}')).toBe(
			await git(laptop, 'rev-parse', 'HEAD^{tree}'),
		)
	})
})

describe.concurrent('results are kept on the laptop, and it is killed', () => {
	test.each(['before update-ref 1', 'after update-ref 1', 'before read-tree 1', 'after read-tree 1'])(
		'%s: again completes',
		{ timeout: 60_000 },
		async (at) => {
			const project = await setUp('keep')
			const kept = join(project.folder, 'kept')
			await git(project.laptop, 'worktree', 'add', '-q', '-b', 'gpu-validation', kept)
			await project.result('metrics.json', '1')
			const point = join(project.laptop, '../point')
			await writeFile(point, `${at}\n`)
			await refusal(project.back())
			expect(existsSync(point)).toBe(false)
			await project.back()
			expect(await readFile(join(kept, 'results/metrics.json'), 'utf8')).toBe('1')
			expect(await git(kept, 'status', '--porcelain')).toBe('')
			await isClean(project)
		},
	)
})
