import { conflictWords, filesParts } from '../src/contract/files-words.ts'
import { sizeWords } from '../src/contract/size-words.ts'
import type { FilesPending, ProjectState } from '../src/contract/state.ts'
import { BoundedList } from './bounded-list.tsx'
import { Button } from './button.tsx'
import { Cares } from './cares.tsx'
import { useNow } from './clock.ts'
import { useDetail } from './details.tsx'
import { FileName } from './file-row.tsx'
import { PendingTrouble } from './pending-trouble.tsx'
import { ago, count } from './words.ts'

type Read = Extract<FilesPending, { status: 'read' }>
type Lane = Read['toWorkstation']

const firstPaths = 3

interface TravellingFilesProps {
	project: ProjectState
	linked: boolean
	/** Opens the preview, where a side is chosen; null: that is offered elsewhere. */
	resolve: (() => void) | null
	/** Why that cannot be now; null: it can. */
	why: string | null
}

/** What waits, either way, in a project without git. */
export function TravellingFiles({ project, linked, resolve, why }: TravellingFilesProps) {
	const { files } = project
	const now = useNow()
	if (files === null || files.status === 'unknown') return <p className="quiet pending-note">Not read yet.</p>
	if (files.status === 'unreadable')
		return <PendingTrouble project={project} problem={files.problem} note={`Tried ${ago(files.at, now)}.`} />
	const { toWorkstation, toLaptop, remoteAt } = files
	return (
		<>
			<FileConflicts files={files} resolve={resolve} why={why} />
			<ul className="commits">
				<Waiting lane={toWorkstation} way="out" />
				{toLaptop && <Waiting lane={toLaptop} way="back" />}
				<li className="quiet">
					<span className="rest">{standWords(files, now)}</span>
				</li>
				{(!linked || toLaptop === null) && (
					<li className="quiet">
						<span className="rest">
							{remoteAt === null
								? 'The workstation’s side was not read yet.'
								: `The workstation’s side was read ${ago(remoteAt, now)}.`}
						</span>
					</li>
				)}
			</ul>
		</>
	)
}

const waits = ({ toWorkstation, toLaptop, conflictCount }: Read) =>
	toWorkstation.count + (toLaptop?.count ?? 0) + conflictCount

function standWords(files: Read, now: number): string {
	const { syncedAt, toLaptop } = files
	if (syncedAt === null) return 'Both sides have not been the same yet.'
	return waits(files) === 0 && toLaptop !== null
		? `Nothing waits: both sides were the same ${ago(syncedAt, now)}.`
		: `Both sides were the same ${ago(syncedAt, now)}.`
}

const goals = { out: 'to send', back: 'to bring back' }

function Waiting({ lane, way }: { lane: Lane; way: keyof typeof goals }) {
	if (lane.count === 0) return null
	const words = `${count(lane.count, 'file')} ${goals[way]}`
	return (
		<li className="files">
			<p className="files-way">
				<span className="way" aria-hidden="true">
					{way === 'out' ? '→' : '←'}
				</span>
				<span className="rest">{words}</span>
				{lane.bytes > 0 && <span className="when">{sizeWords(lane.bytes)}</span>}
			</p>
			<div className="files-of-way">
				<Paths lane={lane} label={words} />
			</div>
		</li>
	)
}

function Paths({ lane, label }: { lane: Lane; label: string }) {
	return (
		<BoundedList
			className="file-list"
			label={label}
			items={lane.paths}
			total={lane.count}
			first={firstPaths}
			keyOf={(path) => path}
		>
			{(path) => <FileName path={path} />}
		</BoundedList>
	)
}

export function FileConflicts({
	files,
	resolve,
	why,
}: Omit<TravellingFilesProps, 'project' | 'linked'> & { files: FilesPending | null }) {
	const words = conflictWords(files)
	return (
		words &&
		resolve && (
			<Cares cares={[{ ...words, path: null }]}>
				<div className="buttons">
					<Button title="See both versions of each, and choose" why={why} onClick={resolve}>
						Resolve…
					</Button>
				</div>
			</Cares>
		)
	)
}

/** What travels beside git's commits, in a project with git: a line, and on demand the names. */
export function FilesBesideGit({ project: { name, files } }: { project: ProjectState }) {
	const now = useNow()
	const detail = useDetail(`files:beside:${name}`)
	if (files === null || files.status === 'unknown') return null
	if (files.status === 'unreadable')
		return (
			<li className="quiet">
				<span className="rest">Beside git: {files.problem.title}.</span>
			</li>
		)
	const parts = filesParts(files)
	if (parts.length === 0)
		return files.syncedAt === null || files.conflictCount > 0 ? null : (
			<li className="quiet">
				<span className="rest">Files beside git were the same {ago(files.syncedAt, now)}.</span>
			</li>
		)
	return (
		<li className="files">
			<button type="button" className="files-row" {...detail.trigger}>
				<span className="rest">Beside git: {parts.join(', ')}</span>
				<span className="turn" aria-hidden="true" />
			</button>
			{detail.isOpen && (
				<div className="file-groups" {...detail.panel}>
					<ul>
						<Waiting lane={files.toWorkstation} way="out" />
						{files.toLaptop && <Waiting lane={files.toLaptop} way="back" />}
					</ul>
				</div>
			)}
		</li>
	)
}

/** Whether something waits to travel beside git's commits. */
export const waitsBesideGit = ({ files }: ProjectState) => files?.status === 'read' && waits(files) > 0
