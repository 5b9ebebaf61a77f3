import type { Command } from 'commander'
import type { OperationOutcome } from '../contract/state.ts'
import { exitCodeOfOutcome, exitCodes } from './exit-codes.ts'
import { follow, waitForRun } from './follow.ts'
import type { Io } from './io.ts'
import { type Progress, progressFor } from './progress.ts'
import { reach, workstationOf } from './reach.ts'
import { note, print, printJsonLine, printProblem } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { count, duration, metricsText } from './words.ts'

type SyncKind = 'up' | 'run' | 'back' | 'go'

interface SyncOptions {
	wait?: boolean
	json?: boolean
}

const descriptions: Record<SyncKind, string> = {
	up: 'send code to the workstation',
	run: 'start the validation on the workstation',
	back: 'bring results back',
	go: 'send code, validate on the GPU, bring results back',
}

/** `up`, `run`, `back`, `go`. */
export function addSync(program: Command, cli: Cli): void {
	for (const kind of ['up', 'run', 'back', 'go'] as const) {
		program
			.command(kind)
			.argument('[project]', 'may be left out when there is one')
			.description(descriptions[kind])
			.option('--wait', 'stay until it has ended, and show it')
			.option('--json', 'print facts as JSON; the last line is the outcome')
			.action((project: string | undefined, options: SyncOptions) =>
				withEngine(cli, options, (session) => syncProject(session, kind, project, options)),
			)
	}
}

async function syncProject(
	session: Session,
	kind: SyncKind,
	project: string | undefined,
	options: SyncOptions,
): Promise<number> {
	const workstation = workstationOf(session.state(), project)
	if (workstation !== null) await reach(session, workstation)
	if (options.wait) return await syncAndWait(session, kind, project, options.json)
	if (session.hosted && workstation !== null)
		return await syncWhileHosting(session, kind, project, options.json)
	const { operation } = await session.client.call(kind, { project })
	if (options.json) printJsonLine(session.io, { outcome: 'started', operation })
	else print(session.io, 'Started. Hawser goes on with it; hawser status shows how far it is.')
	return exitCodes.done
}

/** Starts it and stays until it has ended. */
export async function syncAndWait(
	session: Session,
	kind: SyncKind,
	project: string | undefined,
	json: boolean | undefined,
): Promise<number> {
	const { io } = session
	const progress = progressFor(io, json)
	session.farewell = () => {
		progress.end()
		return farewell(session)
	}
	let outcome = await start(session, kind, project, progress)
	if (kind === 'run') outcome = await waitForRun(session, outcome, progress)
	printOutcome(io, outcome, json)
	return exitCodeOfOutcome(outcome)
}

async function start(
	session: Session,
	kind: SyncKind,
	project: string | undefined,
	progress: Progress,
): Promise<OperationOutcome> {
	const { operation } = await session.client.call(kind, { project })
	return await follow(session, operation, progress)
}

/**
 * No app is there to go on with it: this process stays for what moves code, and leaves once a run is
 * started, which lives on the workstation.
 */
async function syncWhileHosting(
	session: Session,
	kind: SyncKind,
	project: string | undefined,
	json: boolean | undefined,
): Promise<number> {
	const { io } = session
	if (kind === 'up' || kind === 'back') return await syncAndWait(session, kind, project, json)
	note(io, 'Hawser is not running, so this stays until the run is started; then the run goes on by itself.')
	const progress = progressFor(io, json)
	session.farewell = () => {
		progress.end()
		return farewell(session)
	}
	const sent = kind === 'go' ? await start(session, 'up', project, progress) : null
	const started = sent && sent.status !== 'succeeded' ? sent : await start(session, 'run', project, progress)
	const outcome = { ...started, commits: sent?.commits ?? started.commits }
	if (outcome.status !== 'succeeded' || !outcome.run) {
		printOutcome(io, outcome, json)
		return exitCodeOfOutcome(outcome)
	}
	const { id } = outcome.run
	if (json) printJsonLine(io, { outcome: 'started', run: outcome.run, commits: outcome.commits })
	else
		print(
			io,
			`The run goes on: ${id}\n  hawser log ${id} -f   follows it\n  hawser back   brings its results`,
		)
	return exitCodes.done
}

/** What Ctrl-C leaves in place. */
function farewell({ state }: Session): string {
	const running = Object.values(state().runs).filter(({ outcome }) => outcome.status === 'running')
	const run = running.sort((one, other) => other.startedAt - one.startedAt)[0]
	if (!run) return 'Left. What was done stays; starting again goes on from there.'
	return `Left. The run goes on: ${run.id}\n  hawser log ${run.id} -f   follows it\n  hawser back   brings its results`
}

/** The last line of `--json`, or the end in words. */
export function printOutcome(io: Io, outcome: OperationOutcome, json: boolean | undefined): void {
	const { status, run, commits, metrics, problem } = outcome
	if (json) {
		printJsonLine(io, {
			outcome: status,
			run,
			commits,
			...(metrics ? { metrics } : {}),
			...(problem ? { problem } : {}),
		})
	}
	if (problem) printProblem(io, problem)
	if (json) return
	const facts = [
		run?.durationMs === undefined || run.durationMs === null ? '' : `ran ${duration(run.durationMs)}`,
		commits.up.length > 0 ? `${count(commits.up.length, 'commit')} up` : '',
		commits.back.length > 0 ? `${count(commits.back.length, 'commit')} back` : '',
		metricsText(metrics),
	].filter(Boolean)
	const words = { succeeded: 'Done', failed: 'Failed', cancelled: 'Cancelled', stopped: 'Stopped' }[status]
	print(io, facts.length > 0 ? `${words}: ${facts.join(', ')}` : `${words}.`)
}
