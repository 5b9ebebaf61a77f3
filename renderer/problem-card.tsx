import type { Problem } from '../src/contract/problem.ts'
import type { LinkState, WorkstationState } from '../src/contract/state.ts'
import { Button, CopyButton } from './button.tsx'
import { useNow } from './clock.ts'
import { useDetails } from './details.tsx'
import { top, useHawser, useHawserState } from './hawser.tsx'
import { NextStepButton, runOf } from './next-step.tsx'
import { reportText } from './report.ts'
import { duration } from './words.ts'

type Asking = WorkstationState & { link: Extract<LinkState, { status: 'asking' }> }
const isAsking = (workstation: WorkstationState): workstation is Asking =>
	workstation.link.status === 'asking'

const isSame = (one: Problem | null | undefined, other: Problem | null) =>
	one != null && one.code === other?.code && one.meaning === other.meaning && one.title === other.title

/** What waits for a person, worst first; nothing when all is well. */
export function Attention() {
	const { summary, config, workstations, operations } = useHawserState()
	const { refusals, dismiss } = useHawser()
	const all = Object.values(workstations)
	const asking = all.filter(isAsking)
	const refusal = refusals[top]
	const aboutKey = summary.problem?.code === 'host-key-unknown' && asking.length > 0
	// An operation that stopped says so in its project's card.
	const aboutOperation = Object.values(operations).some(({ outcome }) =>
		isSame(outcome?.problem, summary.problem),
	)
	const configShown = summary.problem?.code === config.problem?.code
	return (
		<>
			{refusal && (
				<section className="card fix" role="alert" aria-label="Not done">
					<h2 className="problem-title">{refusal.title}</h2>
					<p>{refusal.meaning}</p>
					<div className="buttons">
						<NextStepButton problem={refusal} workstation={summary.workstation} where="refusal" />
						<Button onClick={() => dismiss(top)}>Dismiss</Button>
					</div>
				</section>
			)}
			{asking.map((workstation) => (
				<HostKeyCard key={workstation.name} workstation={workstation} />
			))}
			{summary.problem && !aboutKey && !aboutOperation && (
				<ProblemCard problem={summary.problem} workstation={summary.workstation} />
			)}
			{all.every((workstation) => !workstation.wanted) &&
				all.map(({ name }) => <OffCard key={name} name={name} />)}
			{config.problem && !configShown && <ProblemCard problem={config.problem} workstation={null} />}
		</>
	)
}

/** Nothing is wanted up: the one step that changes that. */
function OffCard({ name }: { name: string }) {
	const { send } = useHawser()
	return (
		<section className="card empty" aria-label={`${name} is not connected`}>
			<h2 className="empty-title">{name} is not connected</h2>
			<p>Nothing is read or moved until it is. What runs there goes on.</p>
			<div className="buttons">
				<Button kind="main" onClick={() => void send('connect', { workstation: name })}>
					Connect
				</Button>
			</div>
		</section>
	)
}

function ProblemCard({ problem, workstation }: { problem: Problem; workstation: string | null }) {
	const state = useHawserState()
	const { send } = useHawser()
	const { open } = useDetails()
	const link = workstation === null ? undefined : state.workstations[workstation]?.link
	const down = link?.status === 'lost' || link?.status === 'stopped'
	const run = problem.next === null ? runOf(problem, state) : null
	return (
		<section
			className={`card fix ${state.summary.glyph === 'down' ? '' : 'fix-person'}`}
			aria-label="What is wrong"
		>
			<h2 className="problem-title">{problem.title}</h2>
			<p>
				{problem.meaning}
				{link?.status === 'lost' && <NextTry at={link.nextTryAt} />}
			</p>
			<div className="buttons">
				<NextStepButton problem={problem} workstation={workstation} where="summary" main />
				{run !== null && (
					<Button kind="main" onClick={() => open(`run:${run}`)}>
						Show the run
					</Button>
				)}
				{down && workstation !== null && problem.next?.kind !== 'retry' && (
					<Button onClick={() => void send('retry', { workstation })}>Try now</Button>
				)}
				<ReportButton />
			</div>
		</section>
	)
}

function NextTry({ at }: { at: number }) {
	const now = useNow()
	return <span className="next-try"> Next try {at <= now ? 'now' : `in ${duration(at - now)}`}.</span>
}

function ReportButton() {
	const state = useHawserState()
	return <CopyButton label="Copy report" text={() => reportText(state, navigator.userAgent, Date.now())} />
}

/** The one question that decides whom to trust: the key is shown whole, and neither answer is preset. */
function HostKeyCard({ workstation }: { workstation: Asking }) {
	const { send } = useHawser()
	const { host, keyType, fingerprint } = workstation.link
	const answer = (accept: boolean) =>
		void send('answerHostKey', { workstation: workstation.name, fingerprint, accept })
	return (
		<section className="card fix fix-person" aria-label="A new host key">
			<h2 className="problem-title">{host} has not been seen before</h2>
			<p>
				This is its {keyType} key. Compare it with the one the workstation shows for itself; if they are the
				same, accept it. It is then remembered.
			</p>
			<code className="fingerprint">{fingerprint}</code>
			<div className="buttons">
				<Button kind="main" onClick={() => answer(true)}>
					Accept this key
				</Button>
				<Button onClick={() => answer(false)}>Do not connect</Button>
			</div>
		</section>
	)
}
