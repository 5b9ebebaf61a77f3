import { useEffect, useRef, useState } from 'react'
import type { Answer } from '../src/contract/client.ts'
import type { Conflict, Plan, PlannedKind } from '../src/contract/code.ts'
import type { Problem } from '../src/contract/problem.ts'
import type { ProjectState } from '../src/contract/state.ts'
import { placeOf } from './address.ts'
import { useDetails } from './details.tsx'
import type { Engine } from './engine.ts'
import { useHawser, useHawserState } from './hawser.tsx'
import { blank, type Changes, type Draft, isSameWish, type PreviewWish, wishOf } from './preview-wish.ts'

export const previewId = (project: string) => `preview:${project}`

export interface Preview {
	kind: PlannedKind
	draft: Draft
	/** The last answer; while another is waited for, still that one. Null: there is none yet. */
	plan: Plan | null
	looking: boolean
	starting: boolean
	/** Why there is no plan, or why it was not begun. */
	problem: Problem | null
	/** It was to be applied, but something had moved since it was made: this is another one. */
	moved: boolean
	/** The draft has what the plan does not know of. */
	dirty: boolean
	/** Those of the plan, and those that a side was chosen for. */
	conflicts: Conflict[]
	setKind(kind: PlannedKind): void
	setDraft(change: Partial<Draft>): void
	/** Asks anew, with the draft. */
	look(): void
	apply(): void
}

/**
 * The preview of one project, for as long as its card is there: what is asked, the answer, and the operation that is
 * bound to it. `open`: it is seen now. An answer that comes after another question is dropped.
 */
export function usePreview(project: ProjectState, open: boolean, running: boolean): Preview {
	const { name } = project
	const { engine } = useHawser()
	const details = useDetails()
	const [chosen, setKind] = useKind(name)
	const kind = isOffered(project, chosen) ? chosen : 'go'
	const [draft, setDraft] = useState<Draft>(blank)
	const [asked, setAsked] = useState<PreviewWish | null>(null)
	const [plan, setPlan] = useState<Plan | null>(null)
	const [conflicts, setConflicts] = useState<Conflict[]>([])
	const [status, setStatus] = useState<'still' | 'looking' | 'starting'>('still')
	const [problem, setProblem] = useState<Problem | null>(null)
	const [moved, setMoved] = useState(false)
	const question = useRef(0)
	const wish = wishOf(kind, draft, changesOf(project))

	const look = async (becauseMoved = false) => {
		const number = ++question.current
		setStatus('looking')
		setProblem(null)
		setMoved(becauseMoved)
		setAsked(wish)
		if (plan?.kind !== wish.kind) setPlan(null)
		const answer = await engine.command('preview', { project: name, ...wish })
		if (number !== question.current) return
		setStatus('still')
		setPlan(answer.ok ? answer.output : null)
		if (!answer.ok) return setProblem(answer.problem)
		const fresh = new Set(answer.output.conflicts.map(({ path }) => path))
		const settled = (one: Conflict) => !fresh.has(one.path) && wish.take?.[one.path] !== undefined
		setConflicts((before) => [...before.filter(settled), ...answer.output.conflicts])
	}
	const bind = useBound((how) => {
		if (how === 'succeeded') setDraft(blank)
		if (how !== 'moved') return
		details.open(previewId(name))
		void look(true)
	})
	const apply = async () => {
		if (!plan || !asked || status !== 'still') return
		const number = ++question.current
		setStatus('starting')
		setProblem(null)
		const answer = await start(engine, name, plan.id, asked)
		// Begun is begun, whatever was asked meanwhile.
		if (answer.ok) {
			bind(answer.output.operation)
			details.close(previewId(name))
		}
		if (number !== question.current) return
		setStatus('still')
		if (answer.ok) setPlan(null)
		else if (answer.problem.code === 'plan-moved') void look(true)
		else setProblem(answer.problem)
	}
	// Asked when it is opened, when it is to be another kind, and after an operation: it moved what is shown.
	const seen = open && !running
	const latest = useRef(look)
	latest.current = look
	const underWay = status === 'looking' && asked?.kind === kind
	// biome-ignore lint/correctness/useExhaustiveDependencies: only what makes another preview necessary
	useEffect(() => {
		if (seen && !underWay) void latest.current()
	}, [seen, kind])

	return {
		kind,
		draft,
		plan,
		looking: status === 'looking',
		starting: status === 'starting',
		problem,
		moved,
		dirty: asked !== null && !isSameWish(asked, wish),
		conflicts: kind === 'undo' ? [] : conflicts,
		setKind,
		setDraft: (change) => setDraft((before) => ({ ...before, ...change })),
		look: () => void look(),
		apply: () => void apply(),
	}
}

/** Whether there can be such a preview of that project. What files were before a sync of them is in a backup. */
export function isOffered({ strategy, agent }: ProjectState, kind: PlannedKind): boolean {
	return kind === 'undo' ? strategy === 'git' : kind !== 'agent' || agent !== null
}

/** What the laptop has to commit. */
export function changesOf({ pending }: ProjectState): Changes {
	if (pending.status !== 'read' || pending.changedCount + pending.untrackedCount === 0) return 'none'
	return pending.changedCount === 0 ? 'new' : 'some'
}

/** What kind is previewed; the page's address may name one. */
function useKind(project: string) {
	const [kind, setKind] = useState<PlannedKind>(() => kindFromAddress(project) ?? 'go')
	useEffect(() => {
		const follow = () => setKind((before) => kindFromAddress(project) ?? before)
		window.addEventListener('hashchange', follow)
		return () => window.removeEventListener('hashchange', follow)
	}, [project])
	return [kind, setKind] as const
}

function kindFromAddress(project: string): PlannedKind | null {
	const place = placeOf(location.hash)
	return place?.at === 'preview' && place.project === project ? place.kind : null
}

/** Watches the operation that was bound to a plan, and says once how it ended. */
function useBound(then: (how: 'succeeded' | 'moved' | 'other') => void): (operation: string) => void {
	const { engine } = useHawser()
	const { operations } = useHawserState()
	const [bound, setBound] = useState<string | null>(null)
	const outcome = bound === null ? undefined : operations[bound]?.outcome
	const latest = useRef(then)
	latest.current = then
	useEffect(() => {
		if (bound === null || !outcome) return
		setBound(null)
		const moved = outcome.problem?.code === 'plan-moved'
		// The new preview says it.
		if (moved) void engine.command('dismissOperation', { operation: bound })
		latest.current(moved ? 'moved' : outcome.status === 'succeeded' ? 'succeeded' : 'other')
	}, [bound, outcome, engine])
	return setBound
}

/** Begins what the plan shows, and only that. */
function start(
	engine: Engine,
	project: string,
	plan: string,
	{ kind, commit, take, big }: PreviewWish,
): Promise<Answer<'up' | 'back' | 'go' | 'undo' | 'bringAgent'>> {
	const bound = { project, plan }
	const wished = { ...bound, ...(take ? { take } : {}), ...(big ? { big } : {}) }
	switch (kind) {
		case 'undo':
			return engine.command('undo', bound)
		case 'back':
			return engine.command('back', wished)
		case 'agent':
			return engine.command('bringAgent', wished)
		default:
			return engine.command(kind, commit ? { ...wished, commit } : wished)
	}
}
