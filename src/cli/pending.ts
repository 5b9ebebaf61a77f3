import type { Command } from 'commander'
import { ProblemError } from '../contract/client.ts'
import {
	type Care,
	caresOf,
	changeWords,
	fileGroups,
	resultWords,
	stashWords,
} from '../contract/pending-words.ts'
import type { Commit, Lane, ProjectState } from '../contract/state.ts'
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
	const commits = (title: string, lane: Lane | null) =>
		block(title, lane?.commits.map(commitText) ?? [], lane?.count)
	block('Needs care', caresOf(pending).map(careText))
	commits('Up, to the hub', pending.toHub)
	commits('Up, to the workstation', pending.toWorkstation)
	commits('Back, from the hub', pending.fromHub)
	commits('Back, from the workstation', pending.toLaptop)
	const { laptop, workstation, results } = fileGroups(pending)
	for (const { label, files, total } of [...results, ...laptop, ...workstation])
		block(label, files.map(plain), total)
	const stashes = stashWords(pending)
	block('Stashed', stashes === null ? [] : [stashes])
	if (pending.problem) printProblem(io, pending.problem)
}

/** With what to do about it; a path stands last, to be copied. */
const careText = ({ title, meaning, path }: Care) =>
	plain([`${title}.`, meaning, path ?? ''].join(' ').trim())

/** As a part of a sentence. */
const inline = (title: string) => plain(`${title.charAt(0).toLowerCase()}${title.slice(1)}`)

const commitText = ({ id, subject }: Commit) => `${id.slice(0, 8)} ${plain(subject)}`

/** One line: what is pending each way, and how old the workstation's side is. */
export function pendingText({ pending, hub }: ProjectState, now: number): string {
	if (pending.status === 'unknown') return 'not read yet'
	if (pending.status === 'unreadable') return plain(pending.problem.title)
	const lane = (value: Lane | null, where: string) =>
		value === null ? `unknown ${where}` : some(value.count, 'commit', where)
	const facts = [
		...caresOf(pending).map(({ title }) => inline(title)),
		hub === 'direct' ? '' : lane(pending.toHub, 'for the hub'),
		some(pending.fromHub?.count, 'commit', 'to take from the hub'),
		lane(pending.toWorkstation, 'to send'),
		lane(pending.toLaptop, 'to bring back'),
		where(resultWords(pending), 'to bring back'),
		changeWords(pending) ?? '',
		where(changeWords(pending.remote), 'on the workstation'),
	].filter(Boolean)
	const read = pending.remoteAt === null ? 'the workstation was not read yet' : ago(pending.remoteAt, now)
	return `${facts.length > 0 ? facts.join(', ') : 'nothing pending'} · ${read}`
}

const where = (words: string | null, place: string) => (words === null ? '' : `${words} ${place}`)
const some = (amount: number | undefined, one: string, where: string) =>
	amount ? `${count(amount, one)} ${where}` : ''
