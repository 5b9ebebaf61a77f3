import type { LeftOut as LeftOutBy } from '../src/contract/code.ts'
import { leftOutWords, trackedWords } from '../src/contract/files-words.ts'
import { BoundedList } from './bounded-list.tsx'
import { useDetail } from './details.tsx'
import { FileName } from './file-row.tsx'
import { Mark } from './marks.tsx'
import { count } from './words.ts'

const firstRules = 8
const firstPaths = 3

interface LeftOutProps {
	project: string
	leftOut: readonly LeftOutBy[] | undefined
}

/** What stays behind, and by which rule: a line, and on demand all of it. What git tracks is likely missed, and said at once. */
export function LeftOut({ project, leftOut }: LeftOutProps) {
	const detail = useDetail(`left-out:${project}`)
	const words = leftOutWords(leftOut)
	if (!leftOut || words === null) return null
	return (
		<div className="left-out">
			<button type="button" className="files-row" {...detail.trigger}>
				<span className="rest">
					{words.all}
					{words.tracked && <Tracked words={words.tracked} />}
				</span>
				<span className="turn" aria-hidden="true" />
			</button>
			{detail.isOpen && (
				<div className="file-groups" {...detail.panel}>
					<BoundedList
						className="rules"
						label="Rules"
						items={leftOut}
						first={firstRules}
						scrolls={false}
						keyOf={({ rule }) => rule}
					>
						{(one) => <Rule of={one} />}
					</BoundedList>
				</div>
			)}
		</div>
	)
}

function Rule({ of: { rule, paths, count: number, tracked } }: { of: LeftOutBy }) {
	return (
		<>
			<p className="rule">
				<code className="file-path">
					<bdi>{rule}</bdi>
				</code>
				<span className="when">{number}</span>
				<span className="sr">{number === 1 ? 'file or folder' : 'files and folders'}</span>
			</p>
			{tracked > 0 && <Tracked words={trackedWords(tracked)} />}
			<BoundedList
				className="file-list"
				label={`${count(number, 'file or folder', 'files and folders')} left out by ${rule}`}
				items={paths}
				total={number}
				first={firstPaths}
				keyOf={(path) => path}
			>
				{(path) => <FileName path={path} />}
			</BoundedList>
		</>
	)
}

function Tracked({ words }: { words: string }) {
	return (
		<span className="tracked">
			<Mark shape="ask" />
			{words}
		</span>
	)
}
