import { useState } from 'react'
import type { CommandName } from '../src/contract/commands.ts'
import type { ProjectState, State } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { useDetail } from './details.tsx'
import { useHawser } from './hawser.tsx'
import { previewId } from './preview-of.ts'

/** Why nothing can be started on a project now; null when it can. */
export function reasonNot(state: State, project: ProjectState, gone: boolean): string | null {
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

type Action = Extract<CommandName, 'go' | 'up' | 'back' | 'run'>
const actions: { name: Action; label: string; title: string }[] = [
	{ name: 'up', label: 'Up', title: 'Send $ out' },
	{ name: 'back', label: 'Back', title: 'Bring results back' },
	{ name: 'run', label: 'Run', title: 'Start the validation there' },
]

interface SyncActionsProps {
	project: ProjectState
	/** Where a refusal is shown. */
	about: string
	reason: string | null
	/** Something is under way, so nothing else is begun. */
	busy: boolean
}

/** What can be started at once, and the preview of it. */
export function SyncActions({ project, about, reason, busy }: SyncActionsProps) {
	const { send } = useHawser()
	const detail = useDetail(previewId(project.name))
	const [asked, setAsked] = useState<Action | null>(null)
	const why = reason ?? (asked ? 'Starting.' : busy ? 'Something else is under way.' : null)
	const what = project.strategy === 'files' ? 'files' : 'code'
	const start = async (name: Action) => {
		setAsked(name)
		await send(name, { project: project.name }, about)
		setAsked(null)
	}
	return (
		<>
			<div className="buttons">
				<Button
					kind="main"
					title={`Send ${what} out, run the validation, bring results back`}
					why={why}
					onClick={() => void start('go')}
				>
					{asked === 'go' ? 'Starting…' : 'Sync and validate'}
				</Button>
				<Button title="See what would be done, and change nothing" why={why} {...detail.trigger}>
					Preview…
				</Button>
			</div>
			<div className="buttons even">
				{actions.map(({ name, label, title }) => (
					<Button key={name} title={title.replace('$', what)} why={why} onClick={() => void start(name)}>
						{label}
					</Button>
				))}
			</div>
			{reason && <p className="quiet small reason">{reason}</p>}
		</>
	)
}
