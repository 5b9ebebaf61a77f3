import { execFileSync } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type GitProject, refusal } from './git-project.ts'
import { change, commit, hook, setUp, status } from './laptop-commit-bed.ts'
import { git } from './repositories.ts'

describe.concurrent('hooks', () => {
	test('run in their order, on the PATH of a person, and may change what is committed', async () => {
		const project = await setUp()
		await change(project)
		const log = join(project.folder, 'hooks')
		await hook(
			project,
			'pre-commit',
			`echo "pre-commit $PATH" >>'${log}'; echo formatted >model.py; git add model.py`,
		)
		await hook(project, 'commit-msg', `echo commit-msg >>'${log}'; echo 'Signed-off-by: me' >>"$1"`)
		await hook(project, 'post-commit', `echo post-commit >>'${log}'`)
		await commit(project)
		const lines = (await readFile(log, 'utf8')).trim().split('\n')
		expect(lines.map((line) => line.split(' ')[0])).toEqual(['pre-commit', 'commit-msg', 'post-commit'])
		expect(lines[0]).toContain('/usr/local/bin')
		expect(lines[0]).toContain('/opt/homebrew/bin')
		expect(await git(project.laptop, 'show', 'HEAD:model.py')).toBe('formatted')
		expect(await git(project.laptop, 'log', '-1', '--format=%B')).toContain('Signed-off-by: me')
		expect(await status(project.laptop)).toBe('?? "deep er/"')
	})

	test.each(['pre-commit', 'commit-msg'])(
		'a %s that refuses is shown, and the index is as it was',
		async (name) => {
			const project = await setUp()
			await change(project)
			await hook(project, name, "echo 'line 3: no tabs, please' >&2; exit 1")
			const before = await project.fingerprint()
			const stood = await status(project.laptop)
			expect(await refusal(commit(project))).toMatchObject({
				code: 'git-failed',
				facts: { side: 'The laptop', reason: expect.stringContaining('line 3: no tabs, please') },
			})
			expect(await status(project.laptop)).toBe(stood)
			const after = await project.fingerprint()
			for (const key of ['laptop index', 'laptop HEAD', 'laptop/model.py'])
				expect(after[key]).toBe(before[key])
			expect(after['laptop refs']?.replaceAll(/^.*refs\/hawser.*\n/gm, '')).toBe(before['laptop refs'])
			await rm(join(project.laptop, '.git/hooks', name))
			await commit(project)
			expect(await status(project.laptop)).toBe('?? "deep er/"')
		},
	)

	test('one that hangs is ended', async () => {
		const project = await setUp()
		await change(project)
		await hook(project, 'pre-commit', 'exec tail -f /dev/null')
		const stood = await status(project.laptop)
		expect(await refusal(commit(project))).toMatchObject({
			code: 'git-failed',
			facts: { reason: expect.stringContaining('a hook') },
		})
		expect(await status(project.laptop)).toBe(stood)
	})
})

describe.concurrent('signing', () => {
	async function signed(): Promise<GitProject & { key: string }> {
		const project = await setUp()
		await change(project)
		const key = join(project.folder, 'key')
		execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', key])
		const { laptop } = project
		await git(laptop, 'config', 'gpg.format', 'ssh')
		await git(laptop, 'config', 'user.signingKey', `${key}.pub`)
		await git(laptop, 'config', 'commit.gpgSign', 'true')
		await writeFile(join(project.folder, 'allowed'), `test@localhost ${await readFile(`${key}.pub`, 'utf8')}`)
		await git(laptop, 'config', 'gpg.ssh.allowedSignersFile', join(project.folder, 'allowed'))
		return { ...project, key }
	}

	test('the person’s wish is respected: in their commit and in the merge of results', async () => {
		const project = await signed()
		await commit(project)
		await git(project.laptop, 'verify-commit', 'HEAD')
		await project.result('metrics.json', '1')
		await project.back()
		expect(await git(project.laptop, 'log', '-1', '--format=%P')).toContain(' ')
		await git(project.laptop, 'verify-commit', 'HEAD')
	})

	test('and in rebased results', async () => {
		const project = await signed()
		project.project.git.bringBack = 'rebase'
		await commit(project)
		await project.result('metrics.json', '1')
		await project.back()
		expect(await git(project.laptop, 'log', '-1', '--format=%P')).not.toContain(' ')
		await git(project.laptop, 'verify-commit', 'HEAD')
	})

	test('a key that is not there is told, and nothing is changed', async () => {
		const project = await signed()
		await rm(project.key)
		await rm(`${project.key}.pub`)
		const stood = await status(project.laptop)
		expect(await refusal(commit(project))).toMatchObject({
			code: 'git-failed',
			facts: { side: 'The laptop' },
		})
		expect(await status(project.laptop)).toBe(stood)
	})

	test.each(['commit', 'merge'] as const)('one that waits for a passphrase is ended: %s', async (what) => {
		const project = await signed()
		if (what === 'merge') {
			await commit(project)
			await project.result('metrics.json', '1')
		}
		// Stands in for an agent that asks on a screen where nobody is.
		const program = join(project.folder, 'signer')
		await writeFile(program, '#!/bin/sh\nexec tail -f /dev/null\n', { mode: 0o755 })
		await git(project.laptop, 'config', 'gpg.ssh.program', program)
		const stood = await git(project.laptop, 'rev-parse', 'HEAD')
		expect(await refusal(what === 'merge' ? project.back() : commit(project))).toMatchObject({
			code: 'git-failed',
			facts: { side: 'The laptop', reason: expect.stringContaining('passphrase') },
		})
		expect(await git(project.laptop, 'rev-parse', 'HEAD')).toBe(stood)
		await git(project.laptop, 'config', '--unset', 'gpg.ssh.program')
		if (what === 'merge') await project.back()
		else await commit(project)
		await git(project.laptop, 'verify-commit', 'HEAD')
	})
})
