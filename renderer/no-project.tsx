import type { LinkState } from '../src/contract/state.ts'
import { Button, CopyButton } from './button.tsx'
import { useHawser, useHawserState } from './hawser.tsx'

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
