import type { ProjectConfig } from '../../contract/config.ts'
import type { Link } from '../link/link.ts'
import type { PlannedStep, StepRunner } from '../operation.ts'
import { alone, laptop, workstation } from './git.ts'
import { hasCommit, haveCommits, pushOverLink, pushToHub } from './objects.ts'
import { remoteWorktree } from './remote.ts'
import { newOperation } from './safety.ts'
import { localScript, remoteScript } from './scripts.ts'
import { lookAtBoth, noAddress, type Standing } from './setup-look.ts'

export const setupSteps: PlannedStep[] = [
	{ id: 'setup-check', title: 'Look at both sides' },
	{ id: 'setup-hub', title: 'Make the branches on the hub' },
	{ id: 'setup-clone', title: 'Clone on the workstation' },
	{ id: 'setup-branch', title: 'Make the branches on the workstation' },
	{ id: 'setup-worktree', title: 'Make the worktree on the workstation' },
	{ id: 'setup-laptop', title: 'Make the worktree on the laptop' },
]

/** A first clone may be a large one. */
const cloneMs = 60 * 60_000
const already = 'already there'

type Say = (detail: string) => void

/** One project that is being set up, and what is known of it so far. */
interface Work {
	link: Link
	project: ProjectConfig
	signal: AbortSignal
	operation: string
	at: Standing
	/** The clone on the workstation. */
	clone: string | null
	/** The commit of the validation branch, where one of the machines or the hub has it. */
	validation: string | null
}

/**
 * Makes what a project needs on both sides and is not there yet, adopts what is. Again changes nothing; killed
 * anywhere, again completes: nothing is put in its place before it is whole.
 * @throws ProblemError `folder-in-the-way` for something else in a place, `hub-url-secret`, `lfs-missing`,
 *   `git-old`, and those of `up`: all of them before the first change, unless something moved meanwhile
 */
export async function setUp(runner: StepRunner, link: Link, project: ProjectConfig): Promise<void> {
	await alone(project.local, async () => {
		const { signal } = runner
		const at = await runner.step('setup-check', async (say) => {
			const standing = await lookAtBoth(link, project, signal)
			say(notesOf(standing))
			return standing
		})
		const { there, hub, validation } = at
		const work: Work = {
			link,
			project,
			signal,
			operation: newOperation('setup', Date.now()),
			at,
			clone: there.clone,
			validation: there.validation || hub.validation || validation,
		}
		await runner.step('setup-hub', (say) => onHub(work, say))
		await runner.step('setup-clone', (say) => cloneThere(work, say))
		await runner.step('setup-branch', (say) => branchesThere(work, say))
		await runner.step('setup-worktree', (say) => worktreeThere(work, say))
		await runner.step('setup-laptop', (say) => onLaptop(work, say))
	})
}

function few(names: readonly string[]): string {
	const more = names.length > 3 ? ` and ${names.length - 3} more` : ''
	return `${names.slice(0, 3).join(', ')}${more}`
}

function notesOf({ submodules, lfsFiles, reaches, there }: Standing): string {
	const notes = []
	if (submodules.length > 0) notes.push(`submodules are left to git submodule update: ${few(submodules)}`)
	if (lfsFiles.length > 0)
		notes.push(
			reaches || there.clone !== null
				? `Git LFS: ${few(lfsFiles)}`
				: `Git LFS files come as pointers, for git lfs pull: ${few(lfsFiles)}`,
		)
	return notes.join('; ')
}

/** The validation branch on the hub begins where the base branch is, unless somebody has it already. */
async function onHub(work: Work, say: Say): Promise<void> {
	const { project, at, signal } = work
	const { hub, base, validation } = project.git
	const { folder, tip } = at
	if (hub === 'direct') return say('there is none')
	const made: string[] = []
	const push = async (branch: string, commit: string) => {
		await pushToHub(folder, hub, { commit, ref: `refs/heads/${branch}`, was: null }, signal)
		made.push(branch)
	}
	if (at.hub.base === null) await push(base, tip)
	if (at.hub.validation === null && at.there.validation === '') {
		const from = at.validation ?? at.hub.base ?? tip
		if (!(await hasCommit(folder, from, signal)))
			await haveCommits(work.link, project, folder, { path: work.clone }, [from], signal)
		await push(validation, from)
		work.validation = from
	}
	say(made.length === 0 ? already : `made ${made.join(' and ')}`)
}

/** Arguments of the script for the workstation. */
function there({ project, at, operation }: Work, mode: string): string[] {
	const { hub, base, validation } = project.git
	const url = at.url === '' ? noAddress : at.url
	return [mode, operation, project.remote, remoteWorktree(project), hub, url, base, validation, workstation]
}

