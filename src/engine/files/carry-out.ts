import { ProblemError } from '../../contract/client.ts'
import { sizeWords } from '../../contract/size-words.ts'
import type { FilesMoved } from '../../contract/state.ts'
import type { StepRunner } from '../operation.ts'
import { problem } from '../problems.ts'
import { backupBeside } from './backups.ts'
import { foldersHere, foldersThere, removals } from './emptied.ts'
import { shownPath } from './entry.ts'
import { keepHere, keepThere, type Left, leftWords, removeHere, removeThere } from './keeping.ts'
import { beginMoving, clearLeftovers, endMoving } from './leftovers.ts'
import type { Lot } from './lot.ts'
import { move } from './move.ts'
import type { MoveFailure } from './move-complaints.ts'
import { backupId, backupsIn, filePlaces } from './places.ts'
import { countOfFiles, fileSteps } from './plan.ts'
import type { MoveProgress } from './progress.ts'
import type { FilesAround, Survey } from './survey.ts'
import { fileTools } from './tools.ts'

/** What was done, learnt as it is done. */
export interface FilesDone {
	up: FilesMoved
	back: FilesMoved
}

const sides = { up: 'The workstation', back: 'The laptop' } as const

async function* overwritten(lot: Lot): AsyncGenerator<string> {
	for await (const { over } of lot.transfers()) if (over) yield over.path
}

const failureWords: Record<MoveFailure['why'], string> = {
	gone: 'it is gone',
	denied: 'it may not be read or written',
	'in-the-way': 'a folder is in its place',
	special: 'it is no file any more',
	other: 'it could not be moved',
}
const mostNamed = 20

/**
 * Does what was chosen: what is overwritten or deleted is kept first, on the machine where it is. Ended anywhere, it can
 * be done again: what has got there is then found there.
 * @param kind names the backup
 * @throws ProblemError as `move`, `removeThere`, `files-index-unwritable`; `files-incomplete`, when all else was done
 */
