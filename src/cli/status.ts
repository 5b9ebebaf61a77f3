import type { Command } from 'commander'
import type { Problem } from '../contract/problem.ts'
import type {
	GpuState,
	ProjectState,
	Run,
	Rung,
	State,
	Summary,
	WorkstationState,
} from '../contract/state.ts'
import { wayRungs } from '../engine/checks/line.ts'
import { askedProblem } from '../engine/link/state.ts'
import { typed } from '../engine/quote.ts'
import { exitCodes } from './exit-codes.ts'
import { deviceText } from './gpu.ts'
import type { Io } from './io.ts'
import { pendingText } from './pending.ts'
import { settle } from './reach.ts'
import { nextLine, nextText, print, printJson } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { ago, type Colours, coloursFor, columns, duration, pathWords, plain } from './words.ts'

export function addStatus(program: Command, cli: Cli): void {
	program
		.command('status')
		.description('the line from this laptop to the GPU, what is pending, what runs (the default)')
		.option('--json', 'print the whole state as JSON')
		.action((options: { json?: boolean }) =>
			withEngine(cli, options, async (session) => {
				if (session.hosted) await readAll(session)
				const state = session.state()
				if (options.json) printJson(session.io, state)
				else print(session.io, statusText(state, session.io))
				return exitCodes.done
			}),
		)
}

/** An engine that was just made knows nothing yet: everything is probed once. */
export async function readAll(session: Session): Promise<void> {
	await settle(session)
	const { workstations, projects } = session.state()
	// What cannot be read is in the state, with its reason.
	await Promise.allSettled([
		...Object.keys(workstations).map((workstation) => session.client.call('check', { workstation })),
		...Object.keys(projects).map((project) => session.client.call('readPending', { project })),
	])
}

/** Fits a glance. Pure but for the clock and the width of `io`. */
export function statusText(state: State, io: Io): string {
	const colours = coloursFor(io.stdout, io.env)
	const running = Object.values(state.runs).filter(({ outcome }) => outcome.status === 'running')
	const blocks = [
		summaryText(state.summary, io, colours),
		...Object.values(state.workstations).map((workstation) => workstationText(workstation, io, colours)),
		Object.values(state.projects)
			.map((project) => projectText(project, io))
			.join('\n'),
		running.length > 0 ? runningText(running, io) : '',
	]
	return blocks.filter(Boolean).join('\n\n')
}

function summaryText({ glyph, line, problem, workstation }: Summary, io: Io, colours: Colours): string {
	const mark: Record<Summary['glyph'], string> = {
		attention: colours.yellow('!'),
		down: colours.red('✕'),
		working: colours.cyan('●'),
		paused: '‖',
		ok: colours.green('●'),
		off: '○',
	}
	const first = `${mark[glyph]} ${colours.bold(plain(line))}`
	if (!problem) return first
	const next = nextLine(problem, nextHere(problem, workstation, io), colours)
	return [first, `  ${plain(problem.meaning)}`, next].filter(Boolean).join('\n')
}

/** This command asks nothing and tries nothing: `connect` does. What is lost is tried again by itself. */
function nextHere({ next, needsPerson }: Problem, workstation: string | null, io: Io): string | null {
	switch (next?.kind) {
		case 'accept-host-key':
		case 'answer-login':
			return connectCommand(workstation)
		case 'retry':
			return needsPerson ? connectCommand(workstation) : null
		default:
			return nextText(next, io)
	}
}

const connectCommand = (workstation: string | null) =>
	['hawser', 'connect', ...(workstation === null ? [] : [plain(typed(workstation))])].join(' ')

function workstationText(workstation: WorkstationState, io: Io, colours: Colours): string {
	const { link } = workstation
	const simulated = workstation.builtIn ? ', simulated' : ''
	const lines = [
		`${colours.bold(plain(workstation.name))}${simulated} · ${linkText(workstation, io.now())}`,
		...transportLines(workstation),
		`  ${lineText(workstation, colours)}`,
		...workstation.rungs
			.filter(({ id, verdict }) => verdict === 'failing' && (link.status !== 'off' || wayRungs.has(id)))
			.map((rung) => `  ${colours.red('✕')} ${plain(rung.title)}: ${plain(rung.finding)}`),
		...gpuLines(workstation.gpu, io),
	]
	return lines.join('\n')
}

