import { createHash } from 'node:crypto'
import { ProblemError } from '../../contract/client.ts'
import type { FileChange, Plan, PlanStep } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Problem } from '../../contract/problem.ts'
import type { Commit } from '../../contract/state.ts'
import type { Link } from '../link/link.ts'
import type { PlannedStep, StepRunner } from '../operation.ts'
import { problem } from '../problems.ts'
import { alone } from './git.ts'
import { checkNames } from './names.ts'
import { mostFiles } from './pending.ts'
import { requirePlan } from './plan-id.ts'
import { fileName, type Rec } from './records.ts'
import { type Kept, nameParts, newOperation, readKept } from './safety.ts'
import { type Side, sidesOf } from './sides.ts'
import { type Choice, chooseUndo, type Retreat } from './undo-choice.ts'
import { comingSteps, worktreeNotes, worktreeProblem, worktreeRequest } from './undo-worktree.ts'

export const undoSteps: PlannedStep[] = [
	{ id: 'undo-check', title: 'Check both sides' },
	{ id: 'undo-workstation', title: 'Bring the workstation back' },
	{ id: 'undo-laptop', title: 'Bring the laptop back' },
]

/** Time to bring one machine back. */
const applyMs = 15 * 60_000

interface Found {
	sides: Side[]
	choice: Choice | null
	plan: Plan
}

/** @throws ProblemError only of the link or of a repository that cannot be read; what stops it is in the plan */
export async function planUndo(link: Link, project: ProjectConfig, signal: AbortSignal): Promise<Plan> {
	return (await look(link, project, signal)).plan
}

async function look(link: Link, project: ProjectConfig, signal: AbortSignal): Promise<Found> {
	await checkNames(project)
	const sides = await sidesOf(link, project, signal)
	const kept = await Promise.all(sides.map((side) => readSettled(side, signal)))
	// A branch that an agent's commits were kept on is the laptop's own too.
	const { git, agent } = project
	const branches = [git.base, git.validation, ...(agent ? [agent.branch] : [])]
	const choice = chooseUndo(kept, { project: project.name, branches })
	const stopped = stopOf(choice, sides, project)
	const plan: Plan = {
		id: '',
		kind: 'undo',
		project: project.name,
		at: Date.now(),
		steps: [],
		conflicts: [],
		notes: [],
		problem: stopped,
	}
	if (choice === null || stopped) return { sides, choice, plan }
	const looks = await Promise.all(
		sides.map(async (side, at) => {
			const retreats = choice.retreats[at] ?? []
			const retreat = choice.worktrees[at] ?? null
			if (retreat !== null) {
				const args = worktreeRequest('check', '', side, project, choice.undone, retreat)
				const { records, problem: stop } = await side.look('git-worktrees', args, signal)
				return { records, problem: stop ?? worktreeProblem(side, retreat, records) }
			}
			if (retreats.length === 0) return { records: [], problem: null }
			return await side.look('git-undo', request('check', '', side, project, choice.undone, retreats), signal)
		}),
	)
	for (const [at, { records }] of looks.entries()) {
		const side = sides[at]
		if (side) plan.steps.push(...stepsOf(side, records))
	}
	// What the workstation gave is undone there first.
	plan.steps.sort((one, other) => other.machine.localeCompare(one.machine))
	plan.problem = looks.find((one) => one.problem)?.problem ?? null
	plan.notes = notesOf(
		choice,
		project,
		looks.flatMap(({ records }) => records),
	)
	if (!plan.problem) plan.id = idOf(choice, plan.steps)
	return { sides, choice, plan }
}

/** What is kept, after what a killed operation left was cleared up. */
async function readSettled(side: Side, signal: AbortSignal): Promise<Kept> {
	const kept = await readKept(side, signal)
	if (!kept.journal) return kept
	await side.ask('git-undo', ['settle', '', side.name, side.path], signal)
	return { ...(await readKept(side, signal)), journal: true }
}

function stopOf(choice: Choice | null, sides: readonly Side[], project: ProjectConfig): Problem | null {
	if (choice === null) return problem('nothing-to-undo', { project: project.name })
	const [moved] = choice.moved
	if (!moved) return null
	const { branch, ref, repository } = moved
	return problem('undo-moved', { branch, ref, side: sides[repository]?.name ?? '' })
}

function request(
	mode: string,
	operation: string,
	side: Side,
	project: ProjectConfig,
	undone: string,
	retreats: readonly Retreat[],
): string[] {
	const branches = retreats.flatMap(({ branch, from, to, numbers }) => [
		branch,
		from ?? '',
		to ?? '',
		numbers.join(' '),
	])
	return [mode, operation, side.name, side.path, project.git.hub, undone, ...branches]
}

