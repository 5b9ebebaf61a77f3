import type { Rung, WorkstationState } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { useNow } from './clock.ts'
import { useHawser } from './hawser.tsx'
import { linkWords, transportWords } from './link-words.ts'
import { Mark, type MarkShape } from './marks.tsx'
import { NextStepButton } from './next-step.tsx'
import { ReportButton } from './report-button.tsx'
import { RungFacts } from './rung-facts.tsx'
import { ago } from './words.ts'

const shapeOf: Record<Rung['verdict'], MarkShape> = {
	ok: 'done',
	failing: 'diamond',
	unknown: 'waiting',
	unused: 'skipped',
}
const wordOf: Record<Rung['verdict'], string> = {
	ok: 'passed',
	failing: 'failing',
	unknown: 'unknown',
	unused: 'not used',
}

/** Every rung with what was found, when, and what to do about it. */
export function Ladder({ workstation }: { workstation: WorkstationState }) {
	const now = useNow()
	const { name, link } = workstation
	const transport = transportWords(link)
	return (
		<div className="card ladder">
			<div className="ladder-link">
				<p>{capital(linkWords(link, now))}.</p>
				{transport && <p>{transport}</p>}
			</div>
			<ol>
				{workstation.rungs.map((rung) => (
					<RungView key={rung.id} rung={rung} workstation={workstation} now={now} />
				))}
			</ol>
			<div className="ladder-foot">
				<LinkButton workstation={workstation} />
				{workstation.keepsLogin && <ForgetButton workstation={name} />}
				<ReportButton kind="quiet" workstation={name} />
			</div>
		</div>
	)
}

interface RungProps {
	rung: Rung
	workstation: WorkstationState
	now: number
}

function RungView({ rung, workstation, now }: RungProps) {
	const { problem } = rung
	return (
		<li className={`rung rung-${rung.verdict}`}>
			<Mark shape={shapeOf[rung.verdict]} />
			<span className="rung-words">
				<span className="rung-title">{rung.title}</span>{' '}
				<span className="rung-verdict">{wordOf[rung.verdict]}</span>
				{rung.finding && rung.finding !== wordOf[rung.verdict] && ` · ${rung.finding}`}
			</span>
			<span className="rung-age">{rung.at === null ? 'not probed' : ago(rung.at, now)}</span>
			<RungFacts workstation={workstation.name} rung={rung} />
			{rung.id === 'zerotier-peer' && rung.verdict === 'ok' && <Detour peer={workstation.peer} />}
			{problem && rung.verdict !== 'ok' && (
				<div className="rung-problem">
					<p className="strong">{problem.title}</p>
					<p>{problem.meaning}</p>
					<div className="buttons">
						<NextStepButton problem={problem} workstation={workstation.name} where={`rung-${rung.id}`} />
					</div>
				</div>
			)}
		</li>
	)
}

/** Not broken, but slower than it could be: worth knowing before one wonders. */
function Detour({ peer }: { peer: WorkstationState['peer'] }) {
	if (!peer || peer.path === 'direct') return null
	return (
		<p className="rung-note">
			{peer.path === 'relayed'
				? 'Packets take the detour over ZeroTier’s relays, which is slower. They go direct by themselves once both sides’ routers let UDP through.'
				: 'Packets go through a relay by TCP, which is slow: the network here does not let UDP out.'}
		</p>
	)
}

function LinkButton({ workstation }: { workstation: WorkstationState }) {
	const { send } = useHawser()
	const input = { workstation: workstation.name }
	return workstation.wanted ? (
		<Button kind="quiet" onClick={() => void send('disconnect', input)}>
			Disconnect
		</Button>
	) : (
		<Button kind="quiet" onClick={() => void send('connect', input)}>
			Connect
		</Button>
	)
}

function ForgetButton({ workstation }: { workstation: string }) {
	const { send } = useHawser()
	return (
		<Button
			kind="quiet"
			title="Takes this login’s passphrase or password out of the keychain"
			onClick={() => void send('forgetLogin', { workstation })}
		>
			Forget the kept login
		</Button>
	)
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1)
