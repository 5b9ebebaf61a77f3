import type { WorkstationConfig } from '../../contract/config.ts'
import type { Facts, Problem } from '../../contract/problem.ts'
import type { GpuState, Rung, WorkstationState } from '../../contract/state.ts'
import type { ZeroTierReading } from '../../contract/zerotier.ts'
import type { Link } from '../link/link.ts'
import type { Settings } from '../link/settings.ts'
import type { WorkstationFacts } from './workstation-facts.ts'

/** What a check may ask of. Each question is asked once per ladder, however many checks want it. */
export interface CheckContext {
	workstation: WorkstationConfig
	link: Link
	/** The SSH settings as OpenSSH resolves them: the host's real name or address, its port. Rejects with a ProblemError. */
	settings(): Promise<Settings>
	/** This laptop's ZeroTier service. Never rejects. */
	zerotier(): Promise<ZeroTierReading>
	/** Why the link is not up; null when it is. Never rejects. */
	reach(): Promise<Problem | null>
	/** One round trip over the link. Rejects with a ProblemError. */
	facts(): Promise<WorkstationFacts>
	/** The GPU as the same round trip found it. */
	gpu(): Promise<GpuState>
	/** Puts into the state how ZeroTier reaches the workstation; null: not known. */
	foundPeer(peer: WorkstationState['peer']): void
	/** This laptop's clock, ms since the epoch. */
	now(): number
}

/** `facts` are shown and copied into reports: plain words as names, no secrets. */
export type Finding = { finding: string; facts?: Facts } & (
	| { verdict: 'ok' | 'unused' }
	| { verdict: 'failing'; problem: Problem }
	| { verdict: 'unknown'; problem?: Problem }
)

/** One rung of the ladder. A check that throws is `unknown`, with the reason. */
export interface Check {
	id: Rung['id']
	title: string
	/** Where one of these is failing, or waits for one that is, this one cannot be known. */
	dependsOn: readonly Rung['id'][]
	/** What is known without them, if anything: a link that is up proves its port, whatever lies below says of itself. */
	known?(context: CheckContext): Finding | null
	check(context: CheckContext): Promise<Finding>
}
