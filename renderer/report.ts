import type { State, WorkstationState } from '../src/contract/state.ts'
import { ago, duration } from './words.ts'

/** Plain text to send to somebody who helps: the ladder and versions. No keys, paths, code or output. */
export function reportText(state: State, system: string, now: number): string {
	const lines = [
		`Hawser ${state.app.version}, ${new Date(now).toISOString()}`,
		system,
		`Summary: ${state.summary.line}`,
	]
	if (state.summary.problem)
		lines.push(`Problem: ${state.summary.problem.code}: ${state.summary.problem.title}`)
	for (const workstation of Object.values(state.workstations)) {
		lines.push('', ...workstationLines(workstation, now))
	}
	return `${lines.join('\n')}\n`
}

function workstationLines(workstation: WorkstationState, now: number): string[] {
	const lines = [`${workstation.name}: ${linkWords(workstation, now)}`]
	for (const rung of workstation.rungs) {
		const when = rung.at === null ? 'never probed' : ago(rung.at, now)
		const problem = rung.problem ? `; ${rung.problem.code}: ${rung.problem.title}` : ''
		lines.push(`  ${rung.title}: ${rung.verdict}, ${rung.finding || 'nothing found'} (${when})${problem}`)
	}
	const { gpu } = workstation
	if (gpu.status === 'read')
		for (const device of gpu.devices)
			lines.push(
				`  GPU ${device.index}: ${device.name}, driver ${device.driver}${gpu.simulated ? ', simulated' : ''}`,
			)
	if (gpu.status === 'absent') lines.push(`  GPU: ${gpu.problem.code}: ${gpu.problem.title}`)
	return lines
}

/** The link in one sentence. */
export function linkWords(workstation: WorkstationState, now: number): string {
	const { link } = workstation
	switch (link.status) {
		case 'off':
			return 'not connected'
		case 'dialling':
			return `connecting, try ${link.attempt}, for ${duration(now - link.since)}`
		case 'asking':
			return 'its host key waits for an answer'
		case 'up': {
			const trip = link.latencyMs === null ? '' : `, ${Math.round(link.latencyMs)} ms`
			return `connected to ${link.endpoint} for ${duration(now - link.since)}${trip}`
		}
		case 'lost':
			return `not reachable for ${duration(now - link.since)}, next try in ${duration(link.nextTryAt - now)}`
		case 'stopped':
			return `stopped ${ago(link.since, now)}, waits for a person`
	}
}
