import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { up } from '../../src/engine/git/up.ts'
import { commitIn, type GitProject, gitProject, refusal, stepRunner } from './git-project.ts'
import { localLink } from './local-link.ts'
import { git } from './repositories.ts'

const made: GitProject[] = []
afterEach(async () => {
	for (const project of made.splice(0)) await project.remove()
})

async function setUp(options?: Parameters<typeof gitProject>[0]): Promise<GitProject> {
	const project = await gitProject(options)
	made.push(project)
	return project
}

describe('refused by the world', () => {
	test('a hub that takes no push leaves all as it was', async () => {
		const project = await setUp()
		await project.commit('model.py', '1\n')
		await writeFile(join(project.hub, 'hooks/pre-receive'), '#!/bin/sh\necho closed for today\nexit 1\n')
		await chmod(join(project.hub, 'hooks/pre-receive'), 0o755)
		const before = await project.fingerprint()
		expect(await refusal(project.up())).toMatchObject({
			code: 'git-failed',
			facts: { reason: expect.stringContaining('closed for today') },
		})
		expect(await project.fingerprint()).toEqual(before)
	})

	test('a locked index is waited for, then told', async () => {
		const project = await setUp()
		await project.commit('model.py', '1\n')
		const lock = join(project.clone, '.git/worktrees/nt-gpu/index.lock')
		await writeFile(lock, '')
		expect(await refusal(project.up())).toMatchObject({
			code: 'repository-busy',
			facts: { side: 'The workstation', lock: expect.stringContaining('index.lock') },
		})
		await rm(lock)
		await project.up()
		expect((await project.pending()).toWorkstation?.count).toBe(0)
	})

	test('a base branch that moves between look and push is not overrun', async () => {
		const project = await setUp()
		await project.commit('model.py', '1\n')
		// The hook runs after the look and before anything is sent.
		const hook = join(project.laptop, '.git/hooks/pre-push')
		await mkdir(join(project.laptop, '.git/hooks'), { recursive: true })
		const tree = await git(project.hub, 'rev-parse', 'master^{tree}')
		const parent = await git(project.hub, 'rev-parse', 'master')
		const theirs = await git(project.hub, 'commit-tree', '-p', parent, '-m', 'Elsewhere', tree)
		await writeFile(
			hook,
			`#!/bin/sh\nexec git --git-dir='${project.hub}' update-ref refs/heads/master ${theirs}\n`,
		)
		await chmod(hook, 0o755)
		expect(await refusal(project.up())).toMatchObject({ code: 'moved-meanwhile' })
		expect(await git(project.hub, 'rev-parse', 'master')).toBe(theirs)
		expect(await refusal(project.up())).toMatchObject({ code: 'diverged' })
	})

	test('an older git on the workstation merges, and foresees a conflict, all the same', async () => {
		const project = await setUp()
		const tools = join(project.folder, 'tools')
		await mkdir(tools)
		await writeFile(
			join(tools, 'git'),
			`#!/bin/sh
for word do case $word in version) echo git version 2.34.1; exit ;; merge-tree) exit 129 ;; esac; done
PATH=\${PATH#*:} exec git "$@"
`,
			{ mode: 0o755 },
		)
		const env = { GIT_CONFIG_GLOBAL: '/dev/null', PATH: `${tools}:/usr/local/bin:/usr/bin:/bin` }
		const link = localLink(project.home, env)
		await project.result('metrics.json', '1')
		await git(project.worktree, 'add', '.')
		await git(project.worktree, 'commit', '-q', '-m', 'By hand')
		await project.commit('model.py', '1\n')
		const went = await up(stepRunner(), link, project.project)
		expect(await git(project.worktree, 'rev-list', '--merges', '--count', went.validation)).toBe('1')
		expect(await git(project.worktree, 'status', '--porcelain')).toBe('')
		await commitIn(project.worktree, 'model.py', 'theirs\n')
		await project.commit('model.py', 'mine\n')
		expect(await refusal(up(stepRunner(), link, project.project))).toMatchObject({ code: 'conflict' })
	})
})
