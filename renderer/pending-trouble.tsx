import type { Problem } from '../src/contract/problem.ts'
import type { ProjectState } from '../src/contract/state.ts'
import { NextStepButton } from './next-step.tsx'

interface PendingTroubleProps {
	project: ProjectState
	problem: Problem
	note: string | null
}

/** Why a side of a project could not be read. */
export function PendingTrouble({ project, problem, note }: PendingTroubleProps) {
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