export async function carryOut(
	around: FilesAround,
	{ choice, index, head, roots, were, home, own, isApart }: Survey,
	kind: 'up' | 'back' | 'go',
	runner: StepRunner,
	done: FilesDone,
): Promise<void> {
	const { project, link, dataFolder, now } = around
	const places = filePlaces(project, dataFolder)
	const ownThere = `${home}/${places.ownThere}`
	const id = backupId(kind, now())
	const left: string[] = []
	const failed = new Set<string>()
	const fail = (path: string, words: string) => {
		failed.add(path)
		if (left.length < mostNamed) left.push(words)
	}
	const leave = (one: Left) => fail(one.path, leftWords(one))
	const transfer = async (direction: 'up' | 'back', lot: Lot) => {
		const receiver = direction === 'up' ? ownThere : own
		const tools = await fileTools(link, places, isApart)
		await runner.step(direction === 'up' ? fileSteps.send : fileSteps.fetch, async (say) => {
			const root = direction === 'up' ? roots.workstation : roots.laptop
			const isNear = direction === 'up' ? tools.isNear.workstation : tools.isNear.laptop
			// From one file system to another rsync copies, and one that is killed leaves half a file as a backup.
			const keepsItself = tools.pair.engine === 'full' && isNear
			// Where all is new, the folder may not be there yet.
			if (!keepsItself && lot.newCount < lot.count) {
				const at = { root, backup: `${backupsIn(receiver)}/${id}` }
				const kept =
					direction === 'up'
						? await keepThere(link, at, overwritten(lot), { signal: runner.signal })
						: await keepHere(at, overwritten(lot), { signal: runner.signal })
				const [first] = kept.left
				if (first)
					throw new ProblemError(
						problem('backup-failed', {
							side: sides[direction],
							path: shownPath(first.path),
							reason: leftWords(first),
						}),
					)
			}
			const began = performance.now()
			const agoBefore = await beginMoving(own, direction)
			const clear = (minutes: number) =>
				clearLeftovers(
					direction === 'up' ? link : 'laptop',
					{ root, backup: `${backupsIn(receiver)}/${id}` },
					lot.entries(),
					minutes,
					runner.signal,
				)
			const isThere = were[direction === 'up' ? 'workstation' : 'laptop'] !== 'missing'
			let cleared = agoBefore !== null && isThere ? await clear(agoBefore) : 0
			const result = await move({
				link,
				direction,
				localRoot: roots.laptop,
				remoteRoot: roots.workstation,
				receiver: direction === 'up' ? were.workstation : were.laptop,
				paths: lot.entries(),
				backupDir: keepsItself ? (run) => `${backupsIn(receiver)}/${backupBeside(id, run)}/tree` : null,
				partialDir: `${receiver}/partial`,
				partialIsNear: isNear,
				pair: tools.pair,
				signal: runner.signal,
				onProgress: (progress) => say(progressWords(progress), shareOf(progress)),
			})
			if (result.interrupted) cleared += await clear((performance.now() - began) / 60_000)
			await endMoving(own, direction)
			for (const one of result.failed) fail(one.path, `${shownPath(one.path)} (${failureWords[one.why]})`)
			done[direction].count += result.moved
			done[direction].bytes += result.bytes
			const away = cleared > 0 ? [`put away ${countOfFiles(cleared)} that were cut off`] : []
			say([countOfFiles(result.moved), sizeWords(result.bytes), ...away].join(', '))
		})
	}
	if (choice.send.count > 0) await transfer('up', choice.send)
	if (choice.fetch.count > 0) await transfer('back', choice.fetch)
	if (choice.deleteThere.count > 0)
		await runner.step(fileSteps.deleteThere, async (say) => {
			const at = { root: roots.workstation, backup: `${backupsIn(ownThere)}/${id}` }
			const kept = await removeThere(
				link,
				at,
				removals(choice.deleteThere.entries(), foldersHere(roots.laptop)),
				{ signal: runner.signal },
			)
			kept.left.forEach(leave)
			done.up.deleted += kept.kept
			say(countOfFiles(kept.kept))
		})
	if (choice.deleteHere.count > 0)
		await runner.step(fileSteps.deleteHere, async (say) => {
			const at = { root: roots.laptop, backup: `${backupsIn(own)}/${id}` }
			const kept = await removeHere(
				at,
				removals(choice.deleteHere.entries(), foldersThere(link, roots.workstation, runner.signal)),
				{ signal: runner.signal },
			)
			kept.left.forEach(leave)
			done.back.deleted += kept.kept
			say(countOfFiles(kept.kept))
		})
	await index.replace({ ...head, syncedAt: now(), digest: null }, choice.newBase({ failed }))
	if (failed.size > 0)
		throw new ProblemError(problem('files-incomplete', { count: failed.size, files: left }))
}

const shareOf = ({ bytes, totalBytes, files, totalFiles }: MoveProgress): number | undefined => {
	// Many small files take their time by their number, big ones by their bytes.
	const shares = [totalBytes > 0 ? bytes / totalBytes : 1, totalFiles > 0 ? files / totalFiles : 1]
	return Math.min(1, Math.max(0, (shares[0] ?? 0) * 0.5 + (shares[1] ?? 0) * 0.5))
}

function progressWords({ phase, bytes, totalBytes, files, totalFiles, ...more }: MoveProgress): string {
	const { bytesPerSecond, secondsLeft } = more
	const parts = [
		...(phase === 'waiting' ? ['waits for the link'] : []),
		`${sizeWords(bytes)} of ${sizeWords(totalBytes)}`,
		`${files} of ${totalFiles} files`,
		...(phase === 'moving' && bytesPerSecond !== null ? [`${sizeWords(Math.round(bytesPerSecond))}/s`] : []),
		...(phase === 'moving' && secondsLeft !== null ? [leftText(secondsLeft)] : []),
	]
	return parts.join(' · ')
}

const leftText = (seconds: number) =>
	seconds < 90 ? `${Math.max(1, Math.round(seconds))} s left` : `${Math.round(seconds / 60)} min left`
