import { ProblemError } from '../../contract/client.ts'
import type { ProblemCode } from '../../contract/problem.ts'
import type { Rung } from '../../contract/state.ts'
import { problemOf } from '../problems.ts'
import type { Check, CheckContext, Finding } from './check.ts'

const ofTheLink = new Set<ProblemCode>(['link-lost', 'link-off', 'link-closed', 'operation-cancelled'])

/** No check may hold up the ladder longer than this. */
const longestMs = 30_000

function unknownFor(error: unknown): Finding {
	const found = problemOf(error)
	// What the link says of itself is shown there; everything else is told here or nowhere.
	const told = !(error instanceof ProblemError) || ofTheLink.has(found.code)
	return { verdict: 'unknown', finding: found.title, ...(told ? {} : { problem: found }) }
}

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
		return unknownFor(error)
	} finally {
		clearTimeout(timer)
	}
}

/** What is known without the floors; a check that cannot say is asked again with them. */
function knownAlready(check: Check, context: CheckContext): Finding | null {
	try {
		return check.known?.(context) ?? null
	} catch {
		return null
	}
}

/**
 * Runs every check, those that do not depend on each other together. A rung with a floor that is failing, or that
 * waits for such a one itself, is unknown and was not probed; a floor that merely could not be read stops nobody.
 * `onRung` hears each as it is known. Never rejects.
 */
export async function climb(
	checks: readonly Check[],
	context: CheckContext,
	onRung: (rung: Rung) => void = () => {},
): Promise<Rung[]> {
	/** Whether it carries the next; the rung itself cannot say: its age is kept by others. */
	const climbed = new Map<Rung['id'], Promise<{ rung: Rung; carries: boolean }>>()
	const climbOne = async (check: Check) => {
		let finding = knownAlready(check, context)
		let broken: Rung | null = null
		if (!finding) {
			const floors = await Promise.all(check.dependsOn.map((id) => climbed.get(id)))
			broken = floors.find((floor) => floor && !floor.carries)?.rung ?? null
			// The link may have come up while the floors were probed.
			finding = broken && knownAlready(check, context)
			if (finding) broken = null
		}
		finding ??= broken
			? { verdict: 'unknown', finding: `waits for ${broken.title}` }
			: await bounded(check, context)
		const rung: Rung = {
			id: check.id,
			title: check.title,
			verdict: finding.verdict,
			finding: finding.finding,
			facts: finding.facts ?? {},
			problem: ('problem' in finding && finding.problem) || null,
			at: broken ? null : context.now(),
		}
		onRung(rung)
		return { rung, carries: !broken && rung.verdict !== 'failing' }
	}
	// In order, so that a check's floors are there before it asks for them.
	for (const check of checks) climbed.set(check.id, climbOne(check))
	return (await Promise.all(climbed.values())).map(({ rung }) => rung)
}

/** The ladder before anything was probed. */
export function unprobed(checks: readonly Check[]): Rung[] {
	return checks.map(({ id, title }) => ({
		id,
		title,
		verdict: 'unknown',
		finding: 'not checked yet',
		facts: {},
		problem: null,
		at: null,
	}))
}
