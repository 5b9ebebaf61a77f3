import { conflictWords, filesParts } from '../contract/files-words.ts'
import { caresOf, changeWords, resultWords, stashWords } from '../contract/pending-words.ts'
import { outcomeWords } from '../contract/run-words.ts'
import type {
	AgentState,
	GpuDevice,
	GpuState,
	Operation,
	ProjectState,
	Reading,
	Run,
} from '../contract/state.ts'
import { ago, count, duration, shorten } from './words.ts'

/** A GPU reading older than this is shown with its age. */
const lateAfterMs = 60_000
/** In characters. */
const mostOnLine = 60

const kindWords: Record<Operation['kind'], string> = {
	up: 'Up',
	run: 'Run',
	back: 'Back',
	go: 'Sync and validate',
	undo: 'Undo',
	restore: 'Restore files',
	setup: 'Setting up',
	agent: 'Bringing the agent’s work',
	demo: 'Setting up the demo',
	'zerotier-restart': 'Restarting ZeroTier',
	'zerotier-join': 'Joining a ZeroTier network',
}

export function busyLine(operation: Operation): string {
	const step = operation.steps.find((step) => step.status === 'running')
	const share = step?.share === undefined ? '' : `, ${Math.floor(step.share * 100)} %`
	const what = operation.cancelling ? 'being cancelled' : step ? `${step.title}${share}` : 'under way'
	return shorten(`${kindWords[operation.kind]}: ${what}`)
}

/** `⚠ Agent: waits for you, 2 commits to bring`. */
export function agentLine(agent: AgentState): string {
	const parts = [agentWords(agent)]
	if ('branch' in agent && agent.commits > 0) parts.push(`${count(agent.commits, 'commit')} to bring`)
	return `${agent.status === 'waits' ? '⚠ ' : ''}Agent: ${parts.join(', ')}`
}

function agentWords(agent: AgentState): string {
	switch (agent.status) {
		case 'unknown':
			return 'not read yet'
		case 'absent':
			return `${agent.command} is not there`
		case 'idle':
			return 'not running'
		case 'running':
			return 'at work'
		case 'waits':
			return 'waits for you'
		case 'ended':
			return agent.exitCode === null ? 'ended' : `ended with exit code ${agent.exitCode}`
	}
}

/** All of it on one line. */
export function pendingLine(project: ProjectState): string {
	const parts = pendingParts(project)
	return parts.length > 0 ? parts.join(', ') : (conflictWords(project.files)?.title ?? 'Nothing pending')
}

/** The same on as few lines as a menu has room for: nothing of it is cut off. */
export function pendingLines(project: ProjectState): string[] {
	const lines: string[] = []
	for (const part of pendingParts(project)) {
		const longer = `${lines.at(-1)}, ${part}`
		if (lines.length > 0 && longer.length <= mostOnLine) lines[lines.length - 1] = longer
		else lines.push(part)
	}
	return lines
}

function pendingParts({ pending, hub, files }: ProjectState): string[] {
	if (pending.status === 'unused') return partsOfFiles(files)
	if (pending.status === 'unknown') return ['Pending: not read yet']
	if (pending.status === 'unreadable') return [`Pending: unknown · ${pending.problem.title}`]
	const { remote } = pending
	const out = pending.toWorkstation ?? pending.toHub
	const back = pending.toLaptop
	const parts = [
		...some(out?.count, 'commit', 'to send'),
		// What the workstation has already, but the hub lacks.
		...(out?.count || hub === 'direct' ? [] : some(pending.toHub?.count, 'commit', 'for the hub')),
		...some(back?.count, 'commit', 'to bring back'),
		...(back?.count ? [] : some(pending.fromHub?.count, 'commit', 'on the hub')),
		...where(resultWords(pending), 'to bring back'),
		...where(changeWords(pending)),
		...where(changeWords(remote), 'on the workstation'),
		...(files?.status === 'read' ? filesParts(files) : []),
	]
	if (parts.length > 0) return parts
	return [out && back ? 'Nothing pending' : notReadThere]
}

/** None where all that there is to say has a line of its own. */
function partsOfFiles(files: ProjectState['files']): string[] {
	if (files === null || files.status === 'unknown') return ['Pending: not read yet']
	if (files.status === 'unreadable') return [`Pending: unknown · ${files.problem.title}`]
	const parts = filesParts(files)
	if (parts.length > 0 || conflictWords(files) !== null) return parts
	return [files.toLaptop === null ? notReadThere : 'Nothing pending']
}

const notReadThere = 'Nothing changed here; the workstation was not read yet'

const where = (words: string | null, place = '') => (words === null ? [] : [`${words} ${place}`.trim()])
const some = (amount: number | undefined, one: string, where = '') =>
	amount ? [`${count(amount, one)}${where ? ` ${where}` : ''}`] : []

/** What a sync would stop at, and what was put aside: a line each. */
export function careLines({ pending, files }: ProjectState): string[] {
	const conflicts = conflictWords(files)
	const cares = [
		...(pending.status === 'read' ? caresOf(pending) : []),
		...(conflicts === null ? [] : [conflicts]),
	]
	const stashes = pending.status === 'read' ? stashWords(pending) : null
	return [...cares.map(({ title }) => `⚠ ${title}`), ...(stashes === null ? [] : [stashes])]
}

export function gpuLines(gpu: GpuState, now: number): string[] {
	if (gpu.status === 'unknown') return ['GPU: not read yet']
	if (gpu.status === 'absent') return [gpu.problem.title]
	const late = now - gpu.at > lateAfterMs ? ` · ${ago(gpu.at, now)}` : ''
	const simulated = gpu.simulated ? ' · simulated' : ''
	return gpu.devices.map((device) => `${gpuLine(device)}${simulated}${late}`)
}

function gpuLine(device: GpuDevice): string {
	const name = device.name.replace(/^NVIDIA (GeForce )?/, '')
	return `${name} ${reading(device.utilisation)} % · ${memory(device)}`.replace('unknown %', 'use unknown')
}

const reading = (value: Reading) => ('value' in value ? String(Math.round(value.value)) : 'unknown')

function memory({ memoryUsedMiB: used, memoryTotalMiB: total }: GpuDevice): string {
	if (!('value' in used)) return 'memory unknown'
	const gib = (mib: number) => (mib < 10 * 1024 ? Math.round(mib / 102.4) / 10 : Math.round(mib / 1024))
	return 'value' in total ? `${gib(used.value)}/${gib(total.value)} GiB` : `${gib(used.value)} GiB used`
}

export function runLine(run: Run, now: number): string {
	const { outcome } = run
	if (outcome.status === 'running') {
		const said = run.progress?.text || run.lastLine
		const parts = [run.project, `running ${duration(now - run.startedAt)}`, ...(said ? [said] : [])]
		return shorten(parts.join(' · '), 80)
	}
	const took = duration(outcome.endedAt - run.startedAt)
	return `${run.project} · ${outcomeWords(outcome)} after ${took} · ${ago(outcome.endedAt, now)}`
}
