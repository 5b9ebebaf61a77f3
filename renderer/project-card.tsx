import { useEffect, useRef } from 'react'
import type { PlannedKind } from '../src/contract/code.ts'
import type { Problem } from '../src/contract/problem.ts'
import type { ProjectState } from '../src/contract/state.ts'
import { AgentCard } from './agent-card.tsx'
import { cardId } from './arrival.ts'
import { Backups, backupsId, hasBackups } from './backups.tsx'
import { Button } from './button.tsx'
import { elementId, useDetail, useDetails } from './details.tsx'
import { useHawser, useHawserState, useView } from './hawser.tsx'
import { Lanes } from './lanes.tsx'
import { NextStepButton } from './next-step.tsx'
import { isOfProject, operationOf } from './operation-of.ts'
import { OperationView } from './operation-view.tsx'
import { Pending } from './pending.tsx'
import { previewId, usePreview } from './preview-of.ts'
import { PreviewPanel } from './preview-panel.tsx'
import { reasonNot, SyncActions } from './sync-actions.tsx'
import { TerminalButton } from './terminal-button.tsx'

export function ProjectCard({ project, several }: { project: ProjectState; several: boolean }) {
	const state = useHawserState()
	const { gone } = useView()
	const { refusals } = useHawser()
	const { opened, open } = useDetails()
	const about = `project:${project.name}`
	const refusal = refusals[about]
	const operation = operationOf(state, (one) => one.project === project.name && isOfProject(one))
	const running = operation !== null && operation.endedAt === null
	const isOpen = opened.includes(previewId(project.name))
	const preview = usePreview(project, isOpen, running)
	// Its preview says that it stopped, and shows what is so now.
	const told = preview.moved && operation?.outcome?.problem?.code === 'plan-moved'
	const linked = state.workstations[project.workstation]?.link.status === 'up'
	const reason = reasonNot(state, project, gone)
	const card = useFocusBack(project.name, isOpen)
	const backups = useDetail(backupsId(project.name))
	// A restore shows where it was asked for, and leaves the rest in its place.
	const restores = operation?.kind === 'restore' && backups.isOpen
	const ask = (kind: PlannedKind) => {
		preview.setKind(kind)
		open(previewId(project.name))
	}
	const shown =
		operation && !told ? (
			<OperationView
				operation={operation}
				preview={{ ask, why: reason, undoes: project.strategy === 'git' }}
			/>
		) : null
	// What it stopped at has the same way out.
	const toldConflict = shown !== null && operation?.outcome?.problem?.code === 'files-conflict'
	const busy = running ? 'Something else is under way.' : null
	return (
		<section
			ref={card}
			id={cardId('project', project.name)}
			className="card project"
			tabIndex={-1}
			aria-label={`Project ${project.name}`}
		>
			<h2>
				<span className="name" title={project.name}>
					{project.name}
				</span>
				<span className="aside">
					{project.strategy === 'git' ? 'git worktrees' : 'files'}
					{several && ` · ${project.workstation}`}
				</span>
			</h2>
			<Lanes project={project} linked={linked} />
			<Pending
				project={project}
				linked={linked}
				resolve={toldConflict ? null : () => ask('go')}
				why={busy ?? reason}
			/>
			<AgentCard project={project} linked={linked} about={about} why={reason} bring={() => ask('agent')} />
			{!restores && shown}
			{!running && isOpen && <PreviewPanel project={project} preview={preview} reason={reason} />}
			{!isOpen && (restores || !running) && (
				<SyncActions project={project} about={about} reason={reason} busy={running} />
			)}
			<div className="terminal-place">
				<TerminalButton
					wish={{ what: 'tmux', project: project.name }}
					workstation={project.workstation}
					title="Open its tmux session in your terminal; it is made when it is not there"
					label="Open tmux…"
					about={about}
				/>
				{hasBackups(project) && (
					<Button kind="quiet" title="See what syncs replaced or deleted" {...backups.trigger}>
						Restore files…
					</Button>
				)}
			</div>
			{backups.isOpen && hasBackups(project) && (
				<Backups project={project} operation={operation} reason={reason} about={about}>
					{restores ? shown : null}
				</Backups>
			)}
			{refusal && <Refusal project={project} refusal={refusal} about={about} />}
		</section>
	)
}

interface RefusalProps {
	project: ProjectState
	refusal: Problem
	about: string
}

function Refusal({ project, refusal, about }: RefusalProps) {
	const { dismiss } = useHawser()
	return (
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
	)
}

/** The preview takes the place of the button that opened it: closed, the focus goes there again, else to the card. */
function useFocusBack(project: string, isOpen: boolean) {
	const card = useRef<HTMLElement>(null)
	const before = useRef(isOpen)
	useEffect(() => {
		const closed = before.current && !isOpen
		before.current = isOpen
		if (!closed || document.activeElement !== document.body) return
		const trigger = `[aria-controls="${elementId(previewId(project))}"]`
		const place = card.current?.querySelector<HTMLElement>(trigger) ?? card.current
		place?.focus({ preventScroll: true })
	}, [isOpen, project])
	return card
}
