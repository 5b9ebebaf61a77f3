import type { Conflict, FileChange, LeftOut, Plan, PlanStep } from '../contract/code.ts'
import { leftOutWords, trackedWords, versionWords } from '../contract/files-words.ts'
import { sizeWords } from '../contract/size-words.ts'
import type { Commit } from '../contract/state.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import type { Io } from './io.ts'
import { print, printJson, printProblem } from './report.ts'
import { count, plain } from './words.ts'

/** A preview: what would happen where, and what would stop it. Gives the exit code. */
export function printPlan(io: Io, plan: Plan, json: boolean | undefined): number {
	const code = plan.problem ? exitCodeOf(plan.problem) : exitCodes.done
	if (json) {
		printJson(io, plan)
		return code
	}
	for (const step of plan.steps) printStep(io, step)
	if (plan.steps.length === 0 && !plan.problem)
		print(io, 'Nothing would change: everything is there already.')
	for (const text of plan.notes) print(io, plain(text))
	printLeftOut(io, plan.leftOut)
	for (const conflict of plan.conflicts) printConflict(io, conflict)
	if (plan.problem) printProblem(io, plan.problem)
	else print(io, `Nothing was changed. With --plan ${plan.id.slice(0, 12)} it is done only as shown here.`)
	return code
}

const marks: Record<FileChange['change'], string> = { added: '+', modified: '~', deleted: '−' }
const mostFiles = 20

function printStep(io: Io, { machine, title, commits, files, fileCount, bytes }: PlanStep): void {
	const size = bytes === undefined ? '' : ` (${count(fileCount, 'file')}, ${sizeWords(bytes)})`
	print(io, `${machine}: ${plain(title)}${size}`)
	for (const commit of commits?.commits ?? []) print(io, `    ${commitText(commit)}`)
	const more = (commits?.count ?? 0) - (commits?.commits.length ?? 0)
	if (more > 0) print(io, `    and ${count(more, 'more commit')}`)
	for (const { path, change, bytes: size } of files.slice(0, mostFiles))
		print(io, `    ${marks[change]} ${plain(path)}${size === undefined ? '' : ` (${sizeWords(size)})`}`)
	const left = fileCount - Math.min(files.length, mostFiles)
	if (left > 0) print(io, `    and ${count(left, 'more file')}`)
}

/** Rules, and paths of each, that are named. */
const mostRules = 10
const mostPaths = 3

function printLeftOut(io: Io, leftOut: readonly LeftOut[] | undefined): void {
	const words = leftOutWords(leftOut)
	if (!leftOut || words === null) return
	print(io, `${words.all}:`)
	for (const { rule, paths, count: number, tracked } of leftOut.slice(0, mostRules)) {
		const named = paths.slice(0, mostPaths).map(plain)
		const more = number > named.length ? [`${number - named.length} more`] : []
		const missed = tracked > 0 ? `; ${trackedWords(tracked)}` : ''
		print(io, `    ${plain(rule)}: ${[...named, ...more].join(', ')}${missed}`)
	}
	if (leftOut.length > mostRules) print(io, `    and ${count(leftOut.length - mostRules, 'more rule')}`)
}

function printConflict(io: Io, { path, laptop, workstation, versions }: Conflict): void {
	print(io, `conflict: ${plain(path)}`)
	for (const [side, version] of Object.entries(versions ?? {}))
		print(io, `    ${side}: ${versionWords(version, utc)}`)
	for (const [side, commits] of Object.entries({ laptop, workstation }))
		for (const commit of commits) print(io, `    ${side}: ${commitText(commit)}`)
}

const commitText = ({ id, subject }: Commit) => `${id.slice(0, 8)} ${plain(subject)}`

/** `2026-11-23 10:15 UTC` */
const utc = (at: number) => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
