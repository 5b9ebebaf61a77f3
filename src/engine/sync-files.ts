import { setTimeout as pause } from 'node:timers/promises'
import { ProblemError } from '../contract/client.ts'
import type { ProjectConfig } from '../contract/config.ts'
import { backupPlaces, pruneBackups } from './files/backups.ts'
import { carryOut, type FilesDone } from './files/carry-out.ts'
import { pendingAfter } from './files/pending.ts'
import { filePlaces } from './files/places.ts'
import { fileSteps, requireFilesPlan } from './files/plan.ts'
import { resultPatterns, travelsAsFiles } from './files/project.ts'
import { baseName, type Survey, survey } from './files/survey.ts'
import { fileTools } from './files/tools.ts'
import type { Wish } from './git/wish.ts'
import type { Link } from './link/link.ts'
import type { PlannedStep, Say, StepRunner } from './operation.ts'
import type { OperationResult } from './operations.ts'
import { problemOf } from './problems.ts'
import { runBatch } from './remote/batch.ts'
import type { SyncContext } from './sync.ts'
import { refuseWhileRunning } from './sync-run.ts'

/** The part of a sync that moves files. */

const compareStep = { up: 'files-compare', back: 'files-compare-back' } as const

/** What files add to the steps of `up`, and of `back`. */
export function filesSteps(
	direction: 'up' | 'back',
	{ files, ...project }: ProjectConfig,
	{ take = {} }: Wish,
): PlannedStep[] {
	if (!moves(direction, { files, ...project })) return []
	const sides = new Set(Object.values(take))
	const send = { id: fileSteps.send, title: 'Send files' }
	const fetch = { id: fileSteps.fetch, title: 'Bring files back' }
	const deletes =
		direction === 'up'
			? { id: fileSteps.deleteThere, title: 'Delete what is gone here' }
			: { id: fileSteps.deleteHere, title: 'Delete what is gone there' }
	return [
		{ id: compareStep[direction], title: 'Compare the files of both sides' },
		...(direction === 'up' || sides.has('laptop') ? [send] : []),
		...(direction === 'back' || sides.has('workstation') ? [fetch] : []),
		...(files.delete ? [deletes] : []),
	]
}

/** Whether anything of the project may travel that way as files. */
export function moves(direction: 'up' | 'back', project: ProjectConfig): boolean {
	if (direction === 'back') return resultPatterns(project).length > 0
	return travelsAsFiles(project) && (project.strategy === 'files' || project.files.include.length > 0)
}

/**
 * Compares both sides and moves what is to go that way.
 * @param kind names the backup of what is overwritten
 * @throws ProblemError `plan-moved`, what stopped it before the first change, and as `carryOut`
 */