const changeWords: Record<string, FileChange['change']> = { A: 'added', D: 'deleted' }

/** One for each branch: `undo.branch` begins it. */
function stepsOf(side: Side, records: readonly Rec[]): PlanStep[] {
	const steps: PlanStep[] = []
	for (const [record, first = '', second = '', third = '', ...rest] of records) {
		if (record === 'undo.branch') {
			const id = side.machine === 'laptop' ? 'undo-laptop' : 'undo-workstation'
			const commits = { count: 0, commits: [] }
			steps.push({ id, machine: side.machine, title: first, commits, files: [], fileCount: 0 })
		}
		const step = steps.at(-1)
		if (!step?.commits) continue
		if (record === 'undo.off' || record === 'undo.on') {
			step.commits.count = Number(first)
			const commits = first === '1' ? '1 commit' : `${first} commits`
			step.title =
				record === 'undo.off'
					? `Take ${commits} off ${step.title}`
					: `Bring ${commits} to ${step.title} again`
		}
		if (record === 'undo.commit') step.commits.commits.push(commitOf(first, second, third, rest))
		if (record === 'undo.files') step.fileCount = Number(first)
		if (record === 'undo.file' && step.files.length < mostFiles)
			step.files.push({ path: fileName(second), change: changeWords[first] ?? 'modified' })
	}
	return [...steps, ...comingSteps(side, records)]
}

function commitOf(id: string, seconds: string, author: string, subject: readonly string[]): Commit {
	return { id, at: Number(seconds) * 1000, author: author.trim(), subject: subject.join('\t').trim() }
}

function notesOf(choice: Choice, { git }: ProjectConfig, records: readonly Rec[]): string[] {
	const { kind, at } = nameParts(choice.undone)
	const time = new Date(at).toISOString().replace('T', ' ').slice(0, 16)
	const notes = [`This undoes "${kind}" of ${time} UTC.`]
	if (choice.begun) notes.push('It was begun before, and goes on with what is left.')
	const onHub = new Set(
		records.flatMap(([record, branch]) => (record === 'undo.hub' && branch ? [branch] : [])),
	)
	for (const branch of onHub)
		notes.push(
			`The hub keeps the commits of ${branch}: nothing is taken off ${git.hub}. Undo again brings them back here.`,
		)
	return [...notes, ...worktreeNotes(records)]
}

function idOf(choice: Choice, steps: readonly PlanStep[]): string {
	const files = steps.map((step) => [step.machine, step.files, step.fileCount])
	return createHash('sha256')
		.update(JSON.stringify([choice, files]))
		.digest('hex')
}

/**
 * Brings both sides back to before the project's last operation. It is kept how they were, so another undo brings
 * them forth again. Refuses before anything is changed; again is safe after any interruption.
 * @throws ProblemError `nothing-to-undo`, `undo-moved`, `plan-moved`, and those of `up`
 */
export async function undo(
	runner: StepRunner,
	link: Link,
	project: ProjectConfig,
	wish: { plan?: string | undefined },
): Promise<void> {
	await alone(project.local, async () => {
		const { signal } = runner
		const { sides, choice } = await runner.step('undo-check', async (say) => {
			const found = await look(link, project, signal)
			if (found.plan.problem) throw new ProblemError(found.plan.problem)
			requirePlan(wish, found.plan.id)
			say(nameParts(found.choice?.undone ?? '').kind)
			return found
		})
		if (choice === null) return
		const operation = choice.begun ?? newOperation('undo', Date.now())
		for (const machine of ['workstation', 'laptop'] as const)
			await runner.step(`undo-${machine}`, async (say) => {
				const at = sides.findIndex((side) => side.machine === machine)
				const [side, retreats = [], retreat = null] = [sides[at], choice.retreats[at], choice.worktrees[at]]
				const isOpen = choice.open.includes(at)
				if (!side || (retreats.length === 0 && !retreat && !isOpen)) return say('nothing to undo')
				if (retreat) {
					const args = worktreeRequest('apply', operation, side, project, choice.undone, retreat)
					const stop = worktreeProblem(side, retreat, await side.ask('git-worktrees', args, signal, applyMs))
					if (stop) throw new ProblemError(stop)
					return say(retreat.worktree.path)
				}
				const args = request('apply', operation, side, project, choice.undone, retreats)
				await side.ask('git-undo', args, signal, applyMs)
				say(retreats.map(({ branch }) => branch).join(', '))
			})
	})
}
