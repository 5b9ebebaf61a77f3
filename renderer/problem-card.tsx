import type { Problem } from '../src/contract/problem.ts'
import type { WorkstationState } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { useNow } from './clock.ts'
import { useDetails } from './details.tsx'
import { top, useHawser, useHawserState } from './hawser.tsx'
import { HostKeyCard } from './host-key-card.tsx'
import { LoginCard } from './login-card.tsx'
import { loginQuestion } from './login-words.ts'
import { NextStepButton, RetryButton, runOf } from './next-step.tsx'
import { ReportButton } from './report-button.tsx'
import { duration } from './words.ts'

const isSame = (one: Problem | null | undefined, other: Problem | null) =>
	one != null && one.code === other?.code && one.meaning === other.meaning && one.title === other.title

/** What waits for a person, worst first; nothing when all is well. */
export function Attention() {
	const { summary, config, workstations, operations } = useHawserState()
	const { refusals, dismiss } = useHawser()
	const all = Object.values(workstations)
	const refusal = refusals[top]
	// A question says itself what it is about.
	const code = summary.problem?.code
	const asked =
		(code === 'host-key-unknown' && all.some(({ link }) => link.status === 'host-key' && link.question)) ||
		(code === 'login-asks' && all.some(loginQuestion))
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
			{all.map((workstation) => (
				<Questions key={workstation.name} workstation={workstation} several={all.length > 1} />
			))}
			{summary.problem && !asked && !aboutOperation && (
				<ProblemCard problem={summary.problem} workstation={summary.workstation} />
			)}
			{all.every((workstation) => !workstation.wanted) &&
				all.map(({ name }) => <OffCard key={name} name={name} />)}
			{config.problem && !configShown && <ProblemCard problem={config.problem} workstation={null} />}
		</>
	)
}

function Questions({ workstation, several }: { workstation: WorkstationState; several: boolean }) {
	const { name, link } = workstation
	if (link.status === 'host-key' && link.question)
		return <HostKeyCard workstation={name} question={link.question} />
	const question = loginQuestion(workstation)
	return question && <LoginCard workstation={name} question={question} several={several} />
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
	const { open } = useDetails()
	const link = workstation === null ? undefined : state.workstations[workstation]?.link
	const down = link?.status === 'lost' || link?.status === 'stopped' || link?.status === 'dialling'
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
				{link?.status === 'dialling' && link.problem && <span className="next-try"> Trying now.</span>}
			</p>
			<div className="buttons">
				<NextStepButton problem={problem} workstation={workstation} where="summary" main />
				{run !== null && (
					<Button kind="main" onClick={() => open(`run:${run}`)}>
						Show the run
					</Button>
				)}
				{down && workstation !== null && problem.next?.kind !== 'retry' && (
					<RetryButton workstation={workstation} label="Try now" />
				)}
				{problem.code !== 'agent-waits' && <ReportButton workstation={workstation} />}
			</div>
		</section>
	)
}

function NextTry({ at }: { at: number }) {
	const now = useNow()
	return <span className="next-try"> Next try {at <= now ? 'now' : `in ${duration(at - now)}`}.</span>
}