async function cloneThere(work: Work, say: Say): Promise<void> {
	const { link, project, at, signal } = work
	const { hub, base, validation } = project.git
	if (work.clone !== null) return say(already)
	if (at.reaches) {
		const { fields } = await remoteScript(
			link,
			'git-setup',
			[...there(work, 'clone'), ...at.roots],
			signal,
			cloneMs,
		)
		work.clone = fields[0] ?? null
		return say(`from ${hub}`)
	}
	const { fields } = await remoteScript(link, 'git-setup', [...there(work, 'init'), ...at.roots], signal)
	const begun = { path: fields[0] ?? null }
	const commits = [at.tip, work.validation ?? at.tip]
	await haveCommits(link, project, at.folder, begun, commits, signal)
	for (const [n, commit] of commits.entries()) {
		const ref = `refs/hawser/incoming/${n === 0 ? base : validation}`
		await pushOverLink(link, at.folder, begun, { commit, ref, was: null }, signal)
	}
	const args = [...there(work, 'finish'), ...commits]
	const done = await remoteScript(link, 'git-setup', args, signal, cloneMs)
	work.clone = done.fields[0] ?? null
	work.validation = commits[1] ?? null
	say(hub === 'direct' ? 'over the link' : `over the link: ${at.there.unreachable ?? `${hub} is not there`}`)
}

const branchTodo = ['remote', 'base', 'validation', 'upstream', 'journal', 'leftovers']

/** What an adopted clone lacks. */
async function branchesThere(work: Work, say: Say): Promise<void> {
	const { link, project, at, signal } = work
	const { todo, base, incoming, clone } = at.there
	if (clone === null) return say('with the clone')
	const missing = branchTodo.filter((what) => todo.has(what))
	if (missing.length === 0) return say(already)
	const wanted = { base: '', validation: '' }
	if (todo.has('base')) wanted.base = at.reaches ? (at.hub.base ?? at.tip) : at.tip
	if (todo.has('validation')) wanted.validation = work.validation ?? (base || wanted.base)
	for (const name of ['base', 'validation'] as const) {
		const commit = wanted[name]
		// The clone fetches it, or has it.
		if (commit === '' || commit === base || at.reaches) continue
		await haveCommits(link, project, at.folder, { path: clone }, [commit], signal)
		const ref = `refs/hawser/incoming/${project.git[name]}`
		if (incoming[name] !== commit)
			await pushOverLink(link, at.folder, { path: clone }, { commit, ref, was: incoming[name] }, signal)
	}
	const args = [...there(work, 'branches'), wanted.base, wanted.validation]
	await remoteScript(link, 'git-setup', args, signal)
	work.validation = at.there.validation || wanted.validation
	say(doneWords(project, missing))
}

function doneWords(project: ProjectConfig, missing: readonly string[]): string {
	const { hub, base, validation } = project.git
	const words: Record<string, string> = {
		remote: `remote ${hub}`,
		base: `made ${base}`,
		validation: `made ${validation}`,
		upstream: 'set upstreams',
		journal: 'cleared up after a killed one',
		leftovers: 'cleared up after a killed one',
	}
	return [...new Set(missing.map((what) => words[what] ?? what))].join(', ')
}

async function worktreeThere(work: Work, say: Say): Promise<void> {
	const { link, at, signal } = work
	const { todo, clone } = at.there
	if (clone !== null && !todo.has('worktree') && !todo.has('leftovers')) return say(already)
	const args = [...there(work, 'worktree'), at.reaches ? 'smudge' : 'pointers']
	const { fields } = await remoteScript(link, 'git-setup', args, signal, cloneMs)
	say(clone !== null && !todo.has('worktree') ? already : (fields[0] ?? ''))
}

/** The upstream of the base branch, and where the settings name a worktree that and its branch. */
async function onLaptop(work: Work, say: Say): Promise<void> {
	const { link, project, at, signal, operation } = work
	const { hub, base, validation, worktree } = project.git
	const { todo } = at.here
	const missing = branchTodo.filter((what) => todo.has(what))
	const makes = todo.has('worktree') || todo.has('leftovers')
	if (missing.length === 0 && !makes) return say(worktree === undefined ? 'not wanted' : already)
	const commit = todo.has('validation') ? (work.validation ?? at.tip) : ''
	if (commit !== '') await haveCommits(link, project, at.folder, { path: work.clone }, [commit], signal)
	const places = [operation, at.folder, worktree ?? '', hub, noAddress, base, validation, laptop]
	const run = async (mode: string, ...args: string[]) =>
		await localScript('git-setup', [mode, ...places, ...args], at.folder, signal)
	const said = [doneWords(project, missing)]
	if (missing.length > 0) await run('branches', '', commit)
	if (worktree !== undefined && makes) said.push((await run('worktree', 'smudge')).fields[0] ?? '')
	say(said.filter(Boolean).join('; '))
}
