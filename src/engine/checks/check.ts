import type { WorkstationConfig } from '../../contract/config.ts'
import type { Problem } from '../../contract/problem.ts'
import type { GpuState, Rung } from '../../contract/state.ts'
import type { Link } from '../link/link.ts'
import type { WorkstationFacts } from './workstation-facts.ts'

/** What a check may ask of. Each question is asked once per ladder, however many checks want it. */
export interface CheckContext {
	workstation: WorkstationConfig
	link: Link
	/** Why the link is not up; null when it is. Never rejects. */
	reach(): Promise<Problem | null>
	/** One round trip over the link. Rejects with a ProblemError. */
	facts(): Promise<WorkstationFacts>
	/** The GPU as the same round trip found it. */
	gpu(): Promise<GpuState>
	/** This laptop's clock, ms since the epoch. */
	now(): number
}

export type Finding =
	| { verdict: 'ok' | 'unused'; finding: string }
	| { verdict: 'failing'; finding: string; problem: Problem }
	| { verdict: 'unknown'; finding: string; problem?: Problem }

/** One rung of the ladder. A check that throws is `unknown`, with the reason. */
export interface Check {
	id: Rung['id']
	title: string
	/** The rungs that must hold before this one can be known. */
	dependsOn: readonly Rung['id'][]
	check(context: CheckContext): Promise<Finding>
}
