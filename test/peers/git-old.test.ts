import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { commitIn, type GitProject, gitProject, refusal } from './git-project.ts'
import { localLink } from './local-link.ts'
import { oldGit } from './old-git.ts'
import { git } from './repositories.ts'

const made: GitProject[] = []
afterEach(async () => {
	for (const project of made.splice(0)) await project.remove()
})

/** A project whose workstation has git 2.34. */
async function setUp(hub: string): Promise<GitProject & { calls: () => Promise<string> }> {
	const project = await gitProject({ hub })
	made.push(project)
	const { tools, calls } = await oldGit(project.folder)
	const PATH = `${tools}:/usr/local/bin:/usr/bin:/bin`
	const env = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', PATH }
	Object.assign(project.link, { exec: localLink(project.home, env).exec })
	return { ...project, calls: () => readFile(calls, 'utf8') }
}

test.each(['origin', 'direct'])(
	'git 2.34 on the workstation takes all that is asked, hub %s',
	async (hub) => {
		const project = await setUp(hub)
		await commitIn(project.worktree, 'results/old.json', '1')
		await project.result('waiting "1".json', '{}')
		await project.commit('model.py', 'one\n2\nthree\n')
		expect((await project.preview('up')).problem).toBeNull()
		// A merge, made there by what that git has.
		const { validation } = await project.up()
		expect(await git(project.worktree, 'rev-list', '--merges', '--count', validation)).toBe('1')
		expect(await git(project.worktree, 'status', '--porcelain')).toBe('')
		await project.back()
		expect(await readFile(join(project.laptop, 'results/waiting "1".json'), 'utf8')).toBe('{}')
		expect((await project.pending()).toLaptop?.count).toBe(0)
		expect(await project.calls()).toContain('update-ref')
	},
)

test('a conflict is foreseen on the laptop: nothing of it is asked there', async () => {
	const project = await setUp('origin')
	await commitIn(project.worktree, 'model.py', 'theirs\n')
	await project.commit('model.py', 'mine\n')
	const before = await project.fingerprint()
	expect(await project.preview('up')).toMatchObject({ conflicts: [{ path: 'model.py' }] })
	expect(await refusal(project.up())).toMatchObject({ code: 'conflict', facts: { files: ['model.py'] } })
	expect(await refusal(project.back())).toMatchObject({ code: 'conflict' })
	expect(await project.fingerprint()).toEqual(before)
	expect(await project.calls()).not.toContain('merge-tree')
	// Settled by taking a side: that merge is made on the laptop.
	await project.up({ take: { 'model.py': 'laptop' } })
	expect(await readFile(join(project.worktree, 'model.py'), 'utf8')).toBe('mine\n')
	expect(await project.calls()).not.toContain('merge-tree')
})

test('the stand-in refuses what came later', async () => {
	const { worktree, folder } = await setUp('origin')
	const link = localLink(folder, { PATH: `${join(folder, 'old git')}:/usr/bin:/bin` })
	await writeFile(join(folder, 'x'), '')
	const codeOf = async (command: string) => {
		const { stdin, exit } = await link.exec(`cd '${worktree}' && git ${command}`)
		stdin.end()
		return (await exit).code
	}
	expect(await codeOf('merge-tree --write-tree HEAD HEAD')).toBe(129)
	expect(await codeOf('ls-tree --format=x HEAD')).toBe(129)
	expect(await codeOf('worktree list --porcelain')).toBe(0)
	await link.dispose()
})
