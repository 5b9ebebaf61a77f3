import { useEffect, useId, useRef } from 'react'
import type { PlannedKind } from '../src/contract/code.ts'
import type { ProjectState } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { useNow } from './clock.ts'
import { CommitForm } from './commit-form.tsx'
import { Conflicts, isGits } from './conflicts.tsx'
import { useDetail } from './details.tsx'
import { Meant, wordOf } from './meant.tsx'
import { NextStepButton } from './next-step.tsx'
import { PlanView } from './plan-view.tsx'
import { PrepareMerge } from './prepared-merge.tsx'
import { changesOf, isOffered, type Preview, previewId } from './preview-of.ts'
import { ago } from './words.ts'

const kinds: { kind: PlannedKind; label: string; start: string }[] = [
	{ kind: 'go', label: 'Sync and validate', start: 'Sync and validate' },
	{ kind: 'up', label: 'Up', start: 'Up' },
	{ kind: 'back', label: 'Back', start: 'Back' },
	{ kind: 'undo', label: 'Undo', start: 'Undo' },
	{ kind: 'agent', label: 'Agent', start: 'Bring its work back' },
]

interface PreviewPanelProps {
	project: ProjectState
	preview: Preview
	/** Why nothing can be started now; null: it can. */
	reason: string | null
}

/** What an operation would do, opened in place; what is started from here is bound to what is shown. */
export function PreviewPanel({ project, preview, reason }: PreviewPanelProps) {
	const detail = useDetail(previewId(project.name))
	const id = useId()
	const place = useRef<HTMLElement>(null)
	const { kind, plan, conflicts, draft } = preview
	// The list of its files says more than the problem does.
	const stop = plan?.problem?.code
	const conflicting = (stop === 'conflict' || stop === 'files-conflict') && conflicts.length > 0
	const sends = kind === 'up' || kind === 'go'
	useEffect(() => {
		// Not away from where somebody types meanwhile.
		const active = document.activeElement
		const free = active === document.body || place.current?.closest('.project')?.contains(active)
		if (free) place.current?.focus({ preventScroll: true })
		place.current?.scrollIntoView({ block: 'nearest' })
	}, [])
	return (
		<section ref={place} className="preview" tabIndex={-1} aria-labelledby={id} {...detail.panel}>
			<h3 id={id}>
				Preview<span className="sr"> of {project.name}</span>
			</h3>
			<Kinds project={project} kind={kind} choose={preview.setKind} />
			{sends && project.pending.status === 'read' && changesOf(project) !== 'none' && (
				<CommitForm pending={project.pending} preview={preview} />
			)}
			<PreviewState preview={preview} />
			{preview.problem && <Failure project={project} preview={preview} />}
			{plan && (
				<div className={`plan ${preview.looking || preview.dirty ? 'plan-old' : ''}`}>
					{plan.problem && !conflicting && (
						<div className="stops">
							<p className="strong">{plan.problem.title}</p>
							<p className="quiet">{plan.problem.meaning}</p>
							<div className="buttons">
								<NextStepButton
									problem={plan.problem}
									workstation={project.workstation}
									project={project.name}
									where={`preview:${project.name}`}
								/>
							</div>
						</div>
					)}
					{kind !== 'undo' && (wordOf(plan.problem) || draft.big) && (
						<Meant project={project} preview={preview} />
					)}
					{conflicts.length > 0 && (
						<>
							<Conflicts
								title={conflicting ? (plan.problem?.title ?? null) : null}
								conflicts={conflicts}
								take={draft.take}
								setTake={(take) => preview.setDraft({ take })}
							/>
							{kind !== 'agent' && conflicts.some(isGits) && <PrepareMerge project={project} why={reason} />}
						</>
					)}
					<PlanView plan={plan} />
				</div>
			)}
			<Foot preview={preview} reason={reason} cancel={detail.trigger.onClick} />
			{reason && <p className="quiet small reason">{reason}</p>}
		</section>
	)
}

interface KindsProps {
	project: ProjectState
	kind: PlannedKind
	choose(kind: PlannedKind): void
}

function Kinds({ project, kind, choose }: KindsProps) {
	return (
		<fieldset className="kinds">
			<legend className="sr">Preview of what</legend>
			{kinds
				.filter(({ kind: one }) => isOffered(project, one))
				.map((one) => (
					<label key={one.kind} className="kind">
						<input
							type="radio"
							name={`kind:${project.name}`}
							checked={one.kind === kind}
							onChange={() => choose(one.kind)}
						/>
						<span>{one.label}</span>
					</label>
				))}
		</fieldset>
	)
}

/** What is so with the preview itself; always there, so that a reader hears it change. */
function PreviewState({ preview: { plan, looking, moved, dirty, look } }: { preview: Preview }) {
	const now = useNow()
	return (
		<div className="preview-state">
			<p role="status" className={moved ? 'strong' : 'quiet small'}>
				{moved && 'Things moved since the preview, so nothing was done. '}
				{looking ? 'Looking at both sides…' : moved && plan ? 'This is how it would be now.' : ''}
				{!looking && !moved && plan && !dirty && 'Nothing is changed by looking.'}
				{!looking && dirty && 'What you set is not in this preview yet.'}
			</p>
			{plan && !looking && (
				<Button kind="quiet" title={`Looked at ${ago(plan.at, now)}`} onClick={look}>
					Look again
				</Button>
			)}
		</div>
	)
}

function Failure({ project, preview: { problem, look } }: { project: ProjectState; preview: Preview }) {
	return (
		problem && (
			<div className="trouble" role="alert">
				<p className="strong">{problem.title}</p>
				<p>{problem.meaning}</p>
				<div className="buttons">
					{/* Looking again is trying again. */}
					{problem.next?.kind !== 'retry' && (
						<NextStepButton
							problem={problem}
							workstation={project.workstation}
							project={project.name}
							where={`preview-failed:${project.name}`}
						/>
					)}
					<Button onClick={look}>Look again</Button>
				</div>
			</div>
		)
	)
}

interface FootProps {
	preview: Preview
	reason: string | null
	cancel(): void
}

function Foot({ preview, reason, cancel }: FootProps) {
	const { kind, dirty, starting, look, apply } = preview
	const { start = '' } = kinds.find((one) => one.kind === kind) ?? {}
	return (
		<div className="buttons">
			{dirty ? (
				<Button kind="main" why={reason} onClick={look}>
					Update the preview
				</Button>
			) : (
				<Button kind="main" why={whyNot(preview, reason)} onClick={apply}>
					{starting ? 'Starting…' : start}
				</Button>
			)}
			<Button onClick={cancel}>Cancel</Button>
		</div>
	)
}

/** Why what is shown cannot be started; null: it can. */
function whyNot({ kind, plan, looking, starting }: Preview, reason: string | null): string | null {
	if (reason) return reason
	if (starting) return 'Starting.'
	if (looking) return 'The preview is being made.'
	if (!plan) return 'There is no preview.'
	if (plan.problem) return `${plan.problem.title}.`
	if (plan.conflicts.length > 0) return 'There are conflicts.'
	// With nothing to send it still validates.
	return plan.steps.length === 0 && kind !== 'go' ? 'Nothing would change.' : null
}
