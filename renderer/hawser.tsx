import { createContext, type ReactNode, use, useState, useSyncExternalStore } from 'react'
import type { CommandInput, CommandName, CommandOutput } from '../src/contract/commands.ts'
import type { Problem } from '../src/contract/problem.ts'
import type { State } from '../src/contract/state.ts'
import type { Engine, View } from './engine.ts'
import { noteAct } from './own-act.ts'

interface Hawser {
	engine: Engine
	/**
	 * Sends a command. A refusal is shown where `about` says (a project's card), else at the top, and
	 * answered as null.
	 */
	send<N extends CommandName>(
		name: N,
		input: CommandInput<N>,
		about?: string,
	): Promise<CommandOutput<N> | null>
	refusals: Record<string, Problem>
	dismiss(about: string): void
}

const HawserContext = createContext<Hawser | null>(null)

/** Where a refusal is shown that belongs to no card. */
export const top = ''

export function HawserProvider({ engine, children }: { engine: Engine; children: ReactNode }) {
	const [refusals, setRefusals] = useState<Record<string, Problem>>({})
	const dismiss = (about: string) =>
		setRefusals((before) => Object.fromEntries(Object.entries(before).filter(([key]) => key !== about)))
	const hawser: Hawser = {
		engine,
		refusals,
		dismiss,
		async send(name, input, about = top) {
			dismiss(about)
			noteAct(name, input)
			const answer = await engine.command(name, input)
			if (answer.ok) return answer.output
			// The banner already says that nothing answers.
			if (answer.problem.code !== 'engine-unreachable')
				setRefusals((before) => ({ ...before, [about]: answer.problem }))
			return null
		},
	}
	return <HawserContext value={hawser}>{children}</HawserContext>
}

export function useHawser(): Hawser {
	const hawser = use(HawserContext)
	if (!hawser) throw new Error('outside of HawserProvider')
	return hawser
}

export function useView(): View {
	const { engine } = useHawser()
	return useSyncExternalStore(engine.subscribe, engine.view)
}

const StateContext = createContext<State | null>(null)
export const StateProvider = StateContext

/** The state, inside the part of the page that is drawn only when there is one. */
export function useHawserState(): State {
	const state = use(StateContext)
	if (!state) throw new Error('outside of StateProvider')
	return state
}
