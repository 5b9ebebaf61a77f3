import { caresOf, stashWords } from '../src/contract/pending-words.ts'
import type { Commit, Pending as PendingState, ProjectState } from '../src/contract/state.ts'
import { Cares } from './cares.tsx'
import { useNow } from './clock.ts'
import { CommitRow, type Way } from './commit-row.tsx'
import { PendingFiles } from './pending-files.tsx'
import { PendingTrouble } from './pending-trouble.tsx'
import { FileConflicts, FilesBesideGit, TravellingFiles, waitsBesideGit } from './travelling-files.tsx'
import { ago, short } from './words.ts'

interface PendingProps {
	project: ProjectState
	linked: boolean
	/** Opens the preview, where a side is chosen for files that both changed; null: that is offered elsewhere. */
	resolve: (() => void) | null
	/** Why that cannot be now; null: it can. */
	why: string | null
}

/** What waits, either way: commits, files, and what needs a person's care. */
export function Pending({ project, linked, resolve, why }: PendingProps) {
	const { pending } = project
	const now = useNow()
	if (pending.status === 'unused')
		return <TravellingFiles project={project} linked={linked} resolve={resolve} why={why} />
	if (pending.status === 'unknown') return <p className="quiet pending-note">Not read yet.</p>
	if (pending.status === 'unreadable')
		return (
			<PendingTrouble project={project} problem={pending.problem} note={`Tried ${ago(pending.at, now)}.`} />
		)
	// Whatever the further of the two has still to get; both lists begin with the newest.
	const { toHub, toWorkstation } = pending
	const out = (toWorkstation?.count ?? 0) >= (toHub?.count ?? 0) ? (toWorkstation ?? toHub) : toHub
	const back = pending.toLaptop
	const hub = onlyOnHub(pending)
	const stashes = stashWords(pending)
	const side = linked ? null : sideNote(pending.remoteAt, now)
	return (
		<>
			<Cares cares={caresOf(pending)} />
			<FileConflicts files={project.files} resolve={resolve} why={why} />
			<ul className="commits">
				{out && <Commits commits={out.commits} total={out.count} way="out" />}
				{back && <Commits commits={back.commits} total={back.count} way="back" />}
				{hub && <Commits commits={hub.commits} total={hub.total} way="hub" />}
				<PendingFiles pending={pending} project={project.name} />
				{isEven(pending, project) && !waitsBesideGit(project) && (
					<li className="quiet">
						Nothing waits: {project.hub === 'direct' ? 'both' : 'all three'} are in step at{' '}
						{short(pending.head)}.
					</li>
				)}
				<FilesBesideGit project={project} />
				{stashes && <li className="quiet">{stashes}</li>}
				{pending.branch !== null && pending.branch !== project.base && (
					<li className="quiet">
						<span className="rest">
							The laptop is on <code>{pending.branch}</code>; {project.base} is what goes out.
						</span>
					</li>
				)}
				{side && <li className="quiet">{side}</li>}
			</ul>
			{pending.problem && <PendingTrouble project={project} problem={pending.problem} note={null} />}
		</>
	)
}

function isEven({ toHub, fromHub, toWorkstation, toLaptop, ...rest }: PendingState, { hub }: ProjectState) {
	const { remote } = rest
	const withHub = hub === 'direct' || (toHub?.count === 0 && (fromHub === null || fromHub.count === 0))
	const files = rest.changedCount + rest.untrackedCount + (remote?.changedCount ?? 0)
	const more = (remote?.untrackedCount ?? 0) + (remote?.resultCount ?? 0)
	return withHub && toWorkstation?.count === 0 && toLaptop?.count === 0 && files + more === 0
}

/** What the hub has and the laptop lacks, without what comes from the workstation anyway. */
function onlyOnHub({ fromHub, toLaptop }: PendingState): { commits: Commit[]; total: number | null } | null {
	if (!fromHub || fromHub.count === 0) return null
	const known = new Set(toLaptop?.commits.map(({ id }) => id))
	const commits = fromHub.commits.filter(({ id }) => !known.has(id))
	if (commits.length === 0) return null
	const whole =
		fromHub.count === fromHub.commits.length && (toLaptop?.count ?? 0) === (toLaptop?.commits.length ?? 0)
	return {
		commits,
		total: whole || known.size === 0 ? fromHub.count - (fromHub.commits.length - commits.length) : null,
	}
}

const sideNote = (at: number | null, now: number) =>
	at === null
		? 'The workstation’s side was not read yet.'
		: `The workstation’s side was read ${ago(at, now)}.`

const shownOf: Record<Way, number> = { out: 4, back: 2, hub: 2 }
const goal: Record<Way, string> = { out: 'to send', back: 'to bring back', hub: 'on the hub' }

/** `total` null: more than are listed, it is not known how many. */
function Commits({ commits, total, way }: { commits: Commit[]; total: number | null; way: Way }) {
	const shown = commits.slice(0, shownOf[way])
	const more = total === null ? null : total - shown.length
	return (
		<>
			{shown.map((commit) => (
				<li key={commit.id}>
					<CommitRow commit={commit} way={way} />
				</li>
			))}
			{more !== 0 && shown.length > 0 && (
				<li className="quiet">
					and {more === null ? 'more' : `${more} more`} {goal[way]}
				</li>
			)}
		</>
	)
}