export async function syncFiles(
	context: SyncContext,
	direction: 'up' | 'back',
	kind: 'up' | 'back' | 'go',
	wish: Pick<Wish, 'plan' | 'take' | 'big' | 'full'>,
	runner: StepRunner,
	result: OperationResult,
): Promise<void> {
	const { project, link, dataFolder, now, filesWatch: watch } = context
	if (!moves(direction, project)) return
	const around = { project, link, dataFolder, now, watch }
	const seen = await runner.step(compareStep[direction], async (say) => {
		const compare = async () => {
			const surveying = survey(around, direction, wish, runner.signal)
			// Asked beside the comparison, so that no time is lost for it.
			const places = filePlaces(project, dataFolder)
			const tools = fileTools(link, places, direction === 'back' && places.own !== places.ownInto)
			// A `go` has asked for what runs there already.
			const runs = kind === 'up' ? askForRuns(context, runner.signal) : null
			try {
				return (await Promise.all([surveying, tools, runs]))[0]
			} catch (error) {
				await surveying.then(
					(found) => found.close(),
					() => {},
				)
				throw error
			}
		}
		const found = await throughLosses(link, runner.signal, say, compare)
		say(comparedWords(found))
		return found
	})
	// Of results that have a folder of their own the tree has nothing.
	const base = seen.isApart ? null : baseName(seen.index)
	try {
		if (seen.problem) throw new ProblemError(seen.problem)
		requireFilesPlan(wish.plan, seen.choice)
		const done: FilesDone = result.files ?? {
			up: { count: 0, deleted: 0, bytes: 0 },
			back: { count: 0, deleted: 0, bytes: 0 },
		}
		result.files = done
		if (seen.choice.moves > 0) {
			// A run reads what would be replaced under it.
			if (direction === 'up') refuseWhileRunning(context)
			await carryOut(around, seen, kind, runner, done)
			await prune(context, runner.signal)
		} else if (seen.choice.baseChanges > 0)
			await seen.index.replace({ ...seen.head, syncedAt: now() }, seen.choice.newBase(null))
		else await seen.index.remark({ ...seen.head, syncedAt: now() })
		if (direction === 'up') seen.vouch()
		context.showFiles((before) => pendingAfter(before, direction, seen.choice, now(), true))
	} catch (error) {
		context.showFiles((before) => pendingAfter(before, direction, seen.choice, now(), false))
		throw error
	} finally {
		if (!seen.isApart) watch?.rebase(base, baseName(seen.index))
		await seen.close()
	}
}

/** So often in one operation; then the line is no good. */
const mostLosses = 3
const linkTimeoutMs = 60_000
/** A connection that has just failed may take so long to say of itself that it has. */
const noticedMs = 250

/** Work that changes nothing: lost with the link, it begins anew once that is up again. */
async function throughLosses<T>(
	link: Link,
	signal: AbortSignal,
	say: Say,
	work: () => Promise<T>,
): Promise<T> {
	for (let losses = 1; ; losses++)
		try {
			return await work()
		} catch (error) {
			if (problemOf(error).code !== 'link-lost' || losses > mostLosses) throw error
			say('waits for the link')
			await pause(noticedMs, undefined, { signal })
			await link.whenUp(linkTimeoutMs, signal)
			say('')
		}
}

/** Of the first comparison nothing need be said: it is of everything. */
function comparedWords({ choice, index, look }: Survey): string {
	const what = choice.isNothing ? ['nothing to move'] : []
	if (!look || baseName(index) === null) return what.join()
	return [...what, look.places ? touchedWords(look.places.length) : `all files: ${look.why}`].join(' · ')
}

const touchedWords = (count: number) =>
	count === 0 ? 'nothing was touched' : `looked at ${count === 1 ? '1 place' : `${count} places`}`

async function askForRuns({ link, runsRider }: SyncContext, signal: AbortSignal): Promise<void> {
	const rider = runsRider()
	const [answer] = await runBatch(link, [rider.script], { signal })
	if (answer) rider.take(answer.stdout, answer.code)
}

const dayMs = 86_400_000
/** When the backups of a project were last looked through, by the laptop's folder of it. */
const prunedAt = new Map<string, number>()

/** Lets go of backups that have outlived their time, once a day; the next time does it where this one cannot. */
async function prune({ project, link, dataFolder, now }: SyncContext, signal: AbortSignal): Promise<void> {
	const places = filePlaces(project, dataFolder)
	if (now() - (prunedAt.get(places.own) ?? 0) < dayMs) return
	prunedAt.set(places.own, now())
	await pruneBackups(backupPlaces(places, link), project.files.keep, now(), { signal }).catch(() => {})
}

/** A plan of both is one id: git's, a plus, and that of the files. */
export function planParts(
	plan: string | undefined,
	project: ProjectConfig,
): { git: string | undefined; files: string | undefined } {
	if (plan === undefined) return { git: undefined, files: undefined }
	if (project.strategy === 'files') return { git: undefined, files: plan }
	const [git, files] = plan.split('+')
	return { git, files }
}
