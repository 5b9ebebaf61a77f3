import type { Problem } from '../contract/problem.ts'
import type { Operation, Run, State, Summary, WorkstationState } from '../contract/state.ts'
import { problem } from './problems.ts'
import { runProblem } from './runs/run-problem.ts'

/** An operation shows as working only after this long: short ones would make the icon flicker. */
export const workingAfterMs = 2000

const operationWords: Record<Operation['kind'], string> = {
	up: 'Sending code',
	run: 'Starting a run',
	back: 'Bringing results back',
	go: 'Syncing and validating',
	demo: 'Setting up the demo',
}

function attention(state: State): Summary | null {
	const as = (found: Problem, workstation: string | null): Summary => ({
		glyph: 'attention',
		line: found.title,
		problem: found,
		workstation,
	})
	if (state.config.problem) return as(state.config.problem, null)
	for (const { name, wanted, link } of Object.values(state.workstations)) {
		if (!wanted) continue
		if (link.status === 'stopped') return as(link.problem, name)
		if (link.status === 'asking') return as(problem('host-key-unknown', { ...link }), name)
	}
	for (const operation of Object.values(state.operations)) {
		const { outcome } = operation
		if (outcome?.status === 'stopped' && outcome.problem) return as(outcome.problem, operation.workstation)
	}
	for (const run of Object.values(state.runs)) {
		const found = run.looked ? null : runProblem(run)
		if (found) return as(found, run.workstation)
	}
	for (const { name, wanted, link, rungs } of Object.values(state.workstations)) {
		if (!wanted || link.status !== 'up') continue
		const troubled = rungs.filter((rung) => rung.problem)
		const broken = troubled.find((rung) => rung.verdict === 'failing') ?? troubled[0]
		if (broken?.problem) return as(broken.problem, name)
	}
	return null
}

function down(state: State): Summary | null {
	for (const { name, wanted, link } of Object.values(state.workstations)) {
		if (wanted && link.status === 'lost')
			return { glyph: 'down', line: link.problem.title, problem: link.problem, workstation: name }
	}
	return null
}

function runLine(run: Run): string {
	return run.progress ? `Validating ${run.project} · ${run.progress.text}` : `Validating ${run.project}`
}

function working(state: State, now: number): Summary | null {
	const as = (line: string): Summary => ({ glyph: 'working', line, problem: null, workstation: null })
	const run = Object.values(state.runs).find((candidate) => candidate.outcome.status === 'running')
	if (run) return as(runLine(run))
	const operation = Object.values(state.operations).find(
		(candidate) => candidate.outcome === null && now - candidate.startedAt >= workingAfterMs,
	)
	return operation ? as(`${operationWords[operation.kind]} · ${operation.project}`) : null
}

/** Every rung was probed and none fails. A rung not used does not count against it. */
function holds(workstation: WorkstationState): boolean {
	const probed = workstation.rungs.every((rung) => rung.verdict === 'ok' || rung.verdict === 'unused')
	return workstation.link.status === 'up' && workstation.rungs.length > 0 && probed
}

/** The worst state wins. Pure: the same state and time give the same summary. */
export function summarise(state: State, now: number): Summary {
	const calm = (glyph: Summary['glyph'], line: string): Summary => ({
		glyph,
		line,
		problem: null,
		workstation: null,
	})
	const worst = attention(state) ?? down(state) ?? working(state, now)
	if (worst) return worst
	if (state.app.pausedUntil !== null && state.app.pausedUntil > now) return calm('paused', 'Paused')
	const wanted = Object.values(state.workstations).filter((workstation) => workstation.wanted)
	if (wanted.length === 0) return calm('off', 'No workstation is connected')
	const unready = wanted.find((workstation) => !holds(workstation))
	if (!unready) return calm('ok', 'All good')
	return calm(
		'off',
		unready.link.status === 'up' ? `Checking ${unready.name}` : `Connecting to ${unready.name}`,
	)
}
