import { isSafeUrl, type NextStep, type Problem } from '../contract/problem.ts'
import type { Run, State, WorkstationState } from '../contract/state.ts'
import { linkLine, whyNoLink } from './link-lines.ts'
import { item, type MenuEntry, openWindow, separator, text, wish } from './menu-entries.ts'
import { busyLine, gpuLines, runLine } from './menu-lines.ts'
import { projectGroups } from './menu-projects.ts'
import { clock, count } from './words.ts'

const hourMs = 3_600_000

/** The whole native menu. Pure: `now` is milliseconds since the epoch. */
export function menuModel(state: State, now: number): MenuEntry[] {
	const groups = [
		summaryEntries(state),
		...projectGroups(state),
		...Object.values(state.workstations).map((workstation) => workstationEntries(workstation, now)),
		runEntries(state, now),
		[
			...pauseEntries(state, now),
			...zerotierEntries(state),
			item('Check again', wish({ name: 'check', input: {} }), nothingToCheck(state)),
			item(
				'Copy report',
				{ do: 'copy-report', workstation: state.summary.workstation },
				nothingToCheck(state),
			),
			item('Open Hawser', openWindow()),
			item('Settings…', { do: 'open-settings' }, null, 'CmdOrCtrl+,'),
		],
		[quitEntry(state)],
	]
	return groups
		.filter((group) => group.length > 0)
		.flatMap((group, index) => (index === 0 ? group : [separator, ...group]))
}

/** While no engine has answered, or one is being started again. */
export function menuWithoutEngine(): MenuEntry[] {
	return [
		text('Hawser is starting'),
		separator,
		item('Open Hawser', openWindow()),
		item('Quit Hawser (runs go on)', { do: 'quit' }, null, 'CmdOrCtrl+Q'),
	]
}

// ——— the summary ———

function summaryEntries(state: State): MenuEntry[] {
	const { line, problem, workstation } = state.summary
	if (!problem?.next) return [text(line)]
	return [text(line), nextStepEntry(problem.next, problem, workstation, state)]
}

function nextStepEntry(
	next: NextStep,
	problem: Problem,
	workstation: string | null,
	state: State,
): MenuEntry {
	switch (next.kind) {
		case 'copy':
			return item(next.label, { do: 'copy', text: next.text })
		case 'retry':
			return item(
				next.label,
				wish(workstation === null ? { name: 'check', input: {} } : { name: 'retry', input: { workstation } }),
			)
		case 'accept-host-key':
			// The fingerprint is to be compared first: that is the window's to show.
			return item(`${next.label}…`, openWindow())
		case 'answer-login':
			// A menu has no field to type into.
			return item(`${next.label}…`, openWindow())
		case 'restart-zerotier':
			return item(next.label, restartZeroTier, restarting(state))
		case 'attach-agent':
			return item(next.label, wish({ name: 'openTerminal', input: { what: 'agent', project: next.project } }))
		case 'open-url':
			return item(
				next.label,
				{ do: 'open-url', url: next.url },
				isSafeUrl(next.url) ? null : 'its address is not a safe one',
			)
		case 'open': {
			if (next.target === 'config') return item(next.label, { do: 'open-settings' })
			const run = problem.facts.run
			return item(next.label, openWindow(next.target === 'run' && typeof run === 'string' ? { run } : null))
		}
	}
}

// ——— workstations ———

function workstationEntries(workstation: WorkstationState, now: number): MenuEntry[] {
	const { name } = workstation
	return [
		text(`${name}: ${linkLine(workstation, now)}`),
		...gpuLines(workstation.gpu, now).map(text),
		item(
			'Open a shell…',
			wish({ name: 'openTerminal', input: { what: 'shell', workstation: name } }),
			whyNoLink(workstation),
		),
	]
}

// ——— runs ———

function runEntries(state: State, now: number): MenuEntry[] {
	const runs = Object.values(state.runs).toSorted((a, b) => b.startedAt - a.startedAt)
	const running = runs.filter((run) => run.outcome.status === 'running')
	const ended = runs.filter((run) => run.outcome.status !== 'running')
	const shown = [...running, ...ended.toSorted((a, b) => endOf(b) - endOf(a)).slice(0, 3)]
	return shown.map((run) => item(runLine(run, now), openWindow({ run: run.id })))
}

const endOf = (run: Run) => (run.outcome.status === 'running' ? 0 : run.outcome.endedAt)

// ——— ZeroTier ———

const restartZeroTier = wish({ name: 'restartZeroTier', input: {} })

/** There while a rung of it fails, unless the summary's next step is that very restart. */
function zerotierEntries(state: State): MenuEntry[] {
	const failing = Object.values(state.workstations)
		.flatMap(({ rungs }) => rungs)
		.filter(({ id, verdict }) => id.startsWith('zerotier-') && verdict === 'failing')
	if (failing.length === 0 || state.summary.problem?.next?.kind === 'restart-zerotier') return []
	const absent = failing.some(({ problem }) => problem?.code === 'zerotier-not-installed')
	return [item('Restart ZeroTier', restartZeroTier, absent ? 'it is not installed' : restarting(state))]
}

/** Why it cannot be restarted now: somebody did already. */
function restarting(state: State): string | null {
	const busy = Object.values(state.operations).find(
		({ kind, endedAt }) => kind === 'zerotier-restart' && endedAt === null,
	)
	return busy ? busyLine(busy) : null
}

// ——— the rest ———

function pauseEntries(state: State, now: number): MenuEntry[] {
	const until = state.app.pausedUntil
	if (until !== null && until > now)
		return [
			item(`Resume (paused until ${clock(until, now)})`, wish({ name: 'pause', input: { until: null } })),
		]
	return [
		item('Pause for an hour', wish({ name: 'pause', input: { until: now + hourMs } })),
		item('Pause until tomorrow', wish({ name: 'pause', input: { until: tomorrowMorning(now) } })),
	]
}

/** Six in the morning of the next day, by the laptop's clock. */
export function tomorrowMorning(now: number): number {
	const day = new Date(now)
	return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1, 6).getTime()
}

function nothingToCheck(state: State): string | null {
	return Object.keys(state.workstations).length === 0 ? 'no workstation yet' : null
}

function quitEntry(state: State): MenuEntry {
	const going = Object.values(state.runs).filter((run) => run.outcome.status === 'running').length
	const note = going > 0 ? ` (${count(going, 'run')} will go on)` : ' (runs go on)'
	return item(`Quit Hawser${note}`, { do: 'quit' }, null, 'CmdOrCtrl+Q')
}
