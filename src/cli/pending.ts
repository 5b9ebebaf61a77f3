import type { Command } from 'commander'
import { ProblemError } from '../contract/client.ts'
import { conflictWords, filesParts, filesWords } from '../contract/files-words.ts'
import {
	type Care,
	caresOf,
	changeWords,
	fileGroups,
	resultWords,
	stashWords,
} from '../contract/pending-words.ts'
import type { Commit, FilesPending, Lane, ProjectState } from '../contract/state.ts'
import { problem } from '../engine/problems.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import type { Io } from './io.ts'
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

function pendingExitCode({ pending, files }: ProjectState): number {
	const troubles = [pending, files].flatMap((one) => (one?.status === 'unreadable' ? [one.problem] : []))
	return Math.max(exitCodes.done, ...troubles.map(exitCodeOf))
}

function printPending({ io }: Session, project: ProjectState): void {
	const { pending } = project
	print(io, `${plain(project.name)} → ${plain(project.workstation)}: ${pendingText(project, io.now())}`)
	if (pending.status === 'unreadable') printProblem(io, pending.problem)
	const block: Block = (title, lines, all = lines.length) => {
		if (lines.length === 0) return
		print(io, `  ${title}`)
		for (const line of lines) print(io, `    ${line}`)
		if (all > lines.length) print(io, `    and ${all - lines.length} more`)
	}
	if (pending.status === 'read') printCode(io, pending, block)
	if (project.files?.status === 'unreadable') printProblem(io, project.files.problem)
	if (project.files?.status === 'read') printFiles(project.files, block)
}

/** A title, and its first few lines of `all`; nothing where there are none. */
type Block = (title: string, lines: readonly string[], all?: number) => void

function printCode(
	io: Io,
	pending: Extract<ProjectState['pending'], { status: 'read' }>,
	block: Block,
): void {
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

function printFiles(files: Extract<FilesPending, { status: 'read' }>, block: Block): void {
	const { toWorkstation, toLaptop } = files
	const conflicts = conflictWords(files)
	block('Needs care', conflicts === null ? [] : [`${conflicts.title}. ${conflicts.meaning}`])
	block('Files to send', toWorkstation.paths.map(plain), toWorkstation.count)
	block('Files to bring back', toLaptop?.paths.map(plain) ?? [], toLaptop?.count)
}

/** With what to do about it; a path stands last, to be copied. */
const careText = ({ title, meaning, path }: Care) =>
	plain([`${title}.`, meaning, path ?? ''].join(' ').trim())

/** As a part of a sentence. */
const inline = (title: string) => plain(`${title.charAt(0).toLowerCase()}${title.slice(1)}`)

const commitText = ({ id, subject }: Commit) => `${id.slice(0, 8)} ${plain(subject)}`

/** One line: what is pending each way, and how old the workstation's side is. */
export function pendingText({ pending, hub, files }: ProjectState, now: number): string {
	if (pending.status === 'unused') return filesText(files, now)
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
		...(files?.status === 'read' ? filesParts(files) : []),
		conflictWords(files)?.title ?? '',
		files?.status === 'unreadable' ? inline(files.problem.title) : '',
	].filter(Boolean)
	const read = pending.remoteAt === null ? 'the workstation was not read yet' : ago(pending.remoteAt, now)
	return `${facts.length > 0 ? facts.join(', ') : 'nothing pending'} · ${read}`
}

function filesText(files: ProjectState['files'], now: number): string {
	const words = plain(filesWords(files))
	if (files?.status !== 'read' || files.remoteAt === null) return words
	return `${words} · ${ago(files.remoteAt, now)}`
}

const where = (words: string | null, place: string) => (words === null ? '' : `${words} ${place}`)
const some = (amount: number | undefined, one: string, where: string) =>
	amount ? `${count(amount, one)} ${where}` : ''
