import type { PlannedKind } from '../contract/code.ts'
import type { ProjectState, State } from '../contract/state.ts'
import { whyNoLink } from './link-lines.ts'
import { item, type MenuEntry, openWindow, text, wish } from './menu-entries.ts'
import { agentLine, busyLine, careLines, pendingLine, pendingLines } from './menu-lines.ts'
import { shorten } from './words.ts'

/** What can be done with each project: in the menu itself for one, a submenu each for several. */
export function projectGroups(state: State): MenuEntry[][] {
	const projects = Object.values(state.projects)
	if (projects.length === 0) return [[text('No project yet: open Hawser to add one')]]
	const [only] = projects
	if (only && projects.length === 1) return [[text(only.name), ...projectEntries(only, state, true)]]
	return [
		projects.map((project, index) => ({
			kind: 'submenu',
			label: shorten(`${project.name} · ${pendingLine(project)}`),
			entries: projectEntries(project, state, index === 0),
		})),
	]
}

function projectEntries(project: ProjectState, state: State, first: boolean): MenuEntry[] {
	const why = whyNotSync(project, state)
	const input = { project: project.name }
	const running = Object.values(state.runs).some(
		(run) => run.project === project.name && run.outcome.status === 'running',
	)
	const whyNotGo = why ?? (running ? 'a run is still going' : null)
	const accelerator = first ? 'CmdOrCtrl+Shift+G' : undefined
	return [
		item('Sync and validate', wish({ name: 'go', input }), whyNotGo, accelerator),
		item('Up', wish({ name: 'up', input }), why),
		item('Back', wish({ name: 'back', input }), why),
		item('Preview…', preview(project, 'go'), why),
		...wayBack(project, why),
		item(
			'Open tmux…',
			wish({ name: 'openTerminal', input: { what: 'tmux', ...input } }),
			whyNoTerminal(project, state),
		),
		...agentEntries(project, state),
		...pendingLines(project).map(text),
		...careLines(project).map(text),
	]
}

/** Git brings back how all was; of files, what was replaced or deleted is chosen from in the window. */
function wayBack(project: ProjectState, why: string | null): MenuEntry[] {
	const { strategy, files, name } = project
	return [
		...(strategy === 'git' ? [item('Undo…', preview(project, 'undo'), why)] : []),
		...(strategy === 'files' || files !== null
			? [item('Restore files…', openWindow({ restore: name }))]
			: []),
	]
}

/** Its coding agent: how it stands, and the way to it. */
function agentEntries(project: ProjectState, state: State): MenuEntry[] {
	const { agent, name } = project
	if (agent === null) return []
	const isThere = agent.status === 'running' || agent.status === 'waits' || agent.status === 'ended'
	const why = whyNoTerminal(project, state) ?? (isThere ? null : 'it is not running')
	const attach = wish({ name: 'openTerminal', input: { what: 'agent', project: name } })
	return [text(agentLine(agent)), item('Attach to the agent…', attach, why)]
}

/** A preview is read, and may have fields: that is the window's to show. */
const preview = ({ name }: ProjectState, kind: PlannedKind) => openWindow({ preview: kind, project: name })

/** Why nothing can be moved for this project now; null: it can. */
function whyNotSync(project: ProjectState, state: State): string | null {
	const busy = Object.values(state.operations).find(
		(operation) => operation.project === project.name && operation.endedAt === null,
	)
	if (busy) return busyLine(busy)
	return whyNoTerminal(project, state)
}

/** A terminal is in nobody's way. */
function whyNoTerminal({ workstation: name }: ProjectState, state: State): string | null {
	const workstation = state.workstations[name]
	return workstation ? whyNoLink(workstation) : `no workstation named ${name}`
}