/**
 * The line itself: `● ── ● ── ✕    ○`. It is drawn as far as it holds: with the link up the way there does, whatever
 * ZeroTier says of itself; with the link off nothing behind the way is known, whatever was found before.
 */
export function lineText(
	{ link, rungs }: Pick<WorkstationState, 'link' | 'rungs'>,
	colours: Colours,
): string {
	const used = rungs.filter(({ verdict }) => verdict !== 'unused')
	const isOff = link.status === 'off'
	const mark = (verdict: Rung['verdict']) =>
		verdict === 'ok' ? colours.green('●') : verdict === 'failing' ? colours.red('✕') : colours.dim('○')
	let text = 'laptop'
	let holds = true
	for (const { id, verdict } of used) {
		const shown = isOff && !wayRungs.has(id) ? 'unknown' : verdict
		text += `${holds ? ' ── ' : '    '}${mark(shown)}`
		holds &&= shown === 'ok' || (link.status === 'up' && wayRungs.has(id))
	}
	return `${text}${holds && used.length > 0 ? ' ── ' : '    '}GPU`
}

/** One line: whether it is connected, how, and else what it waits for. */
export function linkText(
	{ link, peer, rungs }: Pick<WorkstationState, 'link' | 'peer' | 'rungs'>,
	now: number,
): string {
	switch (link.status) {
		case 'up': {
			const latency = link.latencyMs === null ? '' : `${Math.round(link.latencyMs)} ms`
			const facts = [
				`connected for ${duration(now - link.since)}`,
				[latency, peer && pathWords[peer.path]].filter(Boolean).join(' '),
				plain(link.endpoint),
				link.through.length > 0 ? `through ${link.through.map(plain).join(', ')}` : '',
			]
			return facts.filter(Boolean).join(' · ')
		}
		case 'off':
			return 'not connected'
		case 'waiting':
			return `waiting for a network for ${duration(now - link.since)}`
		case 'dialling':
			return link.problem
				? `${plain(link.problem.title)}; trying again for ${duration(now - link.since)}`
				: `connecting for ${duration(now - link.since)}`
		case 'host-key':
			return link.question
				? `its host key is not known: ${plain(link.question.fingerprint)}`
				: 'checking its host key'
		case 'login':
			return link.question ? plain(askedProblem(link.question).title) : 'logging in'
		case 'lost': {
			// The lowest broken rung is the cause; what the link met is only its effect.
			const cause = rungs.find(({ id, verdict }) => wayRungs.has(id) && verdict === 'failing')
			return `${plain((cause?.problem ?? link.problem).title)}; next try in ${duration(link.nextTryAt - now)}`
		}
		case 'stopped':
			return plain(link.problem.title)
	}
}

/** Why the system's own ssh carries it, where it does. */
function transportLines({ link }: WorkstationState): string[] {
	if (link.status !== 'up' || link.transport.kind !== 'openssh') return []
	const { reason } = link.transport
	return [`  by the system’s own ssh${reason ? `: ${plain(reason)}` : ''}`]
}

function gpuLines(gpu: GpuState, io: Io): string[] {
	if (gpu.status === 'unknown') return ['  GPU unknown']
	if (gpu.status === 'absent') return [`  ${plain(gpu.problem.title)}, ${ago(gpu.at, io.now())}`]
	return gpu.devices.map((device) => `  ${deviceText(device)} · ${ago(gpu.at, io.now())}`)
}

function projectText(project: ProjectState, io: Io): string {
	return `${plain(project.name)} → ${plain(project.workstation)}: ${pendingText(project, io.now())}`
}

function runningText(runs: readonly Run[], io: Io): string {
	const rows = runs.map((run) => [
		'●',
		plain(run.id),
		duration(io.now() - run.startedAt),
		plain(run.progress?.text ?? run.lastLine),
	])
	return columns(rows)
}
