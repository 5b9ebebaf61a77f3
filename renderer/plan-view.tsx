import type { Machine, Plan, PlanStep } from '../src/contract/code.ts'
import { sizeWords } from '../src/contract/size-words.ts'
import { BoundedList } from './bounded-list.tsx'
import { CommitRow } from './commit-row.tsx'
import { FileRow } from './file-row.tsx'
import { LeftOut } from './left-out.tsx'
import { count } from './words.ts'

const machines: Record<Machine, string> = { laptop: 'Laptop', hub: 'Hub', workstation: 'Workstation' }
const firstCommits = 3
const firstFiles = 5

/** What would happen, in order, and where. */
export function PlanView({ plan }: { plan: Plan }) {
	return (
		<>
			{plan.steps.length === 0 && plan.problem === null && (
				<p className="quiet plan-nothing">Nothing would change: everything is there already.</p>
			)}
			<ol className="plan-steps" aria-label="Steps">
				{plan.steps.map((step, index) => (
					// biome-ignore lint/suspicious/noArrayIndexKey: an operation's step may change two machines
					<li key={`${step.id}:${step.machine}:${index}`} className="plan-step">
						<StepView step={step} />
					</li>
				))}
			</ol>
			{plan.notes.length > 0 && (
				<ul className="plan-notes" aria-label="Notes">
					{plan.notes.map((note) => (
						<li key={note}>{note}</li>
					))}
				</ul>
			)}
			<LeftOut project={plan.project} leftOut={plan.leftOut} />
		</>
	)
}

function StepView({ step: { machine, title, commits, files, fileCount, bytes } }: { step: PlanStep }) {
	const numbers = [
		...(commits && commits.count > 0 ? [count(commits.count, 'commit')] : []),
		...(fileCount > 0 ? [count(fileCount, 'file')] : []),
		...(bytes ? [sizeWords(bytes)] : []),
	]
	return (
		<>
			<p className="plan-where">
				<span className="machine">{machines[machine]}</span>
				{numbers.length > 0 && <span className="quiet small">{numbers.join(', ')}</span>}
			</p>
			<p className="strong">{title}</p>
			{commits && commits.count > 0 && (
				<BoundedList
					className="commits"
					label={`Commits, ${title}`}
					items={commits.commits}
					total={commits.count}
					first={firstCommits}
					keyOf={({ id }) => id}
				>
					{(commit) => <CommitRow commit={commit} />}
				</BoundedList>
			)}
			{fileCount > 0 && (
				<BoundedList
					className="file-list"
					label={`Files, ${title}`}
					items={files}
					total={fileCount}
					first={firstFiles}
					keyOf={({ path }) => path}
				>
					{(file) => <FileRow {...file} />}
				</BoundedList>
			)}
		</>
	)
}
