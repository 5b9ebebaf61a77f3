import { ProblemError } from '../contract/client.ts'
import type { Problem } from '../contract/problem.ts'
import type { LinkState, State, WorkstationState } from '../contract/state.ts'
import type { Link } from '../engine/link/link.ts'
import { problem } from '../engine/problems.ts'
import type { Session } from './session.ts'
import { plain } from './words.ts'

/** How long a connection may take to come up, or to say why not (ms). */
const patience = 40_000

export type Asking = Extract<LinkState, { status: 'asking' }>

/** The workstation a project runs on; null when the engine has to say which project is meant. */
export function workstationOf(state: State, project: string | undefined): string | null {
	const known = Object.values(state.projects)
	if (project !== undefined) return state.projects[project]?.workstation ?? null
	return known.length === 1 ? (known[0]?.workstation ?? null) : null
}

/**
 * Sees to it that a workstation is connected: connects one that is switched off, tries a lost one at
 * once, and asks the person on the terminal about an unknown host key.
 * @throws ProblemError why it is not connected
 */
export async function reach(session: Session, workstation: string): Promise<void> {
	const { client } = session
	const link = session.state().workstations[workstation]?.link
	if (!link) return
	if (link.status === 'off') await client.call('connect', { workstation })
	if (link.status === 'lost') await client.call('retry', { workstation })
	for (;;) {
		const settled = await session.until((state) => settledLink(state, workstation, link), patience)
		if (settled?.status === 'up') return
		if (settled?.status !== 'asking')
			throw new ProblemError(
				settled && 'problem' in settled ? settled.problem : problem('link-off', { host: workstation }),
			)
		const accept = await askAboutKey(session.io, settled, session.interrupted)
		const { fingerprint } = settled
		await client.call('answerHostKey', { workstation, fingerprint, accept })
		// The answer takes a moment to show: the same question is not asked twice.
		await session.until(
			(state) => state.workstations[workstation]?.link.status !== 'asking' || undefined,
			patience,
		)
	}
}

/** What became of the link; not yet while it dials, nor while it is what it was before we asked. */
function settledLink(state: State, workstation: string, before: LinkState): LinkState | undefined {
	const link = state.workstations[workstation]?.link
	if (!link || link.status === 'dialling') return undefined
	const unchanged = link === before && (link.status === 'off' || link.status === 'lost')
	return unchanged ? undefined : link
}

/** Every workstation that is being dialled, once that has led somewhere; not longer than `limitMs`. */
export async function settle(session: Session, limitMs = patience): Promise<void> {
	await session.until(
		(state) => Object.values(state.workstations).every(({ link }) => link.status !== 'dialling') || undefined,
		limitMs,
	)
}

/** Why a workstation cannot be asked now; null when it can. */
export function whyNotReached({ name, link }: WorkstationState): Problem | null {
	switch (link.status) {
		case 'up':
			return null
		case 'asking':
			return problem('host-key-unknown', keyFacts(link))
		case 'lost':
		case 'stopped':
			return link.problem
		case 'off':
		case 'dialling':
			return problem('link-off', { host: name })
	}
}

const keyFacts = ({ host, keyType, fingerprint }: Asking) => ({ host, keyType, fingerprint })

/** @throws ProblemError `host-key-unknown` when nobody is there to answer, or the answer is no */
export async function askAboutKey(io: Session['io'], asking: Asking, signal: AbortSignal): Promise<boolean> {
	const found = problem('host-key-unknown', keyFacts(asking))
	if (!io.terminal) throw new ProblemError(found)
	io.stderr.write(`${plain(found.title)}\n  ${plain(found.meaning)}\n`)
	if (await io.confirm('Accept this key and connect?', signal)) return true
	throw new ProblemError(found)
}

/** The same for a link of this process's own. */
export async function dial(link: Link, io: Session['io'], signal: AbortSignal): Promise<void> {
	link.connect()
	for (;;) {
		try {
			return await link.whenUp(patience, signal)
		} catch (error) {
			const { state } = link
			if (state.status !== 'asking') throw error
			link.answerHostKey(state.fingerprint, await askAboutKey(io, state, signal))
		}
	}
}
