import type { CommandInput, CommandName } from '../src/contract/commands.ts'

/** What a person does in this window that a question may follow from. */
const acts: ReadonlySet<CommandName> = new Set(['connect', 'retry', 'answerHostKey', 'answerLogin'])
/** A question that comes later than this has another cause. */
const within = 60_000

let last: { workstation: string; at: number; focus: Element | null } | null = null

/** Called with every command that a person's click or key sent. */
export function noteAct<N extends CommandName>(name: N, input: CommandInput<N>): void {
	if (!acts.has(name) || !('workstation' in input) || typeof input.workstation !== 'string') return
	last = { workstation: input.workstation, at: Date.now(), focus: document.activeElement }
}

/**
 * Whether a question about this workstation may take the focus: it follows from what the person did here, and
 * they have not moved on to something else meanwhile.
 */
export function mayTakeFocus(workstation: string): boolean {
	if (last?.workstation !== workstation || Date.now() - last.at > within) return false
	const active = document.activeElement
	return active === null || active === document.body || active === last.focus
}
