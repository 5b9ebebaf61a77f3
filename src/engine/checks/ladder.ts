import { ProblemError } from '../../contract/client.ts'
import type { ProblemCode } from '../../contract/problem.ts'
import type { Rung } from '../../contract/state.ts'
import { problemOf } from '../problems.ts'
import type { Check, CheckContext, Finding } from './check.ts'

const ofTheLink = new Set<ProblemCode>(['link-lost', 'link-off', 'link-closed', 'operation-cancelled'])

/** No check may hold up the ladder longer than this. */
const longestMs = 30_000

async function bounded(check: Check, context: CheckContext): Promise<Finding> {
	let timer: NodeJS.Timeout | undefined
	const late = new Promise<Finding>((resolve) => {
		timer = setTimeout(
			() => resolve({ verdict: 'unknown', finding: `no answer in ${longestMs / 1000} s` }),
			longestMs,
		)
	})
	try {
		return await Promise.race([check.check(context), late])
	} catch (error) {
		const found = problemOf(error)
		// What the link says of itself is shown there; everything else is told here or nowhere.
		const told = !(error instanceof ProblemError) || ofTheLink.has(found.code)
		return { verdict: 'unknown', finding: found.title, ...(told ? {} : { problem: found }) }
	} finally {
		clearTimeout(timer)
	}
}

/**
 * Runs every check, those that do not depend on each other together. A rung whose floor is broken is
 * unknown, not failing, and was not probed. `onRung` hears each as it is known. Never rejects.
 */
export async function climb(
	checks: readonly Check[],
	context: CheckContext,
	onRung: (rung: Rung) => void = () => {},
): Promise<Rung[]> {
	const rungs = new Map<Rung['id'], Promise<Rung>>()
	const climbOne = async (check: Check): Promise<Rung> => {
		const floors = await Promise.all(check.dependsOn.map((id) => rungs.get(id)))
		const broken = floors.find((floor) => floor && floor.verdict !== 'ok' && floor.verdict !== 'unused')
		const finding: Finding = broken
			? { verdict: 'unknown', finding: `waits for ${broken.title}` }
			: await bounded(check, context)
		const rung: Rung = {
			id: check.id,
			title: check.title,
			verdict: finding.verdict,
			finding: finding.finding,
			problem: ('problem' in finding && finding.problem) || null,
			at: broken ? null : context.now(),
		}
		onRung(rung)
		return rung
	}
	// In order, so that a check's floors are there before it asks for them.
	for (const check of checks) rungs.set(check.id, climbOne(check))
	return await Promise.all(rungs.values())
}

/** The ladder before anything was probed. */
export function unprobed(checks: readonly Check[]): Rung[] {
	return checks.map(({ id, title }) => ({
		id,
		title,
		verdict: 'unknown',
		finding: 'not checked yet',
		problem: null,
		at: null,
	}))
}
