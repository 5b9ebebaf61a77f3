import { ProblemError } from '../contract/client.ts'
import type { CommandOutput } from '../contract/commands.ts'
import { backupPlaces, findBackup, listBackupFiles, listBackups } from './files/backups.ts'
import { leftWords } from './files/keeping.ts'
import { filePlaces } from './files/places.ts'
import { countOfFiles } from './files/plan.ts'
import { restoreFiles } from './files/restore.ts'
import type { StepRunner } from './operation.ts'
import type { Operations } from './operations.ts'
import { problem } from './problems.ts'
import type { Roster } from './roster.ts'
import type { CommandParsed } from './rpc/served-engine.ts'

type FileCommand = 'listBackups' | 'listBackupFiles' | 'restore'

type FileHandlers = {
	[N in FileCommand]: (input: CommandParsed<N>) => Promise<CommandOutput<N>>
}

interface FileHandlersOptions {
	roster: Roster
	operations: Operations
	/** Absolute. */
	dataFolder: string
	/** ms since the epoch. */
	now(): number
}

/** How long a question waits for a link that is still being made, and for its answer. */
const linkTimeoutMs = 20_000
const answerMs = 120_000
const briefMs = 3000
/** How many files that were left are named. */
const mostNamed = 5

/** The commands about what syncs of files kept. */
export function createFileHandlers({
	roster,
	operations,
	dataFolder,
	now,
}: FileHandlersOptions): FileHandlers {
	const at = (name: string | undefined) => {
		const { config } = roster.project(name)
		return { config, link: roster.workstation(config.workstation).link }
	}
	/** Without the link what lies on the laptop is found all the same. */
	const placesOf = async (name: string | undefined, needsLink: boolean, signal?: AbortSignal) => {
		const { config, link } = at(name)
		if (needsLink) {
			link.connect()
			await link.whenUp(linkTimeoutMs, signal)
		}
		const isUp = link.state.status === 'up'
		return backupPlaces(filePlaces(config, dataFolder), isUp ? link : null)
	}
	const bounded = () => ({ signal: AbortSignal.timeout(answerMs) })
	return {
		listBackups: async ({ project }) => {
			const { link } = at(project)
			link.connect()
			// Those of the laptop are not to wait long for it.
			await link.whenUp(briefMs).catch(() => {})
			return { backups: await listBackups(await placesOf(project, false), bounded()) }
		},
		listBackupFiles: async ({ project, machine, backup, after, most }) => {
			const places = await placesOf(project, machine === 'workstation')
			const place = await findBackup(places, machine, backup)
			const page = { ...(after === undefined ? {} : { after }), ...(most === undefined ? {} : { most }) }
			return await listBackupFiles(place, backup, { ...page, ...bounded() })
		},
		restore: async ({ project: name, machine, backup, paths }) => {
			const { config } = at(name)
			const work = async (runner: StepRunner) => {
				const places = await runner.step('connect', () =>
					placesOf(config.name, machine === 'workstation', runner.signal),
				)
				await runner.step('restore', async (say) => {
					const place = await findBackup(places, machine, backup)
					let done = 0
					const { restored, same, left } = await restoreFiles(place, backup, now(), {
						...(paths ? { paths } : {}),
						signal: runner.signal,
						onDone: () => say(countOfFiles(++done)),
					})
					say(same > 0 ? `${restored} restored, ${same} were so already` : `${restored} restored`)
					if (left.length === 0) return
					const more = left.length > mostNamed ? [`and ${left.length - mostNamed} more`] : []
					const files = [...left.slice(0, mostNamed).map(leftWords), ...more]
					throw new ProblemError(problem('restore-incomplete', { files }))
				})
			}
			const operation = operations.start({
				kind: 'restore',
				project: config.name,
				workstation: config.workstation,
				steps: [
					{ id: 'connect', title: machine === 'workstation' ? 'Connect' : 'Find the backup' },
					{ id: 'restore', title: 'Put the files back' },
				],
				work,
			})
			return { operation }
		},
	}
}
