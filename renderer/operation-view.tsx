import type { PlannedKind } from '../src/contract/code.ts'
import { movedWords } from '../src/contract/files-words.ts'
import type { Problem } from '../src/contract/problem.ts'
import type { Operation, OperationOutcome, Step } from '../src/contract/state.ts'
import { Bar } from './bar.tsx'
import { Button } from './button.tsx'
import { useNow } from './clock.ts'
import { useDetails } from './details.tsx'
import { useHawser } from './hawser.tsx'
import { Mark, type MarkShape } from './marks.tsx'
import { NextStepButton } from './next-step.tsx'
import { hasMoved, isOfZeroTier, isPlanned } from './operation-of.ts'
import { count, duration, mainMetric, metricValue } from './words.ts'

const titles: Record<Operation['kind'], string> = {
	go: 'Sync and validate',
	up: 'Up',
	run: 'Run',
	back: 'Back',
	undo: 'Undo',
	restore: 'Restore files',
	setup: 'Set up the project',
	agent: 'Bring the agent’s work',
	demo: 'Set-up',
	'zerotier-restart': 'Restart ZeroTier',
	'zerotier-join': 'Join the network',
}

/** How to see what can be done about an operation's outcome: the preview of another one. */
interface PreviewWay {
	ask(kind: PlannedKind): void
	why: string | null
	/** Whether there is a preview of undoing it. */
	undoes: boolean
}

interface OperationViewProps {
	operation: Operation
	/** For one of a project. */
	preview?: PreviewWay
}

/** An operation in place: its steps while it goes on, how it ended after. */
export function OperationView({ operation, preview }: OperationViewProps) {
	const { outcome } = operation
	const current = operation.steps.findIndex((step) => step.status === 'running')
	return (
		<section className="operation" aria-label={titles[operation.kind]}>
			{/* What was set up, and what was there already, is worth reading after too. */}
			{outcome?.status !== 'succeeded' || operation.kind === 'setup' ? (
				<Steps steps={operation.steps} />
			) : null}
			<p className="sr" role="status">
				{current >= 0 &&
					`Step ${current + 1} of ${operation.steps.length}: ${operation.steps[current]?.title}`}
				{outcome && `${titles[operation.kind]}: ${outcomeWords[outcome.status]}`}
			</p>
			{outcome ? (
				<Ended operation={operation} outcome={outcome} preview={preview} />
			) : (
				<UnderWay operation={operation} />
			)}
		</section>
	)
}

const shapeOf: Record<Step['status'], MarkShape> = {
	done: 'done',
	running: 'running',
	waiting: 'waiting',
	failed: 'failed',
	skipped: 'skipped',
}

function Steps({ steps }: { steps: Step[] }) {
	const now = useNow()
	return (
		<ol className="steps">
			{steps.map((step) => (
				<li key={step.id} className={`step step-${step.status}`}>
					<Mark shape={shapeOf[step.status]} />
					<span className="step-title">
						{step.title}
						<span className="sr">: {step.status}</span>
					</span>
					<span className="step-detail" title={step.detail}>
						{step.detail}
					</span>
					<span className="step-time">
						{step.startedAt !== null &&
							step.status !== 'skipped' &&
							duration((step.endedAt ?? now) - step.startedAt)}
					</span>
					{step.status === 'running' && step.share !== undefined && (
						<Bar share={step.share} label={`Progress of ${step.title}`} words={step.detail} />
					)}
				</li>
			))}
		</ol>
	)
}

function UnderWay({ operation }: { operation: Operation }) {
	const { send } = useHawser()
	const now = useNow()
	return (
		<div className="operation-foot">
			<span className="quiet">{duration(now - operation.startedAt)}</span>
			<Button
				why={operation.cancelling ? 'It is being cancelled.' : null}
				onClick={() => void send('cancelOperation', { operation: operation.id })}
			>
				{operation.cancelling ? 'Cancelling…' : 'Cancel'}
			</Button>
		</div>
	)
}

const outcomeWords: Record<OperationOutcome['status'], string> = {
	succeeded: 'Done',
	failed: 'Failed',
	cancelled: 'Cancelled',
	stopped: 'Stopped, nothing was lost',
}

interface EndedProps {
	operation: Operation
	outcome: OperationOutcome
	preview: PreviewWay | undefined
}

function Ended({ operation, outcome, preview }: EndedProps) {
	const { send } = useHawser()
	const { open } = useDetails()
	const { problem, run } = outcome
	const kind = outcome.status === 'succeeded' ? 'quiet' : 'plain'
	return (
		<div className={`ended ended-${outcome.status}`}>
			{outcome.status === 'succeeded' && (
				<p className="ended-line">
					<Mark shape="done" />
					<span>{successWords(operation, outcome)}</span>
				</p>
			)}
			{outcome.status !== 'succeeded' && (
				<>
					<p className="strong">{problem?.title ?? outcomeWords[outcome.status]}</p>
					{problem && <p>{problem.meaning}</p>}
				</>
			)}
			<div className="buttons">
				{problem && (
					<NextStepButton
						problem={problem}
						workstation={operation.workstation}
						project={operation.project}
						where={`operation:${operation.id}`}
					/>
				)}
				{run && problem?.next?.kind !== 'open' && (
					<Button kind={kind} onClick={() => open(`run:${run.id}`)}>
						Show the run
					</Button>
				)}
				{preview && isConflict(problem) && (
					<Button
						title="See what both sides changed, and choose"
						why={preview.why}
						onClick={() => preview.ask(isPlanned(operation.kind) ? operation.kind : 'go')}
					>
						Resolve…
					</Button>
				)}
				{preview?.undoes && hasMoved(operation, outcome) && (
					<Button
						kind={kind}
						title="See what bringing back how it was would change"
						why={preview.why}
						onClick={() => preview.ask('undo')}
					>
						Undo…
					</Button>
				)}
				<Button kind={kind} onClick={() => void send('dismissOperation', { operation: operation.id })}>
					Dismiss
				</Button>
			</div>
		</div>
	)
}

/** What a preview lets choose a side in. */
const isConflict = (problem: Problem | null) =>
	problem?.code === 'conflict' || problem?.code === 'files-conflict'

function successWords(operation: Operation, outcome: OperationOutcome): string {
	const took = operation.endedAt === null ? '' : ` in ${duration(operation.endedAt - operation.startedAt)}`
	const words = [`${titles[operation.kind]}: done${took}`]
	if (outcome.commits.up.length > 0) words.push(`${count(outcome.commits.up.length, 'commit')} up`)
	if (outcome.commits.back.length > 0) words.push(`${count(outcome.commits.back.length, 'commit')} back`)
	words.push(...movedWords(outcome.files))
	// What came of it is what its last step found.
	const found =
		isOfZeroTier(operation.kind) || operation.kind === 'restore' ? operation.steps.at(-1)?.detail : ''
	if (found) words.push(found)
	const metric = outcome.metrics && mainMetric(outcome.metrics)
	if (outcome.metrics && metric) words.push(`${metric} ${metricValue(outcome.metrics[metric] ?? 0)}`)
	return words.join(' · ')
}
