import type { Command } from 'commander'
import { ProblemError } from '../contract/client.ts'
import type { Commit, Lane, ProjectState, Standing } from '../contract/state.ts'
import { problem } from '../engine/problems.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { settle } from './reach.ts'
import { print, printJson, printProblem } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { ago, count, plain } from './words.ts'

export function addPending(program: Command, cli: Cli): void {
	program
		.command('pending')
		.argument('[project]', 'all of them when left out')
		.description('what waits to go out and to come back')
		.option('--json', 'print it as JSON')
		.action((project: string | undefined, options: { json?: boolean }) =>
			withEngine(cli, options, async (session) => {
				await settle(session)
				const names = projectNames(session, project)
				await Promise.allSettled(names.map((name) => session.client.call('readPending', { project: name })))
				const projects = names.flatMap((name) => session.state().projects[name] ?? [])
				if (options.json) printJson(session.io, { projects })
				else for (const each of projects) printPending(session, each)
				return Math.max(exitCodes.done, ...projects.map(pendingExitCode))
			}),
		)
}

/** @throws ProblemError `project-unknown` */
function projectNames(session: Session, project: string | undefined): string[] {
	const known = Object.keys(session.state().projects)
	if (project === undefined) return known
	if (known.includes(project)) return [project]
	throw new ProblemError(problem('project-unknown', { name: project, known }))
}

function pendingExitCode({ pending }: ProjectState): number {
	return pending.status === 'unreadable' ? exitCodeOf(pending.problem) : exitCodes.done
}

function printPending({ io }: Session, project: ProjectState): void {
	const { pending } = project
	print(io, `${plain(project.name)} → ${plain(project.workstation)}: ${pendingText(project, io.now())}`)
	if (pending.status === 'unreadable') printProblem(io, pending.problem)
	if (pending.status !== 'read') return
	const block = (title: string, lines: readonly string[], all = lines.length) => {
		if (lines.length === 0) return
		print(io, `  ${title}`)
		for (const line of lines) print(io, `    ${line}`)
		if (all > lines.length) print(io, `    and ${all - lines.length} more`)
	}
	const files = (title: string, list: readonly string[] | undefined, all: number | undefined) =>
		block(title, (list ?? []).map(plain), all)
	const commits = (title: string, lane: Lane | null) =>
		block(title, lane?.commits.map(commitText) ?? [], lane?.count)
	const { remote } = pending
	block('Needs care', cares(pending, true))
	commits('Up, to the hub', pending.toHub)
	commits('Up, to the workstation', pending.toWorkstation)
	commits('Back, from the hub', pending.fromHub)
	commits('Back, from the workstation', pending.toLaptop)
	files('Results on the workstation, not yet committed', remote?.resultFiles, remote?.resultCount)
	files('Changed here, not committed', pending.changedFiles, pending.changedCount)
	files('Not in git here', pending.untrackedFiles, pending.untrackedCount)
	files('Changed on the workstation, not committed', remote?.changedFiles, remote?.changedCount)
	files('Not in git on the workstation', remote?.untrackedFiles, remote?.untrackedCount)
	block('Stashed', stashes(pending))
	if (pending.problem) printProblem(io, pending.problem)
}

type Read = Extract<ProjectState['pending'], { status: 'read' }>

/** What a person has begun, or what was left behind, that a sync would stop at; `whole`: with all that is known. */
function cares({ standing, remote }: Read, whole: boolean): string[] {
	const there = remote ? caresOf(remote.standing, 'on the workstation', whole) : []
	return [...caresOf(standing, 'here', whole), ...there]
}

function caresOf({ ongoing, detached, lock }: Standing, where: string, whole: boolean): string[] {
	const locked = `git is locked ${where}`
	const holder = lock?.owner ? `held by ${plain(lock.owner)}` : 'it is not known by what'
	return [
		ongoing === null ? '' : `a ${plain(ongoing)} is in progress ${where}`,
		// That is how a rebase and a bisection work.
		detached && ongoing !== 'rebase' && ongoing !== 'bisect' ? `no branch is checked out ${where}` : '',
		lock === null ? '' : whole ? `${locked}, ${holder}: ${plain(lock.path)}` : locked,
	].filter(Boolean)
}

function stashes({ standing, remote }: Read): string[] {
	const sides: [number, string][] = [
		[standing.stashes, 'here'],
		[remote?.standing.stashes ?? 0, 'on the workstation'],
	]
	return sides.flatMap(([number, where]) =>
		number > 0 ? `${count(number, 'stash', 'stashes')} ${where}` : [],
	)
}

const commitText = ({ id, subject }: Commit) => `${id.slice(0, 8)} ${plain(subject)}`

/** One line: what is pending each way, and how old the workstation's side is. */
export function pendingText({ pending, hub }: ProjectState, now: number): string {
	if (pending.status === 'unknown') return 'not read yet'
	if (pending.status === 'unreadable') return plain(pending.problem.title)
	const lane = (value: Lane | null, where: string) =>
		value === null ? `unknown ${where}` : some(value.count, 'commit', where)
	const { remote } = pending
	const facts = [
		...cares(pending, false),
		hub === 'direct' ? '' : lane(pending.toHub, 'for the hub'),
		some(pending.fromHub?.count, 'commit', 'to take from the hub'),
		lane(pending.toWorkstation, 'to send'),
		lane(pending.toLaptop, 'to bring back'),
		some(remote?.resultCount, 'result file', 'there'),
		some(pending.changedCount, 'changed file', 'here'),
		some(pending.untrackedCount, 'new file', 'here'),
		some(remote?.changedCount, 'changed file', 'there'),
		some(remote?.untrackedCount, 'new file', 'there'),
	].filter(Boolean)
	const read = pending.remoteAt === null ? 'the workstation was not read yet' : ago(pending.remoteAt, now)
	return `${facts.length > 0 ? facts.join(', ') : 'nothing pending'} · ${read}`
}

const some = (amount: number | undefined, one: string, where: string) =>
	amount ? `${count(amount, one)} ${where}` : ''
