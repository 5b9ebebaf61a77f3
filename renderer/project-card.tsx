import { useState } from 'react'
import type { CommandName } from '../src/contract/commands.ts'
import type { LinkState, ProjectState, State } from '../src/contract/state.ts'
import { Button, CopyButton } from './button.tsx'
import { useHawser, useHawserState, useView } from './hawser.tsx'
import { Lanes } from './lanes.tsx'
import { NextStepButton } from './next-step.tsx'
import { isOfProject, operationOf } from './operation-of.ts'
import { OperationView } from './operation-view.tsx'
import { Pending } from './pending.tsx'

/** Why nothing can be started on a project now; null when it can. */
function reasonNot(state: State, project: ProjectState, gone: boolean): string | null {
	if (gone) return 'Hawser is not running.'
	const link = state.workstations[project.workstation]?.link
	switch (link?.status) {
		case undefined:
		case 'off':
			return `${project.workstation} is not connected.`
		case 'waiting':
			return 'This laptop has no network.'
		case 'host-key':
			return link.question ? `The host key of ${project.workstation} waits for your answer.` : null
		case 'login':
			return link.question ? `The login to ${project.workstation} waits for you.` : null
		case 'lost':
		case 'stopped':
			return `There is no path to ${project.workstation}.`
		// An operation waits for a link that is on its way, but not for one whose last try failed.
		case 'dialling':
			return link.problem ? `There is no path to ${project.workstation}.` : null
		case 'up':
			return null
	}
}

export function ProjectCard({ project, several }: { project: ProjectState; several: boolean }) {
	const state = useHawserState()
	const { refusals, dismiss } = useHawser()
	const about = `project:${project.name}`
	const refusal = refusals[about]
	const operation = operationOf(state, (one) => one.project === project.name && isOfProject(one))
	const running = operation !== null && operation.endedAt === null
	return (
		<section className="card project" aria-label={`Project ${project.name}`}>
			<h2>
				<span className="name" title={project.name}>
					{project.name}
				</span>
				<span className="aside">
					{project.strategy === 'git' ? 'git worktrees' : 'files'}
					{several && ` · ${project.workstation}`}
				</span>
			</h2>
			<Lanes project={project} linked={state.workstations[project.workstation]?.link.status === 'up'} />
			<Pending project={project} linked={state.workstations[project.workstation]?.link.status === 'up'} />
			{operation && <OperationView operation={operation} />}
			{!running && <Actions project={project} about={about} />}
			{refusal && (
				<div className="trouble" role="alert">
					<p className="strong">{refusal.title}</p>
					<p>{refusal.meaning}</p>
					<div className="buttons">
						<NextStepButton
							problem={refusal}
							workstation={project.workstation}
							project={project.name}
							where={about}
						/>
						<Button onClick={() => dismiss(about)}>Dismiss</Button>
					</div>
				</div>
			)}
		</section>
	)
}

type Action = Extract<CommandName, 'go' | 'up' | 'back' | 'run'>
const actions: { name: Action; label: string; title: string }[] = [
	{ name: 'go', label: 'Sync and validate', title: 'Send code out, run the validation, bring results back' },
	{ name: 'up', label: 'Up', title: 'Send code out' },
	{ name: 'back', label: 'Back', title: 'Bring results back' },
	{ name: 'run', label: 'Run', title: 'Start the validation there' },
]

function Actions({ project, about }: { project: ProjectState; about: string }) {
	const state = useHawserState()
	const { gone } = useView()
	const { send } = useHawser()
	const [asked, setAsked] = useState<Action | null>(null)
	const reason = reasonNot(state, project, gone)
	const why = reason ?? (asked ? 'Starting.' : null)
	const start = async (name: Action) => {
		setAsked(name)
		await send(name, { project: project.name }, about)
		setAsked(null)
	}
	return (
		<>
			<div className="buttons">
				{actions.map(({ name, label, title }) => (
					<Button
						key={name}
						kind={name === 'go' ? 'main' : 'plain'}
						title={title}
						why={why}
						onClick={() => void start(name)}
					>
						{asked === name && name === 'go' ? 'Starting…' : label}
					</Button>
				))}
			</div>
			{reason && <p className="quiet small reason">{reason}</p>}
		</>
	)
}

const onItsWay = new Set<LinkState['status']>(['waiting', 'dialling', 'host-key', 'login'])

export function NoProject() {
	const state = useHawserState()
	const { send } = useHawser()
	if (Object.values(state.operations).some((operation) => operation.kind === 'demo')) return null
	const connecting = Object.values(state.workstations).some(({ link }) => onItsWay.has(link.status))
	return (
		<section className="card empty" aria-label="No project yet">
			<h2 className="empty-title">{connecting ? 'Connecting for the first time' : 'No project yet'}</h2>
			<p className="quiet">
				A project is a repository that is on this laptop and on a workstation. Name its two paths in
				config.json, and its commits and runs show here.
			</p>
			<div className="buttons">
				<Button kind="main" onClick={() => void send('setUpDemo', {})}>
					Try the demo project
				</Button>
				<CopyButton label="Copy its path" text={state.config.path} />
			</div>
		</section>
	)
}
