import { type KeyboardEvent, useId, useState } from 'react'
import type { Backup, BackupFile } from '../src/contract/code.ts'
import { sizeWords } from '../src/contract/size-words.ts'
import { mostHeld, type BackupFiles as Read, useBackupFiles } from './backup-reader.ts'
import { Button } from './button.tsx'
import { FileName } from './file-row.tsx'
import { count, dateTime } from './words.ts'

/** How many are seen at first, and with each click more. */
const step = { first: 20, more: 100 }
/** A list as short as this is seen at a glance. */
const worthFilter = 8

interface BackupFilesProps {
	project: string
	backup: Backup
	/** Why nothing can be restored now; null: it can. */
	why: string | null
	/** Null: all of it. */
	restore(paths: string[] | null): void
}

/** The files of one backup, to be chosen from. */
export function BackupFiles({ project, backup, why, restore }: BackupFilesProps) {
	const [filter, setFilter] = useState('')
	const [most, setMost] = useState(step.first)
	const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
	const read = useBackupFiles(project, backup, { filter, most })
	const choose = (paths: readonly string[], isChosen: boolean) =>
		setChosen((before) => {
			const after = new Set(before)
			for (const path of paths) isChosen ? after.add(path) : after.delete(path)
			return after
		})
	const bring = (paths: string[] | null) => {
		restore(paths)
		setChosen(new Set())
	}
	return (
		<>
			{backup.count > worthFilter && (
				<Filter
					filter={filter}
					set={(text) => {
						setFilter(text)
						setMost(step.first)
					}}
				/>
			)}
			<ul className="backup-list" aria-label="Files of this backup">
				{read.found.slice(0, most).map((file) => (
					<li key={file.path}>
						<FileChoice
							file={file}
							isChosen={chosen.has(file.path)}
							choose={(isChosen) => choose([file.path], isChosen)}
						/>
					</li>
				))}
			</ul>
			<Rest read={read} all={backup.count} shown={most} filtered={filter.trim() !== ''}>
				{filter.trim() !== '' && !read.reading && read.found.length > 1 && !read.more && (
					<Button
						kind="quiet"
						onClick={() =>
							choose(
								read.found.map(({ path }) => path),
								true,
							)
						}
					>
						Choose all {read.found.length}
					</Button>
				)}
				{read.found.length > most && (
					<Button kind="quiet" onClick={() => setMost(most + step.more)}>
						Show more
					</Button>
				)}
				{chosen.size > 0 && (
					<Button kind="quiet" onClick={() => setChosen(new Set())}>
						Choose none
					</Button>
				)}
			</Rest>
			<p className="quiet small">
				Each goes back to its place on the {backup.machine}. What is there now is kept in a backup first.
			</p>
			<div className="buttons">
				{backup.count > 1 && (
					<Button
						kind={chosen.size > 0 ? 'main' : 'plain'}
						why={why ?? (chosen.size === 0 ? 'No file is chosen.' : null)}
						onClick={() => bring([...chosen])}
					>
						Restore {chosen.size === 0 ? 'the chosen' : count(chosen.size, 'file')}
					</Button>
				)}
				<Button why={why} onClick={() => bring(null)}>
					{backup.count === 1 ? 'Restore it' : `Restore all ${backup.count}`}
				</Button>
			</div>
		</>
	)
}

function Filter({ filter, set }: { filter: string; set(text: string): void }) {
	const id = useId()
	const onKeyDown = (event: KeyboardEvent) => {
		if (event.key !== 'Escape' || filter === '') return
		// It clears the field, and closes nothing.
		event.preventDefault()
		event.stopPropagation()
		set('')
	}
	return (
		<>
			<label className="sr" htmlFor={id}>
				Part of a name
			</label>
			<input
				id={id}
				type="search"
				className="field backup-filter"
				placeholder="Part of a name"
				value={filter}
				maxLength={200}
				autoComplete="off"
				spellCheck={false}
				onChange={({ target }) => set(target.value)}
				onKeyDown={onKeyDown}
			/>
		</>
	)
}

interface FileChoiceProps {
	file: BackupFile
	isChosen: boolean
	choose(isChosen: boolean): void
}

function FileChoice({ file: { path, bytes, changedAt }, isChosen, choose }: FileChoiceProps) {
	return (
		<label className="backup-file">
			<input type="checkbox" checked={isChosen} onChange={({ target }) => choose(target.checked)} />
			<span className="rest">
				<FileName path={path} />
			</span>
			<span className="when" title={`Changed ${dateTime(changedAt)}`}>
				{sizeWords(bytes)}
				<span className="sr">, changed {dateTime(changedAt)}</span>
			</span>
		</label>
	)
}

interface RestProps {
	read: Read
	all: number
	shown: number
	filtered: boolean
	children: React.ReactNode
}

/** What is not seen, and the way to it. */
function Rest({ read, all, shown, filtered, children }: RestProps) {
	const { found, more, reading, problem } = read
	const hidden = Math.max(0, (filtered ? found.length : all) - Math.min(shown, found.length))
	const words = problem
		? ''
		: reading
			? filtered
				? `Looked through ${read.read} of ${all}…`
				: 'Reading…'
			: found.length === 0
				? filtered
					? 'No file has that in its name.'
					: 'It holds no files.'
				: hidden > 0
					? `and ${hidden}${filtered && more ? ' or more' : ''} more`
					: ''
	return (
		<>
			<div className="backup-rest">
				<p className="quiet small" role="status">
					{words}
					{more && read.read >= mostHeld && ` Only the first ${mostHeld} were looked through.`}
				</p>
				{children}
			</div>
			{problem && (
				<div className="trouble" role="alert">
					<p className="strong">{problem.title}</p>
					<p>{problem.meaning}</p>
					<div className="buttons">
						<Button onClick={read.again}>Try again</Button>
					</div>
				</div>
			)}
		</>
	)
}
