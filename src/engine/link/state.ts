import type { Problem } from '../../contract/problem.ts'
import type { LinkState, LoginQuestion } from '../../contract/state.ts'
import { problem } from '../problems.ts'
import type { Connection } from './connection.ts'
import type { AskedKey } from './host-keys.ts'
import { askedFor, type SecretName } from './login.ts'

/** The link as data: what it shows, and the little it must remember besides. */
export interface Machine {
	state: LinkState
	/** Failures in a row, for the back-off. */
	failures: number
	/** When it was last up, or first failed to come up; null: it is up, or was not tried. */
	downSince: number | null
	/** Whether this laptop has a network at all. */
	route: boolean
	/** The key a person is being asked about. */
	asked: AskedKey | null
	/** The secret a person is being asked for while nothing is open; null: the server waits for the answer. */
	secret: SecretName | null
	/** Why it is not up, when it was tried. */
	problem: Problem | null
}

export type LinkEvent =
	| { type: 'connect' }
	| { type: 'disconnect' }
	| { type: 'retry' }
	/** After sleep or a change of networks. */
	| { type: 'wake' }
	| { type: 'route'; has: boolean }
	/** The back-off is over. */
	| { type: 'due' }
	| { type: 'phase'; phase: 'host-key' | 'login' }
	/** The dial ended: a person has to accept this key first. */
	| { type: 'key-asked'; key: AskedKey }
	| { type: 'key-answered'; accept: boolean }
	/** The dial ended: this secret is needed first. */
	| { type: 'secret-asked'; secret: SecretName; question: LoginQuestion }
	/** The dial waits for a person's answer. */
	| { type: 'question'; question: LoginQuestion }
	/** The question is answered, or was taken back. */
	| { type: 'unasked'; question: string }
	/** What was needed lies in the secrets now. */
	| { type: 'secret-given' }
	| { type: 'secret-denied' }
	| ({ type: 'opened' } & Pick<Connection, 'endpoint' | 'through' | 'transport'>)
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
	/** Up for this long, it counts as a fresh start, */
	steadyMs: number
	/** and is tried again within this time, spread so that a server's return is not a rush. */
	againMs: number
}

export const standardBackOff: BackOff = { firstMs: 1000, capMs: 60_000, steadyMs: 10_000, againMs: 200 }

export const initialMachine: Machine = {
	state: { status: 'off' },
	failures: 0,
	downSince: null,
	route: true,
	asked: null,
	secret: null,
	problem: null,
}

/**
 * Doubles from the first to the cap, but is never longer than half of the outage so far: a server that was away for
 * seconds is not missed for more seconds than that. The later half of it is chance.
 */
export function backOffMs(
	failures: number,
	downMs: number,
	random: number,
	{ firstMs, capMs }: BackOff,
): number {
	const doubled = firstMs * 2 ** Math.min(30, Math.max(0, failures - 1))
	const full = Math.min(capMs, doubled, Math.max(firstMs, downMs / 2))
	return Math.round(full * (0.5 + 0.5 * random))
}

/** What a person is being asked, if anything. */
export function waitsForPerson(state: LinkState): boolean {
	return (state.status === 'host-key' || state.status === 'login') && state.question !== null
}

type Step = [Machine, Effect[]]

function dial(machine: Machine, { now }: Moment, keep: AskedKey | null = null): Step {
	// An accepted key is kept also without a network: nobody is to be asked for it twice.
	if (!machine.route && keep === null) {
		const why = problem('network-down', {})
		const state: LinkState =
			machine.state.status === 'waiting' ? machine.state : { status: 'waiting', since: now }
		return [{ ...machine, state, asked: null, secret: null, problem: why }, []]
	}
	const { failures } = machine
	const before = failures === 0 ? null : machine.problem
	const state: LinkState = { status: 'dialling', since: now, attempt: failures + 1, problem: before }
	return [{ ...machine, state, asked: null, secret: null }, [{ do: 'dial', keep }]]
}

/** As `dial`, with the back-off begun anew. */
function dialAfresh(machine: Machine, moment: Moment): Step {
	const [next, effects] = dial({ ...machine, failures: 0 }, moment)
	return [next, [{ do: 'stop-waiting' }, ...effects]]
}

/** A dial under way may be waiting for an answer that went the old way: it is begun again. */
function dialOver(machine: Machine, moment: Moment): Step {
	const [next, effects] = dialAfresh(machine, moment)
	return [next, [{ do: 'drop' }, ...effects]]
}

function fail(machine: Machine, why: Problem, { now, random }: Moment, backOff: BackOff): Step {
	const { state } = machine
	if (why.needsPerson) {
		return [{ ...machine, state: { status: 'stopped', problem: why, since: now }, problem: why }, []]
	}
	// One that held is tried again at once; whatever broke it may have been over in a moment.
	const fresh = state.status === 'up' && now - state.since >= backOff.steadyMs
	const failures = fresh ? 0 : machine.failures + 1
	const downSince = machine.downSince ?? now
	if (!machine.route)
		return [{ ...machine, failures, downSince, problem: why, state: { status: 'waiting', since: now } }, []]
	const ms = fresh
		? Math.round(random * backOff.againMs)
		: backOffMs(failures, now - downSince, random, backOff)
	return [
		{
			...machine,
			failures,
			downSince,
			problem: why,
			state: { status: 'lost', problem: why, since: downSince, nextTryAt: now + ms },
		},
		[{ do: 'wait', ms }],
	]
}

export function unknownKeyProblem({ host, port, keyType, fingerprint }: AskedKey): Problem {
	return problem('host-key-unknown', { host, port, keyType, fingerprint })
}

