import { changeWords, type FileGroup, fileGroups, resultWords } from '../src/contract/pending-words.ts'
import type { Pending } from '../src/contract/state.ts'
import { BoundedList } from './bounded-list.tsx'
import { useDetail } from './details.tsx'
import { FileRow } from './file-row.tsx'

/** How many names are seen at once; the rest is asked for. */
const first = 8

/** Files that no commit holds yet, by machine: how many, and on demand their names. */
export function PendingFiles({ pending, project }: { pending: Pending; project: string }) {
	const { laptop, workstation, results } = fileGroups(pending)
	return (
		<>
			<FilesRow
				id={`files:laptop:${project}`}
				groups={laptop}
				words={`${changeWords(pending)}, not committed`}
			/>
			<FilesRow
				id={`files:workstation:${project}`}
				groups={workstation}
				words={`${changeWords(pending.remote)} on the workstation`}
			/>
			<FilesRow
				id={`files:results:${project}`}
				groups={results}
				words={`${resultWords(pending)} to bring back`}
			/>
		</>
	)
}

function FilesRow({ id, words, groups }: { id: string; words: string; groups: readonly FileGroup[] }) {
	const detail = useDetail(id)
	if (groups.length === 0) return null
	return (
		<li className="files">
			<button type="button" className="files-row" {...detail.trigger}>
				<span className="rest">{words}</span>
				<span className="turn" aria-hidden="true" />
			</button>
			{detail.isOpen && (
				<div className="file-groups" {...detail.panel}>
					{groups.map((group) => (
						<BoundedList
							key={group.label}
							className="file-list"
							label={group.label}
							items={group.files}
							total={group.total}
							first={first}
							keyOf={(path) => path}
						>
							{(path) => <FileRow path={path} change={group.change} words={group.word} />}
						</BoundedList>
					))}
				</div>
			)}
		</li>
	)
}
