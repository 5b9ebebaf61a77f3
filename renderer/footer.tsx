import type { State } from '../src/contract/state.ts'
import { cardId } from './arrival.ts'
import { Button, CopyButton } from './button.tsx'
import { useNow } from './clock.ts'
import { useHawser, useHawserState } from './hawser.tsx'
import { ago, clockTime } from './words.ts'

const hour = 3_600_000

export function Footer() {
	const { app, config, workstations } = useHawserState()
	const { send } = useHawser()
	const all = Object.values(workstations)
	const onlyBuiltIn = all.length > 0 && all.every((workstation) => workstation.builtIn)
	return (
		<footer>
			{onlyBuiltIn && (
				<p className="hint">
					Built-in workstation: its GPU is simulated. Add your own in config.json.
					<CopyButton kind="quiet" label="Copy its path" text={config.path} />
				</p>
			)}
			{app.unsent && <Unsent {...app.unsent} />}
			<div className="foot-row">
				<Paused until={app.pausedUntil} />
				<Button
					kind="quiet"
					aria-keyshortcuts="Meta+R Control+R"
					title="⌘R or Ctrl+R"
					onClick={() => void send('check', {})}
				>
					Check again
				</Button>
				<span className="version">Hawser {app.version}</span>
			</div>
		</footer>
	)
}

/** Quietly, as nothing is lost: what could not be sent was told here. */
function Unsent({ at, problem }: NonNullable<State['app']['unsent']>) {
	const now = useNow()
	return (
		<section
			id={cardId('card', 'notices')}
			tabIndex={-1}
			className="hint"
			aria-label="Notices that are not sent"
		>
			<p>
				<span className="strong">{problem.title}</span> · {ago(at, now)}
			</p>
			<p>{problem.meaning}</p>
		</section>
	)
}

function Paused({ until }: { until: number | null }) {
	const { send } = useHawser()
	const now = useNow()
	if (until === null)
		return (
			<Button kind="quiet" onClick={() => void send('pause', { until: Date.now() + hour })}>
				Pause for an hour
			</Button>
		)
	return (
		<>
			<span className="paused">Paused until {clockTime(until, now)}</span>
			<Button kind="quiet" onClick={() => void send('pause', { until: null })}>
				Go on
			</Button>
		</>
	)
}
