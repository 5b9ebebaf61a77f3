import type { NextStep, Problem } from '../src/contract/problem.ts'
import { isSafeUrl } from '../src/contract/safe-url.ts'
import type { LinkState, State } from '../src/contract/state.ts'
import { Button, CopyButton } from './button.tsx'
import { useDetail, useDetails } from './details.tsx'
import { useHawser, useHawserState } from './hawser.tsx'
import { focusLogin } from './login-card.tsx'
import { loginQuestion } from './login-words.ts'

interface NextStepProps {
	problem: Problem
	workstation: string | null
	/** Tells apart the same problem shown at two places. */
	where: string
	project?: string
	main?: boolean
}

/** The one thing a person can do about a problem, as its own button. */
export function NextStepButton({ problem, workstation, where, project, main = false }: NextStepProps) {
	const { workstations } = useHawserState()
	const { next } = problem
	const kind = main ? 'main' : 'plain'
	if (!next) return null
	switch (next.kind) {
		case 'copy':
			return (
				<>
					<code className="command">{next.text}</code>
					<CopyButton kind={kind} label={next.label} text={next.text} />
				</>
			)
		case 'retry':
			return workstation === null ? null : (
				<RetryButton workstation={workstation} label={next.label} kind={kind} />
			)
		case 'restart-zerotier':
			return <RestartButton label={next.label} kind={kind} />
		case 'attach-agent':
			return <AttachButton next={next} kind={kind} />
		case 'open-url':
			return <AddressLink label={next.label} url={next.url} kind={kind} />
		case 'answer-login': {
			const asking = workstation === null ? undefined : workstations[workstation]
			return asking && loginQuestion(asking) ? (
				<Button kind={kind} onClick={() => focusLogin(asking.name)}>
					{next.label}
				</Button>
			) : null
		}
		// The question itself stands in its own card, with the key it is about.
		case 'accept-host-key':
			return null
		case 'open':
			return <OpenButton next={next} problem={problem} where={where} project={project} kind={kind} />
	}
}

const isBeingTried = (link: LinkState) =>
	link.status === 'dialling' ||
	((link.status === 'host-key' || link.status === 'login') && link.question === null)

interface RetryProps {
	workstation: string
	label: string
	kind?: 'main' | 'plain'
}

export function RetryButton({ workstation, label, kind = 'plain' }: RetryProps) {
	const { send } = useHawser()
	const link = useHawserState().workstations[workstation]?.link
	return (
		<Button
			kind={kind}
			why={link && isBeingTried(link) ? 'It is being tried.' : null}
			onClick={() => void send('retry', { workstation })}
		>
			{label}
		</Button>
	)
}

/** Restarting takes the network away for a moment, and one restart is enough. */
function RestartButton({ label, kind }: { label: string; kind: 'main' | 'plain' }) {
	const { send } = useHawser()
	const { operations } = useHawserState()
	const underWay = Object.values(operations).some(
		(operation) => operation.kind === 'zerotier-restart' && operation.endedAt === null,
	)
	return (
		<Button
			kind={kind}
			why={underWay ? 'It is being restarted.' : null}
			onClick={() => void send('restartZeroTier', {})}
		>
			{label}
		</Button>
	)
}

interface AttachProps {
	next: Extract<NextStep, { kind: 'attach-agent' }>
	kind: 'main' | 'plain'
}

function AttachButton({ next, kind }: AttachProps) {
	const { send } = useHawser()
	const attach = () => void send('openTerminal', { what: 'agent', project: next.project })
	return (
		<Button kind={kind} title="Open its session in your terminal" onClick={attach}>
			{next.label}
		</Button>
	)
}

/** The address may come from a service: what is not safe to open is shown, and is no link. */
function AddressLink({ label, url, kind }: { label: string; url: string; kind: 'main' | 'plain' }) {
	return isSafeUrl(url) ? (
		<a className={`button ${kind}`} href={url} target="_blank" rel="noreferrer noopener">
			{label}
		</a>
	) : (
		<span className="unsafe">
			The address that came is not one to open from here: <code className="command">{url}</code>
		</span>
	)
}

interface OpenProps {
	next: Extract<NextStep, { kind: 'open' }>
	problem: Problem
	where: string
	project: string | undefined
	kind: 'main' | 'plain'
}

function OpenButton({ next, problem, where, project, kind }: OpenProps) {
	const state = useHawserState()
	const details = useDetails()
	const detail = useDetail(`path:${where}`)
	if (next.target === 'run') {
		const run = runOf(problem, state)
		return run === null ? null : (
			<Button kind={kind} onClick={() => details.open(`run:${run}`)}>
				{next.label}
			</Button>
		)
	}
	const path = next.target === 'config' ? state.config.path : state.projects[project ?? '']?.local
	if (path === undefined) return null
	return (
		<>
			<Button kind={kind} {...detail.trigger}>
				{next.label}
			</Button>
			{detail.isOpen && (
				<span className="path" {...detail.panel}>
					<code className="command">{path}</code>
					<CopyButton label="Copy its path" text={path} />
				</span>
			)}
		</>
	)
}

/** The run a problem is about, when it can be shown: the one it names, else the newest not looked at. */
export function runOf(problem: Problem, state: State): string | null {
	const named = problem.facts.run
	if (typeof named === 'string' && state.runs[named]) return named
	if (!problem.code.startsWith('run-')) return null
	const unseen = Object.values(state.runs).filter((run) => run.outcome.status !== 'running' && !run.looked)
	unseen.sort((a, b) => b.startedAt - a.startedAt)
	return unseen[0]?.id ?? null
}
