import { conflictWords } from '../src/contract/files-words.ts'
import { caresOf } from '../src/contract/pending-words.ts'
import type { ProjectState } from '../src/contract/state.ts'
import { Mark } from './marks.tsx'
import { count } from './words.ts'

type Read = Extract<ProjectState['pending'], { status: 'read' }>

interface LanesProps {
	project: ProjectState
	linked: boolean
}

export function Lanes(props: LanesProps) {
	return props.project.strategy === 'files' ? <FileLanes {...props} /> : <CodeLanes {...props} />
}

/** Two folders, and between them how many files have still to go which way. */
function FileLanes({ project: { files, local, remote }, linked }: LanesProps) {
	const read = files?.status === 'read' ? files : null
	const { toWorkstation = null, toLaptop = null } = read ?? {}
	const care = conflictWords(read) !== null
	return (
		<div className="lanes lanes-direct">
			<LaneBox title="Laptop" branch={local} care={care} />
			<div className="flow">
				<Arrow lane={toWorkstation} of="file" way="out" words="to send to the workstation" late={!linked} />
				{some(toLaptop) && (
					<Arrow lane={toLaptop} of="file" way="back" words="to bring back" late={!linked} />
				)}
			</div>
			<LaneBox title="Workstation" branch={remote} late={!linked} care={care} />
		</div>
	)
}

/**
 * Where the code is: a lane for each machine, and between them how many commits have still to go which way. Without
 * a hub there are two.
 */
function CodeLanes({ project, linked }: LanesProps) {
	const read: Read | null = project.pending.status === 'read' ? project.pending : null
	const late = !linked
	const direct = project.hub === 'direct'
	const cares = new Set(read ? caresOf(read).map(({ side }) => side) : [])
	const { toHub = null, fromHub = null, toWorkstation = null, toLaptop = null } = read ?? {}
	return (
		<div className={`lanes ${direct ? 'lanes-direct' : ''}`}>
			<LaneBox title="Laptop" branch={project.base} care={cares.has('laptop')} />
			{!direct && (
				<>
					<div className="flow">
						<Arrow lane={toHub} way="out" words="to send to the hub" late={false} />
						{some(fromHub) && <Arrow lane={fromHub} way="back" words="to take from the hub" late={false} />}
					</div>
					<LaneBox title="Hub" branch={project.hub} />
				</>
			)}
			<div className="flow">
				<Arrow lane={toWorkstation} way="out" words="to send to the workstation" late={late} />
				{some(toLaptop) && (
					<Arrow lane={toLaptop} way="back" words="with results to bring back" late={late} />
				)}
			</div>
			<LaneBox title="Workstation" branch={project.validation} late={late} care={cares.has('workstation')} />
		</div>
	)
}

/** Commits or files that have still to go a way. */
type Flow = { count: number } | null

const some = (lane: Flow) => lane !== null && lane.count > 0

interface LaneBoxProps {
	title: string
	branch: string
	late?: boolean
	/** Something there needs care; what it is stands below. */
	care?: boolean
}

function LaneBox({ title, branch, late = false, care = false }: LaneBoxProps) {
	return (
		<div className={`lane ${late ? 'late' : ''} ${care ? 'lane-care' : ''}`}>
			<span className="lane-title">
				{title}
				{care && <Mark shape="ask" />}
				{care && <span className="sr">, needs care</span>}
			</span>
			<code title={branch}>{branch}</code>
		</div>
	)
}

interface ArrowProps {
	lane: Flow
	of?: 'commit' | 'file'
	way: 'out' | 'back'
	words: string
	late: boolean
}

function Arrow({ lane, of = 'commit', way, words, late }: ArrowProps) {
	if (lane === null)
		return (
			<span className="arrow arrow-unknown">
				<span aria-hidden="true">
					? <span className="arrow-sign">→</span>
				</span>
				<span className="sr">unknown {words}</span>
			</span>
		)
	if (lane.count === 0)
		return (
			<span className={`arrow arrow-even ${late ? 'late' : ''}`}>
				<svg viewBox="0 0 20 4" aria-hidden="true" focusable="false">
					<path d="M1 2h18" />
				</svg>
				<span className="sr">nothing {words}</span>
			</span>
		)
	return (
		<span className={`arrow ${late ? 'late' : ''}`}>
			<span aria-hidden="true">
				{way === 'back' && <span className="arrow-sign">←</span>} {lane.count}{' '}
				{way === 'out' && <span className="arrow-sign">→</span>}
			</span>
			<span className="sr">
				{count(lane.count, of)} {words}
			</span>
		</span>
	)
}
