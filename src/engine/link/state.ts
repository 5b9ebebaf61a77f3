import type { Problem } from '../../contract/problem.ts'
import type { LinkState } from '../../contract/state.ts'
import { problem } from '../problems.ts'
import type { AskedKey } from './host-keys.ts'

/** The link as data: what it shows, and the little it must remember besides. */
export interface Machine {
	state: LinkState
	/** Failures in a row, for the back-off. */
	failures: number
	/** The key a person is being asked about. */
	asked: AskedKey | null
	/** Why it is not up, when it was tried. */
	problem: Problem | null
}

export type LinkEvent =
	| { type: 'connect' }
	| { type: 'disconnect' }
	| { type: 'retry' }
	/** The back-off is over. */
	| { type: 'due' }
	| { type: 'asked'; key: AskedKey }
	| { type: 'answered'; accept: boolean }
	| { type: 'opened'; endpoint: string }
	/** A dial failed, or the connection that was up is gone. */
	| { type: 'failed'; problem: Problem }
	| { type: 'measured'; latencyMs: number }

export type Effect =
	/** `keep` is first written to the known hosts. */
	| { do: 'dial'; keep: AskedKey | null }
	/** Ends whatever is being dialled or is up. */
	| { do: 'drop' }
	| { do: 'wait'; ms: number }
	| { do: 'stop-waiting' }
	/** Makes sure that the connection is alive, soon. */
	| { do: 'probe' }

/** When it happens, and a number from 0 to 1 that spreads the retries of many laptops. */
export interface Moment {
	now: number
	random: number
}

export interface BackOff {
	firstMs: number
	capMs: number
	/** Up for this long, it counts as a fresh start. */
	steadyMs: number
}

export const standardBackOff: BackOff = { firstMs: 1000, capMs: 60_000, steadyMs: 10_000 }

export const initialMachine: Machine = { state: { status: 'off' }, failures: 0, asked: null, problem: null }

/** Doubles from the first to the cap; the later half of it is chance. */
export function backOffMs(failures: number, random: number, { firstMs, capMs }: BackOff): number {
	const full = Math.min(capMs, firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)))
	return Math.round(full * (0.5 + 0.5 * random))
}

type Step = [Machine, Effect[]]

function dial(machine: Machine, { now }: Moment, keep: AskedKey | null = null): Step {
	const state: LinkState = { status: 'dialling', since: now, attempt: machine.failures + 1 }
	return [{ ...machine, state, asked: null }, [{ do: 'dial', keep }]]
}

/** As `dial`, with the back-off begun anew. */
function dialAfresh(machine: Machine, moment: Moment): Step {
	const [next, effects] = dial({ ...machine, failures: 0 }, moment)
	return [next, [{ do: 'stop-waiting' }, ...effects]]
}

function fail(machine: Machine, why: Problem, { now, random }: Moment, backOff: BackOff): Step {
	const { state } = machine
	if (why.needsPerson) {
		return [{ ...machine, state: { status: 'stopped', problem: why, since: now }, problem: why }, []]
	}
	const fresh = state.status === 'up' && now - state.since >= backOff.steadyMs
	const failures = fresh ? 1 : machine.failures + 1
	const ms = backOffMs(failures, random, backOff)
	return [
		{
			...machine,
			failures,
			problem: why,
			state: { status: 'lost', problem: why, since: now, nextTryAt: now + ms },
		},
		[{ do: 'wait', ms }],
	]
}

export function unknownKeyProblem(asked: AskedKey): Problem {
	return problem('host-key-unknown', {
		host: asked.host,
		port: asked.port,
		keyType: asked.key.type,
		fingerprint: asked.fingerprint,
	})
}

function answer(machine: Machine, accept: boolean, moment: Moment): Step {
	const { asked } = machine
	if (machine.state.status !== 'asking' || !asked) return [machine, []]
	if (accept) return dial({ ...machine, failures: 0 }, moment, asked)
	const why = unknownKeyProblem(asked)
	const state: LinkState = { status: 'stopped', problem: why, since: moment.now }
	return [{ ...machine, state, asked: null, problem: why }, []]
}

/**
 * The next state and what to do for it. Pure. Events that do not fit the state change nothing: a dial
 * that was dropped may still report.
 */
export function step(machine: Machine, event: LinkEvent, moment: Moment, backOff = standardBackOff): Step {
	const { state } = machine
	const { status } = state
	const trying = status === 'dialling' || status === 'up'
	const same: Step = [machine, []]
	switch (event.type) {
		case 'connect':
			return trying || status === 'asking' ? same : dialAfresh(machine, moment)
		case 'retry':
			if (status === 'up') return [machine, [{ do: 'probe' }]]
			return status === 'dialling' || status === 'asking' ? same : dialAfresh(machine, moment)
		case 'disconnect':
			return status === 'off' ? same : [initialMachine, [{ do: 'stop-waiting' }, { do: 'drop' }]]
		case 'due':
			return status === 'lost' ? dial(machine, moment) : same
		case 'asked': {
			if (status !== 'dialling') return same
			const { host, fingerprint, key } = event.key
			const asking: LinkState = { status: 'asking', host, keyType: key.type, fingerprint, since: moment.now }
			return [{ ...machine, state: asking, asked: event.key, problem: unknownKeyProblem(event.key) }, []]
		}
		case 'answered':
			return answer(machine, event.accept, moment)
		case 'opened': {
			if (status !== 'dialling') return same
			const up: LinkState = { status: 'up', since: moment.now, endpoint: event.endpoint, latencyMs: null }
			return [{ ...machine, state: up, problem: null }, []]
		}
		case 'failed':
			return trying ? fail(machine, event.problem, moment, backOff) : same
		case 'measured':
			if (state.status !== 'up') return same
			return [{ ...machine, state: { ...state, latencyMs: event.latencyMs } }, []]
	}
}
