import type { Command } from 'commander'
import { movedWords } from '../contract/files-words.ts'
import type { OperationOutcome } from '../contract/state.ts'
import type { StartWish } from '../engine/runs/start-wish.ts'
import { exitCodeOfOutcome, exitCodes } from './exit-codes.ts'
import { follow, waitForRun } from './follow.ts'
import type { Io } from './io.ts'
import { printPlan } from './plan.ts'
import { type Progress, progressFor } from './progress.ts'
import { reach, workstationOf } from './reach.ts'
import { note, print, printJsonLine, printProblem } from './report.ts'
import { waitForSeries } from './series.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { startWishOf, type Wishes, type WishOptions, wishesOf } from './wish.ts'
import { count, duration, metricsText } from './words.ts'

type SyncKind = 'up' | 'run' | 'back' | 'go' | 'undo'

interface SyncOptions extends WishOptions {
	wait?: boolean
	json?: boolean
}

/** What is sent with the command. */
interface Asked extends Wishes {
	project: string | undefined
	/** Of the runs that it starts; only for what starts some. */
	start?: StartWish
	plan?: string
}

const descriptions: Record<SyncKind, string> = {
	up: 'send code or files to the workstation',
	run: 'start the validation on the workstation',
	back: 'bring results back',
	go: 'send code or files, validate on the GPU, bring results back',
	undo: 'bring back how both sides were before the last operation',
}

/** `up`, `run`, `back`, `go`, `undo`. */
export function addSync(program: Command, cli: Cli): void {
	for (const kind of ['up', 'run', 'back', 'go', 'undo'] as const) {
		const command = program
			.command(kind)
			.argument('[project]', 'may be left out when there is one')
			.description(descriptions[kind])
			.option('--wait', 'stay until it has ended, and show it')
			.option('--json', 'print facts as JSON; the last line is the outcome')
			.action((project: string | undefined, options: SyncOptions) =>
				withEngine(cli, options, (session) => syncProject(session, kind, project, options)),
			)
		if (kind !== 'run')
			command
				.option('-n, --dry-run', 'show what would be done, and change nothing')
				.option('--plan <id>', 'do it only as that preview showed it')
		if (kind === 'up' || kind === 'go')
			command
				.option('-m, --commit <message>', 'commit the changed files first')
				.option('--untracked', 'with --commit: files that git does not know yet too')
				.option('--full', 'look at all files, also those that nobody touched since the last sync')
		if (kind === 'up' || kind === 'go' || kind === 'back')
			command
				.option('--big', 'commit files of any size; move or delete as many files as it takes')
				.option(
					'--take <side:file>',
					'in a conflict take the file as `laptop` or `workstation` has it; may be repeated',
					repeated,
				)
		if (kind === 'run' || kind === 'go')
			command
				.option(
					'--set <name=values>',
					'a parameter of the command, or a list of values: `--set horizon=24,48 --set seed=1,2` is a run for each pair, one after another or as one Slurm array; may be repeated',
					repeated,
				)
				.option('--anyway', 'start it also where a log-out would end it')
	}
}

const repeated = (value: string, before: string[] = []) => [...before, value]

async function syncProject(
	session: Session,
	kind: SyncKind,
	project: string | undefined,
	options: SyncOptions,
): Promise<number> {
	const wishes = wishesOf(options, kind)
	const start = startWishOf(options, kind)
	const previewed = { ...wishes, ...(start.sets ? { sets: start.sets } : {}) }
	const workstation = workstationOf(session.state(), project)
	if (workstation !== null) await reach(session, workstation)
	if (options.dryRun && kind !== 'run') {
		const plan = await session.client.call('preview', { project, kind, ...previewed })
		return printPlan(session.io, plan, options.json)
	}
	const bound = await boundTo(session, kind, project, previewed, options.plan)
	const asked = { project, ...wishes, ...bound, start }
	if (options.wait) return await syncAndWait(session, kind, asked, options.json)
	if (session.hosted && workstation !== null)
		return await syncWhileHosting(session, kind, asked, options.json)
	const { operation } = await session.client.call(kind, inputOf(asked))
	if (options.json) printJsonLine(session.io, { outcome: 'started', operation })
	else print(session.io, 'Started. Hawser goes on with it; hawser status shows how far it is.')
	return exitCodes.done
}

