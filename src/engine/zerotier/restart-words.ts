import type { Rung } from '../../contract/state.ts'

/**
 * What keeps a workstation's port from answering, by its rungs: null for nothing, `unused` where ZeroTier has no part
 * in it. What lies above the port is not ZeroTier's. Pure.
 */
export function lineNow(rungs: readonly Rung[]): string | null {
	const service = rungs.find(({ id }) => id === 'zerotier-service')
	if (!service || service.verdict === 'unused') return 'unused'
	const port = rungs.findIndex(({ id }) => id === 'port')
	if (rungs[port]?.verdict === 'ok') return null
	const way = rungs.slice(0, port + 1)
	const broken =
		way.find(({ verdict }) => verdict === 'failing') ??
		way.find(({ verdict }) => verdict === 'unknown') ??
		service
	return broken.problem?.title ?? `${broken.title} ${broken.finding}`
}

const names = (all: readonly string[]) =>
	all.length < 2 ? all.join() : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`

/**
 * Whether a restart helped, from what each workstation's line lacked before and after, and what the service itself
 * lacks now. Pure.
 */
export function wordsForRestart(
	before: ReadonlyMap<string, string | null>,
	after: ReadonlyMap<string, string | null>,
	service: string | null,
): string {
	const gained = [...after].filter(([name, lack]) => lack === null && before.get(name)).map(([name]) => name)
	const lacking = [...after].filter(([, lack]) => lack !== null).map(([name, lack]) => `${name}: ${lack}`)
	const answer = gained.length > 1 ? 'answer' : 'answers'
	if (service !== null) return `It did not help: ${service}`
	if (gained.length > 0 && lacking.length > 0)
		return `It helped in part: ${names(gained)} ${answer} now; ${lacking.join('; ')}`
	if (gained.length > 0) return `It helped: ${names(gained)} ${answer} now`
	if (lacking.length > 0) return `It did not help: ${lacking.join('; ')}`
	return after.size > 0 ? 'Nothing was broken before, and nothing is now' : 'ZeroTier is online'
}
