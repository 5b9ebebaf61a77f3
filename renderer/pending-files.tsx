import type { FileChange } from '../src/contract/code.ts'
import type { Pending } from '../src/contract/state.ts'
import { BoundedList } from './bounded-list.tsx'
import { useDetail } from './details.tsx'
import { FileRow } from './file-row.tsx'
import { count } from './words.ts'

/** How many names are seen at once; the rest is asked for. */
const first = 8

interface Group {
	label: string
	change: FileChange['change']
	words: string
	files: readonly string[]
	total: number
}

/** Files that no commit holds yet, by machine: their number, and on demand their names. */
export function PendingFiles({ pending, project }: { pending: Pending; project: string }) {
	const { remote } = pending
	const here = groups('on the laptop', pending)
	const there = remote ? groups('on the workstation', remote) : []
	const results: Group[] = remote
		? [
				{
					label: 'Results on the workstation',
					change: 'added',
					words: 'result',
					files: remote.resultFiles,
					total: remote.resultCount,
				},
			]
		: []
	return (
		<>
			<FilesRow
				id={`files:laptop:${project}`}
				groups={here}
				words={`${changeWords(pending)}, not committed`}
			/>
			{remote && (
				<>
					<FilesRow
						id={`files:workstation:${project}`}
						groups={there}
						words={`On the workstation: ${changeWords(remote)}, not committed`}
					/>
					<FilesRow
						id={`files:results:${project}`}
						groups={results}
						words={`On the workstation: ${count(remote.resultCount, 'result file')} to bring back`}
					/>
				</>
			)}
		</>
	)
}

type Changes = Pick<Pending, 'changedFiles' | 'changedCount' | 'untrackedFiles' | 'untrackedCount'>

const groups = (where: string, { changedFiles, changedCount, untrackedFiles, untrackedCount }: Changes) => [
	{
		label: `Changed ${where}`,
		change: 'modified' as const,
		words: 'changed',
		files: changedFiles,
		total: changedCount,
	},
	{
		label: `New ${where}`,
		change: 'added' as const,
		words: 'new',
		files: untrackedFiles,
		total: untrackedCount,
	},
]

function changeWords({ changedCount, untrackedCount }: Changes): string {
	if (changedCount === 0) return count(untrackedCount, 'new file')
	return `${count(changedCount, 'file')} changed${untrackedCount > 0 ? `, ${untrackedCount} new` : ''}`
}

function FilesRow({ id, words, groups }: { id: string; words: string; groups: readonly Group[] }) {
	const detail = useDetail(id)
	const some = groups.filter(({ total }) => total > 0)
	const total = some.reduce((sum, group) => sum + group.total, 0)
	if (total === 0) return null
	return (
		<li className="files">
			<button type="button" className="files-row" {...detail.trigger}>
				<code className="commit-id" aria-hidden="true">
					+{total}
				</code>
				<span className="rest">{words}</span>
				<span className="turn" aria-hidden="true" />
			</button>
			{detail.isOpen && (
				<div className="file-groups" {...detail.panel}>
					{some.map((group) => (
						<BoundedList
							key={group.label}
							className="file-list"
							label={group.label}
							items={group.files}
							total={group.total}
							first={first}
							keyOf={(path) => path}
						>
							{(path) => <FileRow path={path} change={group.change} words={group.words} />}
						</BoundedList>
					))}
				</div>
			)}
		</li>
	)
}
