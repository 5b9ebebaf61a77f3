import type { Problem } from '../contract/problem.ts'
import type { LinkState, Operation, Run, State, Summary, WorkstationState } from '../contract/state.ts'
import { lineHolds, linkRungs, wayRungs } from './checks/line.ts'
import { askedProblem } from './link/state.ts'
import { problem } from './problems.ts'
import { runProblem } from './runs/run-problem.ts'

/** An operation shows as working only after this long: short ones would make the icon flicker. */
export const workingAfterMs = 2000

const operationWords: Record<Operation['kind'], string> = {
	up: 'Sending code',
	run: 'Starting a run',
	back: 'Bringing results back',
	go: 'Syncing and validating',
	undo: 'Undoing the last operation',
	restore: 'Restoring files',
	setup: 'Setting up a project',
	agent: 'Bringing the agent’s work',
	demo: 'Setting up the demo',
	'zerotier-restart': 'Restarting ZeroTier',
	'zerotier-join': 'Joining a ZeroTier network',
}

/** What a link asks a person, as a problem. */
function askedBy(link: LinkState): Problem | null {
	if (link.status === 'host-key' && link.question) return problem('host-key-unknown', { ...link.question })
	if (link.status === 'login' && link.question) return askedProblem(link.question)
	return null
}

/** Why a wanted link has no way: what it met, or there is no network. A first try is not a failure yet. */
function metByLink({ link, rungs }: WorkstationState): Problem | null {
	switch (link.status) {
		case 'lost':
		case 'dialling':
			return link.problem
		case 'waiting':
			return problem('network-down', {})
		// A try that got further: until it is through, what the last one met still stands.
		case 'host-key':
		case 'login':
			return rungs.find((rung) => rung.verdict === 'failing' && linkRungs.has(rung.id))?.problem ?? null
		default:
			return null
	}
}

/** The lowest broken rung is the cause; what the link met is only its effect. */
function whyNoWay(workstation: WorkstationState): Problem | null {
	const met = metByLink(workstation)
	if (!met) return null
	return workstation.rungs.find((rung) => wayRungs.has(rung.id) && rung.verdict === 'failing')?.problem ?? met
}

function attention(state: State): Summary | null {
	const as = (found: Problem, workstation: string | null): Summary => ({
		glyph: 'attention',
		line: found.title,
		problem: found,
		workstation,
	})
	if (state.config.problem) return as(state.config.problem, null)
	for (const workstation of Object.values(state.workstations)) {
		const { name, wanted, link } = workstation
		if (!wanted) continue
		if (link.status === 'stopped') return as(link.problem, name)
		const asked = askedBy(link) ?? whyNoWay(workstation)
		if (asked?.needsPerson) return as(asked, name)
	}
	for (const operation of Object.values(state.operations)) {
		const { outcome } = operation
		if (outcome?.status === 'stopped' && outcome.problem) return as(outcome.problem, operation.workstation)
	}
	for (const run of Object.values(state.runs)) {
		const found = run.looked ? null : runProblem(run)
		if (found) return as(found, run.workstation)
	}
	for (const { name, workstation, agent } of Object.values(state.projects)) {
		// Without a link it is not known whether it still waits, and nobody could answer it.
		if (agent?.status !== 'waits' || state.workstations[workstation]?.link.status !== 'up') continue
		return as(problem('agent-waits', { command: agent.command, project: name, workstation }), workstation)
	}
	for (const { name, wanted, link, rungs } of Object.values(state.workstations)) {
		if (!wanted || link.status !== 'up') continue
		// What lies below a link that is up is proven by it.
		const troubled = rungs.filter((rung) => rung.problem && !wayRungs.has(rung.id))
		const broken = troubled.find((rung) => rung.verdict === 'failing') ?? troubled[0]
		if (broken?.problem) return as(broken.problem, name)
	}
	return null
}

function down(state: State): Summary | null {
	for (const workstation of Object.values(state.workstations)) {
		const why = workstation.wanted ? whyNoWay(workstation) : null
		if (why) return { glyph: 'down', line: why.title, problem: why, workstation: workstation.name }
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
	if (!operation) return null
	const { kind, project } = operation
	return as(project === '' ? operationWords[kind] : `${operationWords[kind]} · ${project}`)
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
	const unready = wanted.find(({ link, rungs }) => link.status !== 'up' || !lineHolds(rungs, true))
	if (!unready) return calm('ok', 'All good')
	return calm(
		'off',
		unready.link.status === 'up' ? `Checking ${unready.name}` : `Connecting to ${unready.name}`,
	)
}
