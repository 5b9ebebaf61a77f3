import { useState } from 'react'
import type { CommandName } from '../src/contract/commands.ts'
import type { AgentState, ProjectState } from '../src/contract/state.ts'
import { cardId } from './arrival.ts'
import { Button } from './button.tsx'
import { useNow } from './clock.ts'
import { useHawser } from './hawser.tsx'
import { Mark, type MarkShape } from './marks.tsx'
import { NextStepButton } from './next-step.tsx'
import { ago, count } from './words.ts'

interface AgentCardProps {
	project: ProjectState
	linked: boolean
	/** Where a refusal is shown. */
	about: string
	/** Why nothing can be started now; null: it can. */
	why: string | null
	/** Opens the preview of bringing its work. */
	bring(): void
}

/** The coding agent of a project: what it does there, and what it has made. */
export function AgentCard({ project, linked, about, why, bring }: AgentCardProps) {
	const { agent } = project
	if (agent === null) return null
	return (
		<section
			id={cardId('agent', project.name)}
			tabIndex={-1}
			className={`agent agent-${agent.status} ${linked ? '' : 'agent-far'}`}
			aria-label={`Coding agent of ${project.name}`}
		>
			<AgentRow agent={agent} linked={linked} />
			{'branch' in agent && <Made agent={agent} />}
			{'lastLine' in agent && agent.lastLine !== '' && (
				<code className="last-line" title={agent.lastLine}>
					{agent.lastLine}
				</code>
			)}
			{'problem' in agent && agent.problem && (
				<div className="agent-problem">
					<p className="strong">{agent.problem.title}</p>
					<p className="quiet small">{agent.problem.meaning}</p>
					<div className="buttons">
						<NextStepButton
							problem={agent.problem}
							workstation={project.workstation}
							project={project.name}
							where={`agent:${project.name}`}
						/>
					</div>
				</div>
			)}
			<Actions project={project} agent={agent} about={about} why={why} bring={bring} />
		</section>
	)
}

const shapeOf: Record<AgentState['status'], MarkShape> = {
	unknown: 'ring',
	absent: 'slashed',
	idle: 'ring',
	running: 'running',
	waits: 'ask',
	ended: 'slashed',
}

function AgentRow({ agent, linked }: { agent: AgentState; linked: boolean }) {
	const now = useNow()
	const isThere = agent.status === 'running' || agent.status === 'waits'
	const since = 'since' in agent ? agent.since : null
	return (
		<p className="agent-row">
			<Mark shape={agent.status === 'ended' && agent.exitCode === 0 ? 'done' : shapeOf[agent.status]} />
			<span className="agent-name" role="status">
				<span className="strong">Agent</span> · {wordsOf(agent)}
			</span>
			<span className={`agent-when ${linked ? '' : 'late'}`}>
				{!linked && isThere ? `last seen ${ago(agent.at, now)}` : since !== null && ago(since, now)}
			</span>
		</p>
	)
}

function wordsOf(agent: AgentState): string {
	switch (agent.status) {
		case 'unknown':
			return 'not read yet'
		case 'absent':
			return `${agent.command} is not there`
		case 'idle':
			return `${agent.command} is not running`
		case 'running':
			return `${agent.command} is at work`
		case 'waits':
			return `${agent.command} waits for you`
		case 'ended':
			return agent.exitCode === null
				? `${agent.command} has ended`
				: `${agent.command} has ended with exit code ${agent.exitCode}`
	}
}

function Made({ agent }: { agent: Extract<AgentState, { branch: string }> }) {
	const { branch, commits, changedCount, version, worktree } = agent
	const parts = [
		commits === 0 ? 'no commits to bring' : `${count(commits, 'commit')} to bring`,
		changedCount > 0 && `${count(changedCount, 'file')} in no commit`,
		version,
	]
	return (
		<p className="agent-made" title={worktree}>
			{branch}: {parts.filter(Boolean).join(' · ')}
		</p>
	)
}

type Act = Extract<CommandName, 'startAgent' | 'stopAgent' | 'checkAgent' | 'openTerminal'>

function Actions({
	project,
	agent,
	about,
	why,
	bring,
}: Omit<AgentCardProps, 'linked'> & { agent: AgentState }) {
	const { send } = useHawser()
	const [asked, setAsked] = useState<Act | null>(null)
	const { name } = project
	const act = async (command: Exclude<Act, 'openTerminal'>) => {
		setAsked(command)
		await send(command, { project: name }, about)
		setAsked(null)
	}
	const attach = async () => {
		setAsked('openTerminal')
		await send('openTerminal', { what: 'agent', project: name }, about)
		setAsked(null)
	}
	const not = why ?? (asked ? 'Under way.' : null)
	if (agent.status === 'unknown') return null
	if (agent.status === 'absent')
		return (
			<div className="buttons">
				<Button title="Look whether it is there now" why={not} onClick={() => void act('checkAgent')}>
					{asked === 'checkAgent' ? 'Looking…' : 'Look again'}
				</Button>
			</div>
		)
	const isThere = agent.status === 'running' || agent.status === 'waits'
	const begins = agent.status === 'ended' ? 'Start again' : 'Start'
	return (
		<div className="buttons">
			{isThere ? (
				<Button title="Open its session in your terminal" why={not} onClick={() => void attach()}>
					Attach…
				</Button>
			) : (
				<Button
					title={`Start it in ${agent.worktree}, on ${agent.branch}`}
					why={not}
					onClick={() => void act('startAgent')}
				>
					{asked === 'startAgent' ? 'Starting…' : begins}
				</Button>
			)}
			<Button
				title="See what its branch would bring, and change nothing"
				why={not ?? (agent.commits === 0 ? 'It has no commits to bring.' : null)}
				onClick={bring}
			>
				Bring back…
			</Button>
			{agent.status !== 'idle' && (
				<Button
					kind="quiet"
					title="End its session; its worktree and its branch stay"
					why={not}
					onClick={() => void act('stopAgent')}
				>
					{asked === 'stopAgent' ? 'Stopping…' : isThere ? 'Stop' : 'Close'}
				</Button>
			)}
		</div>
	)
}
