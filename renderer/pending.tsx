import type { Commit, ProjectState } from '../src/contract/state.ts'
import { useNow } from './clock.ts'
import { NextStepButton } from './next-step.tsx'
import { age, ago, count, short } from './words.ts'

const mostShown = 4

/** The commits that wait, either way, and what is not committed. */
export function Pending({ project, linked }: { project: ProjectState; linked: boolean }) {
	const { pending } = project
	const now = useNow()
	if (pending.status === 'unknown') return <p className="quiet pending-note">Not read yet.</p>
	if (pending.status === 'unreadable')
		return <Trouble project={project} problem={pending.problem} note={`Tried ${ago(pending.at, now)}.`} />
	// Whatever the further of the two has still to get; both lists begin with the newest.
	const { toHub, toWorkstation } = pending
	const out = (toWorkstation?.count ?? 0) >= (toHub?.count ?? 0) ? (toWorkstation ?? toHub) : toHub
	const back = pending.toLaptop
	const even = toWorkstation?.count === 0 && toHub?.count === 0 && back?.count === 0
	const side = linked ? null : sideNote(pending.remoteAt, now)
	return (
		<>
			<ul className="commits">
				{out && <Commits commits={out.commits} total={out.count} way="out" />}
				{back && <Commits commits={back.commits} total={back.count} way="back" />}
				<Changed changed={pending.changedCount} untracked={pending.untrackedCount} />
				{even && pending.changedCount === 0 && pending.untrackedCount === 0 && (
					<li className="quiet">Nothing waits: all three are in step at {short(pending.head)}.</li>
				)}
				{pending.branch !== null && pending.branch !== project.base && (
					<li className="quiet">
						<span className="rest">
							The laptop is on <code>{pending.branch}</code>; {project.base} is what goes out.
						</span>
					</li>
				)}
				{side && <li className="quiet">{side}</li>}
			</ul>
			{pending.problem && <Trouble project={project} problem={pending.problem} note={null} />}
		</>
	)
}

const sideNote = (at: number | null, now: number) =>
	at === null
		? 'The workstation’s side was not read yet.'
		: `The workstation’s side was read ${ago(at, now)}.`

function Commits({ commits, total, way }: { commits: Commit[]; total: number; way: 'out' | 'back' }) {
	const now = useNow()
	const shown = commits.slice(0, way === 'out' ? mostShown : 2)
	return (
		<>
			{shown.map((commit) => (
				<li key={commit.id}>
					<code className="commit-id">{short(commit.id)}</code>
					{way === 'back' && (
						<span className="way">
							<span aria-hidden="true">←</span>
							<span className="sr">comes back:</span>
						</span>
					)}
					<span className="subject" title={commit.subject}>
						{commit.subject}
					</span>
					<span className="when">{age(commit.at, now)}</span>
				</li>
			))}
			{total > shown.length && shown.length > 0 && (
				<li className="quiet">
					and {total - shown.length} more {way === 'out' ? 'to send' : 'to bring back'}
				</li>
			)}
		</>
	)
}

function Changed({ changed, untracked }: { changed: number; untracked: number }) {
	if (changed + untracked === 0) return null
	const words =
		changed === 0
			? `${count(untracked, 'new file')}, not committed`
			: `${count(changed, 'file')} changed${untracked > 0 ? `, ${untracked} new` : ''}, not committed`
	return (
		<li className="quiet">
			<code className="commit-id" aria-hidden="true">
				+{changed + untracked}
			</code>
			<span className="rest">{words}</span>
		</li>
	)
}

interface TroubleProps {
	project: ProjectState
	problem: NonNullable<Extract<ProjectState['pending'], { status: 'read' }>['problem']>
	note: string | null
}

function Trouble({ project, problem, note }: TroubleProps) {
	return (
		<div className="trouble">
			<p className="strong">{problem.title}</p>
			<p>
				{problem.meaning} {note}
			</p>
			{problem.next && (
				<div className="buttons">
					<NextStepButton
						problem={problem}
						workstation={project.workstation}
						project={project.name}
						where={`pending:${project.name}`}
					/>
				</div>
			)}
		</div>
	)
}
