import type { Lane, ProjectState } from '../src/contract/state.ts'
import { count } from './words.ts'

type Read = Extract<ProjectState['pending'], { status: 'read' }>

/** Where the code is: three lanes, and between them how many commits have still to go which way. */
export function Lanes({ project, linked }: { project: ProjectState; linked: boolean }) {
	const read: Read | null = project.pending.status === 'read' ? project.pending : null
	const late = !linked
	return (
		<div className="lanes">
			<LaneBox title="Laptop" branch={project.base} />
			<div className="flow">
				<Arrow lane={read?.toHub ?? null} way="out" words="to send to the hub" late={false} />
			</div>
			<LaneBox title="Hub" branch={project.hub === 'direct' ? 'none' : project.hub} />
			<div className="flow">
				<Arrow lane={read?.toWorkstation ?? null} way="out" words="to send to the workstation" late={late} />
				{read?.toLaptop !== null && read?.toLaptop !== undefined && read.toLaptop.count > 0 && (
					<Arrow lane={read.toLaptop} way="back" words="with results to bring back" late={late} />
				)}
			</div>
			<LaneBox title="Workstation" branch={project.validation} late={late} />
		</div>
	)
}

function LaneBox({ title, branch, late = false }: { title: string; branch: string; late?: boolean }) {
	return (
		<div className={`lane ${late ? 'late' : ''}`}>
			<span className="lane-title">{title}</span>
			<code title={branch}>{branch}</code>
		</div>
	)
}

interface ArrowProps {
	lane: Lane | null
	way: 'out' | 'back'
	words: string
	late: boolean
}

function Arrow({ lane, way, words, late }: ArrowProps) {
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
				{count(lane.count, 'commit')} {words}
			</span>
		</span>
	)
}
