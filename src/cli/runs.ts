import { type Command, Option } from 'commander'
import { ProblemError } from '../contract/client.ts'
import type { CommandOutput } from '../contract/commands.ts'
import type { LogHit } from '../contract/run.ts'
import { outcomeWords } from '../contract/run-words.ts'
import type { Run } from '../contract/state.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { longest, lookAt, stopWithLink } from './follow.ts'
import type { Io } from './io.ts'
import { settle, whyNotReached } from './reach.ts'
import { note, print, printJson, printJsonLine, printProblem } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { ago, columns, duration, metricsText, plain } from './words.ts'

/** One reading of a log asks for this much (bytes). */
const pieceBytes = 262_144

interface LogOptions {
	follow?: boolean
	search?: string
	exact?: boolean
	json?: boolean
}

/** `runs`, `log`, `cancel`. */
export function addRuns(program: Command, cli: Cli): void {
	program
		.command('runs')
		.description('runs on the workstations, newest first')
		.option('--json', 'print them as JSON')
		.action((options: { json?: boolean }) =>
			withEngine(cli, options, async (session) => {
				await settle(session)
				const { runs } = await session.client.call('listRuns', {})
				if (options.json) printJson(session.io, { runs })
				else print(session.io, runsText(runs, session.io))
				return tellUnread(session)
			}),
		)
	program
		.command('log')
		.argument('<run>', 'as `hawser runs` names it')
		.description('what a run wrote')
		.option('-f, --follow', 'go on until the run has ended')
		.addOption(
			new Option('--search <text>', 'only the lines that hold this text, with their numbers').conflicts(
				'follow',
			),
		)
		.option('--exact', 'with --search: capitals matter')
		.option('--json', 'print it as JSON; with -f a line for every piece')
		.action((run: string, options: LogOptions) =>
			withEngine(cli, options, async (session) => {
				await settle(session)
				mustBeKnown(session, run)
				if (options.search !== undefined) return await searchRun(session, run, options.search, options)
				if (options.follow) return await followRun(session, run, options.json)
				let text = ''
				const take = (piece: string) => {
					if (options.json) text += piece
					else session.io.stdout.write(piece)
				}
				const size = await readWhole(session, run, take)
				if (options.json) printJson(session.io, { run, size, text })
				return exitCodes.done
			}),
		)
	program
		.command('cancel')
		.argument('<run>', 'as `hawser runs` names it')
		.description('end a run and all its processes')
		.option('--json', 'print the answer as JSON')
		.action((run: string, options: { json?: boolean }) =>
			withEngine(cli, options, async (session) => {
				await settle(session)
				mustBeKnown(session, run)
				await session.client.call('listRuns', {})
				const before = session.state().runs[run]
				const late = before !== undefined && before.outcome.status !== 'running'
				if (!late) await session.client.call('cancelRun', { run })
				if (options.json) printJson(session.io, { run, cancelled: !late })
				else print(session.io, late ? `Nothing to cancel. ${runEnd(before)}` : cancelled)
				return exitCodes.done
			}),
		)
}

const cancelled = 'Cancelled. Its log and what it wrote are still on the workstation.'

/** What is out of reach may have runs too: that is said. Returns the exit code. */
function tellUnread(session: Session): number {
	const wanted = Object.values(session.state().workstations).filter((one) => one.wanted)
	const reasons = wanted.flatMap((one) => whyNotReached(one) ?? [])
	for (const reason of reasons) printProblem(session.io, reason)
	return Math.max(exitCodes.done, ...reasons.map(exitCodeOf))
}

/** @throws ProblemError why a workstation that may have this run cannot be asked for it */
function mustBeKnown(session: Session, run: string): void {
	const { runs, workstations } = session.state()
	if (runs[run]) return
	const [reason] = Object.values(workstations).flatMap((one) => whyNotReached(one) ?? [])
	if (reason) throw new ProblemError(reason)
}

/** Hands over the log up to where it ends now; returns that offset. */
async function readWhole(session: Session, run: string, take: (text: string) => void): Promise<number> {
	let from = 0
	for (;;) {
		const { text, end, size } = await session.client.call('readLog', { run, from, most: pieceBytes })
		take(text)
		if (end >= size || end <= from) return end
		from = end
	}
}

/** As JSON no more than this many hits are gathered; `next` then says at which byte the next one may be. */
const mostJsonHits = 10_000

/** Lines that hold the text, as they are found: a log is searched where it lies, piece by piece. */
async function searchRun(session: Session, run: string, text: string, options: LogOptions): Promise<number> {
	const { client, io } = session
	const all: LogHit[] = []
	let next: number | null = 0
	let found = 0
	while (next !== null && all.length < mostJsonHits) {
		const answer: CommandOutput<'searchLog'> = await client.call('searchLog', {
			run,
			text,
			exact: options.exact,
			from: next,
			most: 1000,
		})
		next = answer.next
		found += answer.hits.length
		if (options.json) all.push(...answer.hits)
		else for (const hit of answer.hits) print(io, `${hit.line}: ${plain(hit.text)}`)
	}
	if (options.json) printJson(io, { run, text, hits: all, next })
	else if (found === 0) note(io, 'No line of the log holds this text.')
	return exitCodes.done
}

/** What is there is read at our own pace; only what is written from now on is pushed. */
async function followRun(session: Session, run: string, json: boolean | undefined): Promise<number> {
	const { client, io } = session
	const take = (text: string) => {
		if (text === '') return
		if (json) printJsonLine(io, { event: 'log', run, text })
		else io.stdout.write(text)
	}
	lookAt(session, run)
	const from = await readWhole(session, run, take)
	const all = new Promise<void>((settle, reject) => {
		client.onLog((chunk) => {
			if (chunk.run !== run) return
			take(chunk.text)
			if (chunk.ended) settle()
		})
		client.call('followLog', { run, from }).catch(reject)
	})
	await Promise.race([all, session.until((state) => stopWithLink(state, run), longest)])
	const ended = session.state().runs[run]
	if (json) printJsonLine(io, { event: 'ended', run, outcome: ended?.outcome ?? null })
	else if (ended) io.stderr.write(`${runEnd(ended)}\n`)
	return exitCodes.done
}

function runEnd({ outcome, startedAt }: Run): string {
	if (outcome.status === 'running') return 'The log has ended.'
	const was = ['succeeded', 'failed'].includes(outcome.status) ? '' : 'was '
	return `The run ${was}${outcomeWords(outcome)} after ${duration(outcome.endedAt - startedAt)}.`
}

export function runsText(runs: readonly Run[], io: Io): string {
	if (runs.length === 0) return 'No runs are known.'
	const rows = [...runs]
		.sort((one, other) => other.startedAt - one.startedAt)
		.map((run) => {
			const end = run.outcome.status === 'running' ? io.now() : run.outcome.endedAt
			const progress = run.outcome.status === 'running' ? plain(run.progress?.text ?? run.lastLine) : ''
			return [
				plain(run.id),
				plain(run.project),
				ago(run.startedAt, io.now()),
				duration(end - run.startedAt),
				outcomeWords(run.outcome),
				progress || metricsText(run.metrics, run.change),
			]
		})
	return columns([['RUN', 'PROJECT', 'STARTED', 'TOOK', 'OUTCOME', ''], ...rows])
}
