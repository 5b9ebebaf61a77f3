import { useState } from 'react'
import type { CommandName } from '../src/contract/commands.ts'
import type { Operation, ProjectState, State } from '../src/contract/state.ts'
import { Button, CopyButton } from './button.tsx'
import { useHawser, useHawserState, useView } from './hawser.tsx'
import { Lanes } from './lanes.tsx'
import { NextStepButton } from './next-step.tsx'
import { OperationView } from './operation-view.tsx'
import { Pending } from './pending.tsx'

/** The operation to show for a project: the one under way, else the last that was not dismissed. */
function operationOf(state: State, fits: (operation: Operation) => boolean): Operation | null {
	const own = Object.values(state.operations).filter(fits)
	own.sort((a, b) => Number(b.endedAt === null) - Number(a.endedAt === null) || b.startedAt - a.startedAt)
	return own[0] ?? null
}

/** Why nothing can be started on a project now; null when it can. */
function reasonNot(state: State, project: ProjectState, gone: boolean): string | null {
	if (gone) return 'Hawser is not running.'
	const link = state.workstations[project.workstation]?.link
	switch (link?.status) {
		case undefined:
		case 'off':
			return `${project.workstation} is not connected.`
		case 'asking':
			return `The host key of ${project.workstation} waits for your answer.`
		case 'lost':
		case 'stopped':
			return `There is no path to ${project.workstation}.`
		// An operation waits for a link that is on its way.
		case 'dialling':
		case 'up':
			return null
	}
}

export function ProjectCard({ project, several }: { project: ProjectState; several: boolean }) {
	const state = useHawserState()
	const { refusals, dismiss } = useHawser()
	const about = `project:${project.name}`
	const refusal = refusals[about]
	const operation = operationOf(state, (one) => one.project === project.name && one.kind !== 'demo')
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

/** The set-up of the built-in workstation has no project to stand in yet. */
export function DemoOperation() {
	const state = useHawserState()
	const operation = operationOf(state, (one) => one.kind === 'demo')
	if (!operation) return null
	return (
		<section className="card" aria-label="Setting up the built-in workstation">
			<h2>
				<span className="name">The built-in workstation</span>
			</h2>
			{operation.endedAt === null && (
				<p className="quiet">
					A real SSH server on this machine with a demo project, so that everything can be tried at once.
				</p>
			)}
			<OperationView operation={operation} />
		</section>
	)
}

export function NoProject() {
	const state = useHawserState()
	const { send } = useHawser()
	if (Object.values(state.operations).some((operation) => operation.kind === 'demo')) return null
	const connecting = Object.values(state.workstations).some(({ link }) => link.status === 'dialling')
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
