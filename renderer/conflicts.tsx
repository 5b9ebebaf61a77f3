import { useId } from 'react'
import type { Conflict, Take } from '../src/contract/code.ts'
import type { Commit } from '../src/contract/state.ts'
import { BoundedList } from './bounded-list.tsx'
import { Button } from './button.tsx'
import { CommitRow } from './commit-row.tsx'
import { Mark } from './marks.tsx'
import { count } from './words.ts'

const firstConflicts = 5

interface ConflictsProps {
	/** What is in conflict, in the words of its problem; null: a side was chosen for each. */
	title: string | null
	conflicts: readonly Conflict[]
	take: Take
	setTake(take: Take): void
}

/** Files that git cannot merge: who changed them, and whose version is to be taken. */
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
			<p className="quiet">
				{one ? 'One file was' : `${conflicts.length} files were`} changed on both sides so that git cannot
				merge {one ? 'it' : 'them'}. Take one side’s version of {one ? 'it' : 'each'}, or merge by hand. The
				version that is not taken is kept safe first.
			</p>
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

interface ConflictViewProps {
	conflict: Conflict
	taken: Take[string] | null
	choose(side: Take[string] | null): void
}

function ConflictView({ conflict: { path, laptop, workstation }, taken, choose }: ConflictViewProps) {
	const id = useId()
	return (
		<>
			<label className="conflict-path" htmlFor={id}>
				<span className="sr">Version to take of </span>
				<code>
					<bdi>{path}</bdi>
				</code>
			</label>
			<Side title="Laptop" commits={laptop} taken={taken === 'laptop'} />
			<Side title="Workstation" commits={workstation} taken={taken === 'workstation'} />
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

function Side({ title, commits, taken }: { title: string; commits: readonly Commit[]; taken: boolean }) {
	return (
		<div className={`side ${taken ? 'side-taken' : ''}`}>
			<p className="side-title">
				{title}
				{taken && <Mark shape="done" />}
				{taken && <span className="sr">, taken</span>}
			</p>
			{commits.length === 0 && <p className="quiet small">No commit of its own is known.</p>}
			<ul className="commits" aria-label={`Commits of the ${title.toLowerCase()}`}>
				{commits.map((commit) => (
					<li key={commit.id}>
						<CommitRow commit={commit} />
					</li>
				))}
			</ul>
		</div>
	)
}
