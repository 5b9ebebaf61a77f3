import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type GitProject, gitProject, refusal } from './git-project.ts'
import { git } from './repositories.ts'

const made: GitProject[] = []
const started: ChildProcess[] = []
afterEach(async () => {
	for (const child of started.splice(0)) {
		if (child.exitCode === null && child.signalCode === null) {
			child.kill('SIGKILL')
			await once(child, 'exit')
		}
	}
	for (const project of made.splice(0)) await project.remove()
})

async function setUp(): Promise<GitProject> {
	const project = await gitProject()
	made.push(project)
	await project.commit('model.py', 'changed\n')
	return project
}

const linux = test.skipIf(process.platform !== 'linux')

linux('a lock is named with who has it open (needs /proc)', async () => {
	const project = await setUp()
	const lock = join(project.worktree, '../nt/.git/worktrees/nt-gpu/index.lock')
	await writeFile(lock, '')
	const open = openSync(lock, 'r')
	const holder = spawn('tail', ['-f', '/dev/null'], { stdio: [open, 'ignore', 'ignore'] })
	started.push(holder)
	closeSync(open)
	const refused = await refusal(project.up())
	expect(refused).toMatchObject({
		code: 'repository-busy',
		facts: { side: 'The workstation', owner: `tail (process ${holder.pid})` },
	})
	expect(refused.meaning).toContain(`held by tail (process ${holder.pid})`)
	expect(existsSync(lock)).toBe(true)
})

linux('so is a git that waits for a person to write (needs /proc)', async () => {
	const project = await setUp()
	const { laptop } = project
	await writeFile(join(laptop, 'model.py'), 'to be committed\n')
	const editor = join(project.folder, 'editor')
	await writeFile(editor, `#!/bin/sh\n: >'${project.folder}/open'\nexec tail -f /dev/null\n`, { mode: 0o755 })
	const env = { ...process.env, GIT_EDITOR: editor }
	const person = spawn('git', ['-C', laptop, 'commit', '-q', '-a'], { env, stdio: 'ignore', detached: true })
	started.push(person)
	while (!existsSync(join(project.folder, 'open'))) await new Promise((done) => setImmediate(done))
	try {
		expect(await refusal(project.up())).toMatchObject({
			code: 'repository-busy',
			facts: { side: 'The laptop', owner: `git (process ${person.pid})` },
		})
	} finally {
		// Its editor too.
		process.kill(-(person.pid ?? 0), 'SIGKILL')
	}
})

test('a lock that nobody has is left, and its words name no owner', async () => {
	const project = await setUp()
	const lock = join(project.laptop, '.git/index.lock')
	await writeFile(lock, '')
	const refused = await refusal(project.up())
	expect(refused).toMatchObject({ code: 'repository-busy', facts: { side: 'The laptop', lock } })
	expect(refused.facts.owner).toBeUndefined()
	expect(refused.meaning).not.toMatch(/unknown|undefined/)
	await rm(lock)
	await project.up()
	expect(await git(project.worktree, 'status', '--porcelain')).toBe('')
})
