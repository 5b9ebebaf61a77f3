import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { CommitWish } from '../../src/contract/code.ts'
import { commitChanges, planCommit } from '../../src/engine/git/laptop-commit.ts'
import { newOperation } from '../../src/engine/git/safety.ts'
import { type GitProject, gitProject } from './git-project.ts'
import { git } from './repositories.ts'

/** The ground of the tests of commits that are made on the laptop. */
const realGit = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()

/** A git that at one point kills, with KILL, itself and all whom the journal names. */
const deadlyGit = `#!/bin/sh
point=\${PWD%/*}/point
read -r when verb 2>/dev/null <"$point" || exec '${realGit}' "$@"
case " $* " in *" $verb "*) ;; *) exec '${realGit}' "$@" ;; esac
rm "$point"
[ "$when" = before ] || '${realGit}' "$@" >/dev/null 2>&1
journal=$(cd "$('${realGit}' rev-parse --git-common-dir)" && pwd)/hawser-journal
kill -KILL $(sed -n -e 's/^owner \\([0-9]*\\) .*/\\1/p' -e 's/^child \\([0-9]*\\) .*/\\1/p' "$journal") $$
`

/** Stands in for time: a second, of which waits for hooks and signatures are made, is a fiftieth of one. */
const hastySleep = `#!/bin/sh
case $1 in 1) set -- 0.02 ;; esac
PATH=\${PATH#*:} exec sleep "$@"
`

const path = process.env.PATH
const tools = mkdtempSync(join(tmpdir(), 'hawser-commit-'))
const made: GitProject[] = []
beforeAll(async () => {
	await writeFile(join(tools, 'git'), deadlyGit, { mode: 0o755 })
	await writeFile(join(tools, 'sleep'), hastySleep, { mode: 0o755 })
	process.env.PATH = `${tools}:${path}`
	// None of this machine's own settings: names, hooks and signatures are what these tests are about.
	Object.assign(process.env, { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' })
})
afterAll(async () => {
	process.env.PATH = path
	delete process.env.GIT_CONFIG_GLOBAL
	delete process.env.GIT_CONFIG_SYSTEM
	for (const project of made) await project.remove()
	await rm(tools, { recursive: true })
})

const fresh = async () => {}

export async function setUp(): Promise<GitProject> {
	const project = await gitProject({ before: fresh })
	made.push(project)
	return project
}

export const { signal } = new AbortController()
export const known: CommitWish = { message: 'All of it', untracked: false }
export const all: CommitWish = { ...known, untracked: true }
export const commit = (project: GitProject, wish = known) =>
	commitChanges(project.project, wish, newOperation('up', Date.now()), signal)
export const plan = (project: GitProject, wish = known) => planCommit(project.project, wish, signal)
export const shown = (folder: string) =>
	git(folder, 'show', '--format=', '--name-status', '--no-renames', 'HEAD')
export const status = (folder: string) => git(folder, 'status', '--porcelain')

/** Every kind of change there is. */
export async function change({ laptop }: GitProject): Promise<void> {
	await git(laptop, 'rm', '-q', 'data.csv')
	await writeFile(join(laptop, 'model.py'), 'staged\n')
	await writeFile(join(laptop, 'staged "new".txt'), 'new\n')
	await git(laptop, 'add', '.')
	await writeFile(join(laptop, 'model.py'), 'staged and then changed\n')
	await writeFile(join(laptop, '.git/info/exclude'), '*.log\n')
	await writeFile(join(laptop, 'big.log'), 'ignored')
	await mkdir(join(laptop, 'deep er'))
	await writeFile(join(laptop, 'deep er/new\nline\t$(x)'), 'unknown\n')
}

export async function hook(project: GitProject, name: string, body: string): Promise<void> {
	const hooks = join(project.laptop, '.git/hooks')
	await mkdir(hooks, { recursive: true })
	await writeFile(join(hooks, name), `#!/bin/sh\n${body}\n`)
	await chmod(join(hooks, name), 0o755)
}
