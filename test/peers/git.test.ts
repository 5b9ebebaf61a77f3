import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { up } from '../../src/engine/git/up.ts'
import { createLink } from '../../src/engine/link/live-link.ts'
import { type GitProject, gitProject, plainNames, stepRunner } from './git-project.ts'
import { git } from './repositories.ts'
import { sshdMissing, startSshd } from './sshd.ts'

const made: GitProject[] = []
afterEach(async () => {
	for (const project of made.splice(0)) await project.remove()
})

async function setUp(options?: Parameters<typeof gitProject>[0]): Promise<GitProject> {
	const project = await gitProject(options)
	made.push(project)
	return project
}

const counts = async (project: GitProject) => {
	const { toHub, toWorkstation, toLaptop, remote } = await project.pending()
	return [toHub?.count, toWorkstation?.count, toLaptop?.count, remote?.resultFiles.length]
}

const oddNames = {
	base: 'größe/it\'s-"base"$(x)',
	validation: '-gpu\'s-"Prüfung"',
	laptop: `-my "lap'top" ü $(echo x)`,
	clone: `-it's a "clone" ü $(echo x)`,
	worktree: `-a 'work tree' "ü" $HOME`,
}

describe.each([
	['plain names, through a hub', plainNames, 'origin'],
	['plain names, over the link', plainNames, 'direct'],
	['odd names, through a hub', oddNames, 'origin'],
	['odd names, over the link', oddNames, 'direct'],
])('%s', (_title, names, hub) => {
	test('up, results, back, up again: in step at each stage', async () => {
		const project = await setUp({ names, hub })
		const direct = hub === 'direct'
		const n = (count: number) => (direct ? undefined : count)
		expect(await counts(project)).toEqual([n(0), 0, 0, 0])

		const sent = await project.commit('model.py', 'one\n2\nthree\n', 'Change a line')
		expect(await counts(project)).toEqual([n(1), 1, 0, 0])
		const went = await project.up()
		expect(went).toMatchObject({
			head: sent,
			validation: sent,
			commits: [{ id: sent, subject: 'Change a line' }],
		})
		expect(await counts(project)).toEqual([n(0), 0, 0, 0])
		for (const at of [project.clone, project.worktree]) {
			expect(await git(at, 'rev-parse', 'HEAD')).toBe(sent)
			expect(await git(at, 'status', '--porcelain')).toBe('')
			expect(await readFile(join(at, 'model.py'), 'utf8')).toBe('one\n2\nthree\n')
		}
		const still = await project.fingerprint()
		expect(await project.up()).toMatchObject({ validation: sent, commits: [] })
		expect(await project.fingerprint()).toEqual(still)

		await project.result('metrics.json', '{"mase": 0.8}')
		await project.result('a folder/ü "q"\n.txt', 'x')
		expect(await counts(project)).toEqual([n(0), 0, 0, 2])
		const came = await project.back()
		expect(came.commits.map((commit) => commit.subject)).toEqual(['Results of nt'])
		expect(await counts(project)).toEqual([n(0), 0, 0, 0])
		expect(await git(project.laptop, 'rev-parse', 'HEAD')).toBe(came.head)
		expect(await git(project.laptop, 'status', '--porcelain')).toBe('')
		expect(await readFile(join(project.laptop, 'results/metrics.json'), 'utf8')).toBe('{"mase": 0.8}')
		const after = await project.fingerprint()
		expect((await project.back()).commits).toEqual([])
		expect(await project.fingerprint()).toEqual(after)

		await project.up()
		expect(await counts(project)).toEqual([n(0), 0, 0, 0])
	})
})