export function askedProblem(question: LoginQuestion): Problem {
	return problem('login-asks', { host: question.host, what: askedFor(question) })
}

function answerKey(machine: Machine, accept: boolean, moment: Moment): Step {
	const { asked } = machine
	if (machine.state.status !== 'host-key' || !asked) return [machine, []]
	if (accept) return dial({ ...machine, failures: 0, problem: null }, moment, asked)
	return stop(machine, unknownKeyProblem(asked), moment)
}

function stop(machine: Machine, why: Problem, { now }: Moment): Step {
	const state: LinkState = { status: 'stopped', problem: why, since: now }
	return [{ ...machine, state, asked: null, secret: null, problem: why }, []]
}

function answerSecret(machine: Machine, given: boolean, moment: Moment): Step {
	const { state, secret } = machine
	if (state.status !== 'login' || !state.question || !secret) return [machine, []]
	if (given) return dial({ ...machine, failures: 0, problem: null }, moment)
	const { host, file, kind } = state.question
	const facts = { host, what: askedFor(state.question), why: 'nothing was given' }
	return stop(
		machine,
		kind === 'passphrase' ? problem('login-key-locked', { host, file }) : problem('login-unanswered', facts),
		moment,
	)
}

function routeChanged(machine: Machine, has: boolean, moment: Moment): Step {
	if (has === machine.route) return [machine, []]
	const next = { ...machine, route: has }
	const { status } = machine.state
	if (has) return status === 'waiting' ? dialAfresh(next, moment) : [next, []]
	// It may be back in a moment: a connection that is up finds out by itself.
	if (status === 'up') return [next, [{ do: 'probe' }]]
	if (waitsForPerson(machine.state) || status === 'off' || status === 'stopped') return [next, []]
	const waiting: LinkState = { status: 'waiting', since: moment.now }
	return [
		{ ...next, state: waiting, problem: problem('network-down', {}) },
		[{ do: 'stop-waiting' }, { do: 'drop' }],
	]
}

/** Tries at once where it waits by itself; what only a person can help stays as it is. */
function wake(machine: Machine, moment: Moment): Step {
	const { state } = machine
	if (waitsForPerson(state)) return [machine, []]
	switch (state.status) {
		case 'up':
			return [machine, [{ do: 'probe' }]]
		case 'lost':
		case 'waiting':
			return dialAfresh(machine, moment)
		case 'dialling':
		case 'host-key':
		case 'login':
			return dialOver(machine, moment)
		default:
			return [machine, []]
	}
}

/**
 * The next state and what to do for it. Pure. Events that do not fit the state change nothing: a dial
 * that was dropped may still report.
 */
export function step(machine: Machine, event: LinkEvent, moment: Moment, backOff = standardBackOff): Step {
	const { state } = machine
	const { status } = state
	/** A dial is under way. A key or a secret is asked for with nothing open. */
	const dialling =
		(status === 'dialling' || status === 'host-key' || status === 'login') &&
		!machine.asked &&
		!machine.secret
	const asking = (status === 'host-key' || status === 'login') && !dialling
	const same: Step = [machine, []]
	switch (event.type) {
		case 'connect':
			return dialling || asking || status === 'up' ? same : dialAfresh(machine, moment)
		case 'retry':
			if (status === 'up') return [machine, [{ do: 'probe' }]]
			return dialling || asking ? same : dialAfresh(machine, moment)
		case 'wake':
			return wake(machine, moment)
		case 'route':
			return routeChanged(machine, event.has, moment)
		case 'disconnect':
			if (status === 'off') return same
			return [{ ...initialMachine, route: machine.route }, [{ do: 'stop-waiting' }, { do: 'drop' }]]
		case 'due':
			return status === 'lost' ? dial(machine, moment) : same
		case 'phase':
			if (!dialling || status === event.phase) return same
			return [{ ...machine, state: { status: event.phase, since: moment.now, question: null } }, []]
		case 'key-asked': {
			if (!dialling) return same
			const { host, port, keyType, fingerprint } = event.key
			const question = { host, port, keyType, fingerprint }
			const next: LinkState = { status: 'host-key', since: moment.now, question }
			return [{ ...machine, state: next, asked: event.key, problem: unknownKeyProblem(event.key) }, []]
		}
		case 'key-answered':
			return answerKey(machine, event.accept, moment)
		case 'secret-asked':
		case 'question': {
			if (!dialling) return same
			const { question } = event
			const next: LinkState = { status: 'login', since: moment.now, question }
			const secret = event.type === 'secret-asked' ? event.secret : null
			return [{ ...machine, state: next, secret, problem: askedProblem(question) }, []]
		}
		case 'unasked':
			if (state.status !== 'login' || state.question?.id !== event.question || machine.secret) return same
			return [
				{ ...machine, state: { status: 'login', since: moment.now, question: null }, problem: null },
				[],
			]
		case 'secret-given':
			return answerSecret(machine, true, moment)
		case 'secret-denied':
			return answerSecret(machine, false, moment)
		case 'opened': {
			if (!dialling) return same
			const { endpoint, through, transport } = event
			const up: LinkState = { status: 'up', since: moment.now, endpoint, through, transport, latencyMs: null }
			return [{ ...machine, state: up, downSince: null, problem: null }, []]
		}
		case 'failed':
			return dialling || status === 'up' ? fail(machine, event.problem, moment, backOff) : same
		case 'measured':
			if (state.status !== 'up') return same
			return [{ ...machine, state: { ...state, latencyMs: event.latencyMs } }, []]
	}
}
