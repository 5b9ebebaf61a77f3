import { useHawserState } from './hawser.tsx'
import { isOfZeroTier, operationOf } from './operation-of.ts'
import { OperationView } from './operation-view.tsx'

/** What is about this laptop and no project has no card to stand in. */
export function OwnOperations() {
	return (
		<>
			<DemoOperation />
			<ZeroTierOperation />
		</>
	)
}

/** The set-up of the built-in workstation: its project is only made by it. */
function DemoOperation() {
	const operation = operationOf(useHawserState(), ({ kind }) => kind === 'demo')
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

function ZeroTierOperation() {
	const operation = operationOf(useHawserState(), ({ kind }) => isOfZeroTier(kind))
	if (!operation) return null
	const restart = operation.kind === 'zerotier-restart'
	return (
		<section className="card" aria-label="ZeroTier on this laptop">
			<h2>
				<span className="name">ZeroTier on this laptop</span>
			</h2>
			{operation.endedAt === null && (
				<p className="quiet">
					{restart
						? 'Connections through it stop for a moment. The system may ask for an administrator’s password.'
						: 'The network’s admin may have to let this laptop in.'}
				</p>
			)}
			<OperationView operation={operation} />
		</section>
	)
}