describe('up and back', () => {
	test('both sides went on: each merges what the other has', async () => {
		const project = await setUp()
		await project.up()
		await project.result('metrics.json', '1')
		await project.back()
		await project.result('metrics.json', '2')
		const changed = await project.commit('model.py', 'ONE\ntwo\nthree\n')
		const went = await project.up()
		expect(await git(project.worktree, 'log', '-1', '--format=%P', 'HEAD')).toContain(changed)
		expect(await git(project.worktree, 'log', '--format=%s')).toContain('Results left by an earlier run')
		expect(await git(project.worktree, 'status', '--porcelain')).toBe('')
		const another = await project.commit('data.csv', 'a,b,c\n')
		const came = await project.back()
		expect(await git(project.laptop, 'log', '-1', '--format=%P', came.head)).toBe(
			`${another} ${went.validation}`,
		)
		expect(await git(project.laptop, 'status', '--porcelain')).toBe('')
		expect(await readFile(join(project.laptop, 'results/metrics.json'), 'utf8')).toBe('2')
	})

	test('commits on the workstation that no hub has are foreseen over the link', async () => {
		const project = await setUp()
		await project.result('metrics.json', '1')
		await git(project.worktree, 'add', '.')
		await git(project.worktree, 'commit', '-q', '-m', 'By hand')
		expect(await counts(project)).toEqual([0, 0, 1, 0])
		await project.commit('model.py', '1\n')
		expect(await counts(project)).toEqual([1, 1, 1, 0])
		await project.up()
		expect(await counts(project)).toEqual([0, 0, 2, 0])
		await project.back()
		expect(await counts(project)).toEqual([2, 0, 0, 0])
	})

	test('only results are committed; what is staged beside them stays staged', async () => {
		const project = await setUp()
		await project.result('metrics.json', '1')
		await writeFile(join(project.worktree, 'notes.txt'), 'mine')
		await git(project.worktree, 'add', 'notes.txt')
		await project.back()
		expect(await git(project.worktree, 'show', '--name-only', '--format=')).toBe('results/metrics.json')
		expect(await git(project.worktree, 'status', '--porcelain')).toBe('A  notes.txt')
	})

	test('a removed result is removed on the laptop; a folder that it leaves empty goes', async () => {
		const project = await setUp()
		await project.result('deep/old.json', '1')
		await project.back()
		await git(project.worktree, 'rm', '-q', '--cached', 'results/deep/old.json')
		await rm(join(project.worktree, 'results/deep'), { recursive: true })
		await project.back()
		await expect(readFile(join(project.laptop, 'results/deep/old.json'))).rejects.toThrow('ENOENT')
		expect(await git(project.laptop, 'ls-files', 'results')).toBe('')
	})

	test('a base branch that is checked out nowhere moves all the same', async () => {
		const project = await setUp()
		await git(project.laptop, 'checkout', '-q', '--detach')
		await git(project.clone, 'checkout', '-q', '-b', 'other')
		await writeFile(join(project.clone, 'model.py'), 'somebody is at work here\n')
		await project.result('metrics.json', '1')
		const came = await project.back()
		expect(await git(project.laptop, 'rev-parse', 'refs/heads/master')).toBe(came.head)
		expect((await project.pending()).branch).toBe(null)
		await project.up()
		expect(await git(project.clone, 'rev-parse', 'refs/heads/master')).toBe(came.head)
		expect(await readFile(join(project.clone, 'model.py'), 'utf8')).toBe('somebody is at work here\n')
	})

	test('a base branch in another worktree of the laptop moves there', async () => {
		const project = await setUp()
		await git(project.laptop, 'checkout', '-q', '-b', 'feature')
		const other = join(project.folder, 'other tree')
		await git(project.laptop, 'worktree', 'add', '-q', other, 'master')
		await project.result('metrics.json', '1')
		await project.back()
		expect(await readFile(join(other, 'results/metrics.json'), 'utf8')).toBe('1')
		expect(await git(other, 'status', '--porcelain')).toBe('')
	})

	test('hooks run; one that refuses is told in its words', async () => {
		const project = await setUp()
		const hook = join(project.clone, '.git/hooks/pre-commit')
		await mkdir(join(project.clone, '.git/hooks'), { recursive: true })
		await writeFile(hook, '#!/bin/sh\necho "no results on Sundays" >&2\nexit 1\n', { mode: 0o755 })
		await project.result('metrics.json', '1')
		const before = await project.fingerprint()
		await expect(project.back()).rejects.toMatchObject({
			problem: { code: 'git-failed', facts: { reason: expect.stringContaining('no results on Sundays') } },
		})
		expect(await project.fingerprint()).toEqual(before)
	})

	test('without an identity over there, commits say who made them', async () => {
		const project = await setUp()
		await git(project.clone, 'config', '--unset', 'user.name')
		await git(project.clone, 'config', '--unset', 'user.email')
		await project.result('metrics.json', '1')
		await project.back()
		expect(await git(project.worktree, 'log', '-1', '--format=%an')).toMatch(/^Hawser on /)
	})

	test('cancelled: nothing more happens', async () => {
		const project = await setUp()
		await project.commit('model.py', '1\n')
		const stop = new AbortController()
		const runner = stepRunner(stop.signal)
		const work = up(
			{
				...runner,
				signal: stop.signal,
				step: async (id, job) => {
					if (id === 'up-push') stop.abort()
					return await runner.step(id, job)
				},
			},
			project.link,
			project.project,
		)
		await expect(work).rejects.toThrow()
		expect(await git(project.hub, 'rev-parse', 'master')).not.toBe(
			await git(project.laptop, 'rev-parse', 'master'),
		)
		await project.up()
		expect(await counts(project)).toEqual([0, 0, 0, 0])
	})
})

test.skipIf(sshdMissing)(
	`over a real sshd, without a hub${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`,
	async () => {
		const sshd = await startSshd({ homeName: "a home's ü" })
		const link = createLink({ name: 'lab', ssh: sshd.ssh })
		try {
			link.connect()
			await link.whenUp(20_000)
			const project = await setUp({ names: oddNames, hub: 'direct', link, home: sshd.home })
			await project.commit('model.py', '1\n')
			await project.up()
			await project.result('big.txt', 'a line of text\n'.repeat(100_000))
			const { head } = await project.back()
			expect(await git(project.worktree, 'rev-parse', 'HEAD')).toBe(head)
			expect(await git(project.laptop, 'status', '--porcelain')).toBe('')
			expect(await counts(project)).toEqual([undefined, 0, 0, 0])
		} finally {
			await link.dispose()
			await sshd.stop()
		}
	},
)
