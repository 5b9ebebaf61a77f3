import { isDeepStrictEqual } from 'node:util'
import { ProblemError } from '../contract/client.ts'
import type { Problem } from '../contract/problem.ts'
import type { LinkState, State, WorkstationState } from '../contract/state.ts'
import { problem } from '../engine/problems.ts'
import { type AskingLink, answerQuestion, questionOf, questionProblem } from './questions.ts'
import type { Session } from './session.ts'

/** How long a connection may take to come up, or to say why not (ms). */
const patience = 40_000

/** The workstation a project runs on; null when the engine has to say which project is meant. */
export function workstationOf(state: State, project: string | undefined): string | null {
	const known = Object.values(state.projects)
	if (project !== undefined) return state.projects[project]?.workstation ?? null
	return known.length === 1 ? (known[0]?.workstation ?? null) : null
}

/**
 * Sees to it that a workstation is connected: connects one that is switched off, tries a lost one at
 * once (with `again` also one that has stopped), and asks the person on the terminal what its link asks.
 * @throws ProblemError why it is not connected
 */
export async function reach(session: Session, workstation: string, again = false): Promise<void> {
	const before = session.state().workstations[workstation]?.link
	if (!before) return
	const tried = await setGoing(session, workstation, before, again)
	for (;;) {
		const settled = await session.until((state) => {
			const link = state.workstations[workstation]?.link
			return link && isSettled(link) && !(tried && isDeepStrictEqual(link, before)) ? link : undefined
		}, patience)
		if (settled?.status === 'up') return
		const link = settled ?? session.state().workstations[workstation]?.link
		const asked = questionOf(link)
		if (!asked) throw new ProblemError((link && whyDown(link)) ?? problem('link-off', { host: workstation }))
		await answerQuestion(session.io, engineLink(session, workstation), asked, session.over)
	}
}

/** True when something was set going: what the link was before then says nothing any more. */
async function setGoing(
	session: Session,
	workstation: string,
	link: LinkState,
	again: boolean,
): Promise<boolean> {
	if (link.status === 'off') await session.client.call('connect', { workstation })
	else if (link.status === 'lost' || (again && link.status === 'stopped'))
		await session.client.call('retry', { workstation })
	else return false
	return true
}

/** It has led somewhere, or waits for a person. */
function isSettled(link: LinkState): boolean {
	const underWay = link.status === 'dialling' || link.status === 'host-key' || link.status === 'login'
	return !underWay || questionOf(link) !== null
}

/** Every workstation that is being dialled, once that has led somewhere; not longer than `limitMs`. */
export async function settle(session: Session, limitMs = patience): Promise<void> {
	await session.until(
		(state) => Object.values(state.workstations).every(({ link }) => isSettled(link)) || undefined,
		limitMs,
	)
}

/** Why a workstation cannot be asked now; null when it can. */
export function whyNotReached({ name, link }: WorkstationState): Problem | null {
	if (link.status === 'up') return null
	return whyDown(link) ?? problem('link-off', { host: name })
}

function whyDown(link: LinkState): Problem | null {
	const asked = questionOf(link)
	if (asked) return questionProblem(asked)
	if (link.status === 'waiting') return problem('network-down', {})
	return 'problem' in link ? link.problem : null
}

function engineLink({ client, until }: Session, workstation: string): AskingLink {
	return {
		until: async (pick, limitMs) =>
			(await until((state) => pick(state.workstations[workstation]?.link) || undefined, limitMs)) ?? false,
		async answerHostKey(fingerprint, accept) {
			await client.call('answerHostKey', { workstation, fingerprint, accept })
		},
		async answerLogin(question, answers, keep) {
			await client.call('answerLogin', { workstation, question, answers, keep })
		},
	}
}