const inputOf = ({ start, ...asked }: Asked) => ({ ...asked, ...start })

/** The beginning of a plan's id is enough to name it; one that is no beginning is left for the engine to refuse. */
async function boundTo(
	session: Session,
	kind: SyncKind,
	project: string | undefined,
	wishes: Wishes & Pick<StartWish, 'sets'>,
	wanted: string | undefined,
): Promise<{ plan?: string }> {
	if (wanted === undefined || kind === 'run') return {}
	const { id } = await session.client.call('preview', { project, kind, ...wishes })
	return { plan: id.startsWith(wanted) && wanted.length >= 8 ? id : wanted }
}

/** Starts it and stays until it has ended. */
export async function syncAndWait(
	session: Session,
	kind: SyncKind,
	asked: Asked,
	json: boolean | undefined,
): Promise<number> {
	const { io } = session
	const progress = progressFor(io, json)
	session.farewell = () => {
		progress.end()
		return farewell(session)
	}
	let outcome = await start(session, kind, asked, progress)
	if (kind === 'run')
		outcome =
			outcome.series.length > 1
				? await waitForSeries(session, outcome, json)
				: await waitForRun(session, outcome, progress)
	printOutcome(io, outcome, json)
	return exitCodeOfOutcome(outcome)
}

async function start(
	session: Session,
	kind: SyncKind,
	asked: Asked,
	progress: Progress,
): Promise<OperationOutcome> {
	const { operation } = await session.client.call(kind, inputOf(asked))
	return await follow(session, operation, progress)
}

/**
 * No app is there to go on with it: this process stays for what moves code, and leaves once a run is
 * started, which lives on the workstation.
 */
async function syncWhileHosting(
	session: Session,
	kind: SyncKind,
	asked: Asked,
	json: boolean | undefined,
): Promise<number> {
	const { io } = session
	if (kind !== 'go' && kind !== 'run') return await syncAndWait(session, kind, asked, json)
	note(io, 'Hawser is not running, so this stays until the run is started; then the run goes on by itself.')
	const progress = progressFor(io, json)
	session.farewell = () => {
		progress.end()
		return farewell(session)
	}
	const { start: wish, ...code } = asked
	const sent = kind === 'go' ? await start(session, 'up', code, progress) : null
	const started =
		sent && sent.status !== 'succeeded'
			? sent
			: await start(session, 'run', { project: asked.project, ...(wish ? { start: wish } : {}) }, progress)
	const outcome = {
		...started,
		commits: sent?.commits ?? started.commits,
		...(sent?.files ? { files: sent.files } : {}),
	}
	if (outcome.status !== 'succeeded' || !outcome.run) {
		printOutcome(io, outcome, json)
		return exitCodeOfOutcome(outcome)
	}
	const { id } = outcome.run
	const { series } = outcome
	if (json)
		printJsonLine(io, {
			outcome: 'started',
			run: outcome.run,
			commits: outcome.commits,
			...(outcome.files ? { files: outcome.files } : {}),
			...(series.length > 1 ? { series } : {}),
		})
	else if (series.length > 1)
		print(
			io,
			`${count(series.length, 'run')} go on:\n${series.map((one) => `  ${one}`).join('\n')}\n  hawser runs   shows them\n  hawser back   brings their results`,
		)
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
	const { status, run, commits, files, metrics, problem } = outcome
	if (json) {
		printJsonLine(io, {
			outcome: status,
			run,
			commits,
			...(files ? { files } : {}),
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
		...movedWords(files),
		metricsText(metrics),
	].filter(Boolean)
	const words = { succeeded: 'Done', failed: 'Failed', cancelled: 'Cancelled', stopped: 'Stopped' }[status]
	print(io, facts.length > 0 ? `${words}: ${facts.join(', ')}` : `${words}.`)
}
