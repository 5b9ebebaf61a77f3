import { type ReactNode, useId } from 'react'
import type { Conflict, FileVersion, Take } from '../src/contract/code.ts'
import { versionWords } from '../src/contract/files-words.ts'
import type { Commit } from '../src/contract/state.ts'
import { BoundedList } from './bounded-list.tsx'
import { Button } from './button.tsx'
import { CommitRow } from './commit-row.tsx'
import { Mark } from './marks.tsx'
import { count, dateTime } from './words.ts'

const firstConflicts = 5

interface ConflictsProps {
	/** What is in conflict, in the words of its problem; null: a side was chosen for each. */
	title: string | null
	conflicts: readonly Conflict[]
	take: Take
	setTake(take: Take): void
}

/** Files that both sides changed: who, or when, and whose version is to be taken. */
export function Conflicts({ title, conflicts, take, setTake }: ConflictsProps) {
	const id = useId()
	const one = conflicts.length === 1
	const left = conflicts.filter(({ path }) => take[path] === undefined).length
	const all = (side: Take[string]) => setTake(Object.fromEntries(conflicts.map(({ path }) => [path, side])))
	return (
		<section className="conflicts" aria-labelledby={id}>
			<h4 className="conflict-title" id={id}>
				<Mark shape="ask" />
				<span className="strong">{title ?? 'Files that both sides changed'}</span>
			</h4>
			{conflicts.some(isGits) ? (
				<p className="quiet">
					{one ? 'One file was' : `${conflicts.length} files were`} changed on both sides so that git cannot
					merge {one ? 'it' : 'them'}. Take one side’s version of {one ? 'it' : 'each'}, or merge by hand. The
					version that is not taken is kept safe first.
				</p>
			) : (
				<p className="quiet">
					{one ? 'One file was' : `${conflicts.length} files were`} changed on both sides since they last were
					the same. Take one side’s version of {one ? 'it' : 'each'}. The version that is not taken is kept in
					a backup.
				</p>
			)}
			{conflicts.length > 1 && (
				<fieldset className="take-all">
					<legend className="sr">Of all {conflicts.length} files</legend>
					<Button kind="quiet" onClick={() => all('laptop')}>
						Take all from the laptop
					</Button>
					<Button kind="quiet" onClick={() => all('workstation')}>
						Take all from the workstation
					</Button>
				</fieldset>
			)}
			<BoundedList
				className="conflict-list"
				label="Conflicts"
				scrolls={false}
				items={conflicts}
				first={firstConflicts}
				keyOf={({ path }) => path}
			>
				{(conflict) => (
					<ConflictView
						conflict={conflict}
						taken={take[conflict.path] ?? null}
						choose={(side) => {
							const { [conflict.path]: _, ...others } = take
							setTake(side === null ? others : { ...others, [conflict.path]: side })
						}}
					/>
				)}
			</BoundedList>
			{left > 0 && left < conflicts.length && (
				<p className="quiet small">{count(left, 'file')} still to be chosen.</p>
			)}
		</section>
	)
}

/** One that commits changed, and a merge could settle. */
export const isGits = ({ versions }: Conflict) => versions === undefined

interface ConflictViewProps {
	conflict: Conflict
	taken: Take[string] | null
	choose(side: Take[string] | null): void
}

function ConflictView({
	conflict: { path, laptop, workstation, versions },
	taken,
	choose,
}: ConflictViewProps) {
	const id = useId()
	return (
		<>
			<label className="conflict-path" htmlFor={id}>
				<span className="sr">Version to take of </span>
				<code>
					<bdi>{path}</bdi>
				</code>
			</label>
			<Side title="Laptop" taken={taken === 'laptop'}>
				{versions ? <Version of={versions.laptop} /> : <Commits of={laptop} title="laptop" />}
			</Side>
			<Side title="Workstation" taken={taken === 'workstation'}>
				{versions ? <Version of={versions.workstation} /> : <Commits of={workstation} title="workstation" />}
			</Side>
			<select
				id={id}
				className="field take"
				value={taken ?? ''}
				onChange={({ target: { value } }) =>
					choose(value === 'laptop' || value === 'workstation' ? value : null)
				}
			>
				<option value="">Not chosen yet</option>
				<option value="laptop">Take the laptop’s</option>
				<option value="workstation">Take the workstation’s</option>
			</select>
		</>
	)
}

interface SideProps {
	title: string
	taken: boolean
	children: ReactNode
}

function Side({ title, taken, children }: SideProps) {
	return (
		<div className={`side ${taken ? 'side-taken' : ''}`}>
			<p className="side-title">
				{title}
				{taken && <Mark shape="done" />}
				{taken && <span className="sr">, taken</span>}
			</p>
			{children}
		</div>
	)
}

function Version({ of }: { of: FileVersion }) {
	return <p className="small">{versionWords(of, dateTime)}</p>
}

function Commits({ of: commits, title }: { of: readonly Commit[]; title: string }) {
	return (
		<>
			{commits.length === 0 && <p className="quiet small">No commit of its own is known.</p>}
			<ul className="commits" aria-label={`Commits of the ${title}`}>
				{commits.map((commit) => (
					<li key={commit.id}>
						<CommitRow commit={commit} />
					</li>
				))}
			</ul>
		</>
	)
}
