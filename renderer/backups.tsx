import { type ReactNode, useId, useState } from 'react'
import type { Backup } from '../src/contract/code.ts'
import { sizeWords } from '../src/contract/size-words.ts'
import type { Operation, ProjectState } from '../src/contract/state.ts'
import { BackupFiles } from './backup-files.tsx'
import { type Backups as Read, useBackups } from './backup-reader.ts'
import { BoundedList } from './bounded-list.tsx'
import { Button } from './button.tsx'
import { useDetail, useDetails } from './details.tsx'
import { useHawser } from './hawser.tsx'
import { NextStepButton } from './next-step.tsx'
import { count, dateTime } from './words.ts'

const firstBackups = 6

export const backupsId = (project: string) => `backups:${project}`

/** Whether syncs of that project can have kept anything. */
export const hasBackups = ({ strategy, files }: ProjectState) => strategy === 'files' || files !== null

interface BackupsProps {
	project: ProjectState
	/** The project's, as it is shown. */
	operation: Operation | null
	/** Why nothing can be done on the workstation now; null: it can. */
	reason: string | null
	/** Where a refusal is shown. */
	about: string
	/** The restore itself, where it is under way or has ended. */
	children: ReactNode
}

/** What syncs replaced or deleted, on both machines, and the way back for it. */
export function Backups({ project, operation, reason, about, children }: BackupsProps) {
	const id = useId()
	const detail = useDetail(backupsId(project.name))
	const { opened } = useDetails()
	/** The backup that it was begun from. */
	const [from, setFrom] = useState<string | null>(null)
	const isInRow = from !== null && opened.includes(rowId(project.name, from))
	// What ended may have made another backup, or let one go.
	const read = useBackups(project.name, operation?.endedAt ? operation.id : '')
	return (
		<section className="backups" tabIndex={-1} aria-labelledby={id} {...detail.panel}>
			<h3 id={id}>
				Backups<span className="sr"> of {project.name}</span>
			</h3>
			<p className="quiet">What syncs replaced or deleted, newest first, on the machine where it happened.</p>
			{!isInRow && children}
			<Reading read={read} project={project} reason={reason} />
			{read.backups && read.backups.length > 0 && (
				<BoundedList
					className="backup-rows"
					label="Backups"
					items={read.backups}
					first={firstBackups}
					scrolls={false}
					keyOf={keyOf}
				>
					{(backup) => (
						<BackupRow
							project={project.name}
							backup={backup}
							about={about}
							why={whyNot(backup, operation, reason)}
							onRestore={() => setFrom(keyOf(backup))}
						>
							{isInRow && from === keyOf(backup) ? children : null}
						</BackupRow>
					)}
				</BoundedList>
			)}
		</section>
	)
}

const rowId = (project: string, key: string) => `backup:${project}:${key}`
const keyOf = ({ machine, id }: Backup) => `${machine}:${id}`

/** Why it cannot be restored now; null: it can. */
function whyNot({ machine }: Backup, operation: Operation | null, reason: string | null): string | null {
	if (operation !== null && operation.endedAt === null) return 'Something else is under way.'
	return machine === 'workstation' ? reason : null
}

function Reading({ read, project, reason }: { read: Read } & Pick<BackupsProps, 'project' | 'reason'>) {
	const { backups, problem, reading, look } = read
	return (
		<>
			<p className="quiet small" role="status">
				{reading && backups === null && 'Looking on both machines…'}
				{!reading && backups?.length === 0 && 'There are none: no sync has replaced or deleted a file.'}
				{!reading && backups && reason && ` ${reason} Only what lies on the laptop is listed.`}
			</p>
			{problem && (
				<div className="trouble" role="alert">
					<p className="strong">{problem.title}</p>
					<p>{problem.meaning}</p>
					<div className="buttons">
						{problem.next?.kind !== 'retry' && (
							<NextStepButton
								problem={problem}
								workstation={project.workstation}
								project={project.name}
								where={backupsId(project.name)}
							/>
						)}
						<Button onClick={look}>Look again</Button>
					</div>
				</div>
			)}
		</>
	)
}

const machines: Record<Backup['machine'], string> = { laptop: 'Laptop', workstation: 'Workstation' }
const kinds: Record<Backup['kind'], string> = {
	up: 'Up',
	back: 'Back',
	go: 'Sync and validate',
	restore: 'Restore files',
}

interface BackupRowProps {
	project: string
	backup: Backup
	about: string
	why: string | null
	onRestore(): void
	/** The restore of it, where it is under way or has ended. */
	children: ReactNode
}

function BackupRow({ project, backup, about, why, onRestore, children }: BackupRowProps) {
	const { send } = useHawser()
	const { machine, id, at, kind } = backup
	const detail = useDetail(rowId(project, keyOf(backup)))
	const restore = (paths: string[] | null) => {
		onRestore()
		void send('restore', { project, machine, backup: id, ...(paths ? { paths } : {}) }, about)
	}
	return (
		<>
			<button type="button" className="files-row backup-row" {...detail.trigger}>
				<span className="rest">
					<span className="strong">{dateTime(at)}</span> · {machines[machine]}
				</span>
				<span className="when">
					{count(backup.count, 'file')}, {sizeWords(backup.bytes)}
				</span>
				<span className="turn" aria-hidden="true" />
				<span className="backup-by">by {kinds[kind]}</span>
			</button>
			{detail.isOpen && (
				<div className="backup" {...detail.panel}>
					<BackupFiles project={project} backup={backup} why={why} restore={restore} />
					{children}
				</div>
			)}
		</>
	)
}
