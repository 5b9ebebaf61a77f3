import type { Command } from 'commander'
import { ProblemError } from '../contract/client.ts'
import { directionWords } from '../contract/metric-direction.ts'
import { runCsv } from '../contract/run-csv.ts'
import { parameterWords, type RunRow, type RunTable, rowsOf, runTable } from '../contract/run-table.ts'
import { codeWords, outcomeWords } from '../contract/run-words.ts'
import type { ProjectState, Run } from '../contract/state.ts'
import { problem } from '../engine/problems.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import type { Io } from './io.ts'
import { settle, whyNotReached } from './reach.ts'
import { print, printJson, printProblem } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { ago, columns, number, plain } from './words.ts'

interface MetricsOptions {
	csv?: boolean
	json?: boolean
	series?: string
	sort?: string
}

/** `metrics`: the runs of a project in a table. */
export function addMetrics(program: Command, cli: Cli): void {
	program
		.command('metrics')
		.argument('[project]', 'may be left out when there is one')
		.description('what a project’s runs measured, as a table')
		.option('--series <id>', 'only the runs that were started together')
		.option('--sort <metric>', 'by this metric, the best first')
		.option('--csv', 'print it as CSV')
		.option('--json', 'print it as JSON')
		.action((name: string | undefined, options: MetricsOptions) =>
			withEngine(cli, options, async (session) => {
				if (options.csv && options.json) throw wrong('--csv or --json, not both')
				const project = projectOf(session, name)
				await settle(session)
				const { runs } = await session.client.call('listRuns', {})
				const table = tableOf(runs, project, options)
				if (options.json) printJson(session.io, jsonOf(project, table))
				else if (options.csv) session.io.stdout.write(runCsv(table))
				else print(session.io, metricsTable(table, session.io))
				return tellUnread(session, project)
			}),
		)
}

const wrong = (message: string) => new ProblemError(problem('input-invalid', { command: 'metrics', message }))

/** @throws ProblemError `project-unknown`, `project-ambiguous` */
function projectOf(session: Session, name: string | undefined): ProjectState {
	const { projects } = session.state()
	const known = Object.keys(projects)
	const [only] = name === undefined && known.length === 1 ? known : [name]
	const project = only !== undefined && Object.hasOwn(projects, only) ? projects[only] : undefined
	if (project) return project
	if (name === undefined && known.length > 1) throw new ProblemError(problem('project-ambiguous', { known }))
	throw new ProblemError(problem('project-unknown', { name: name ?? '', known }))
}

/** @throws ProblemError `input-invalid` for a series or metric that none of its runs has */
function tableOf(runs: Run[], project: ProjectState, { series, sort }: MetricsOptions): RunTable {
	const own = runs.filter((run) => run.project === project.name)
	const meant = series === undefined ? own : own.filter((run) => run.series === series)
	if (series !== undefined && meant.length === 0) throw wrong(`--series ${series}: no run belongs to it`)
	const table = runTable(meant, project.directions, sort === undefined ? undefined : { by: { metric: sort } })
	if (sort !== undefined && !table.columns.some((column) => column.name === sort))
		throw wrong(`--sort ${sort}: no run has this metric`)
	return table
}

function jsonOf(project: ProjectState, table: RunTable) {
	const runs = rowsOf(table).map(({ run, isBest }) => ({
		run: run.id,
		series: run.series,
		branch: run.branch,
		commit: run.commit,
		startedAt: run.startedAt,
		outcome: run.outcome,
		parameters: run.parameters,
		metrics: run.metrics,
		bestOf: table.columns.filter((_, at) => isBest[at]).map(({ name }) => name),
	}))
	const metrics = table.columns.map(({ name, direction, best }) => ({ name, direction, best }))
	return { project: project.name, parameters: table.parameters, metrics, runs }
}

/** The best of a metric has a star; under the table each metric’s direction in words. */
function metricsTable(table: RunTable, io: Io): string {
	if (table.columns.length === 0) return 'No run has metrics yet.'
	const { parameters, differing } = table
	const shown = parameters.slice(0, differing)
	const head = ['RUN', 'STARTED', 'COMMIT', ...shown, ...table.columns.map(({ name }) => name)].map(plain)
	const rows = table.groups.flatMap(({ series, rows }) => [
		...(series === null ? [] : [[`series ${plain(series)}`]]),
		...rows.map((row) =>
			cellsOf(row, shown, io).map((cell, at) => (at === 0 && series !== null ? `  ${cell}` : cell)),
		),
	])
	const same = parameterWords(rowsOf(table)[0]?.run ?? { parameters: {} }, parameters.slice(differing))
	const known = table.columns.filter(({ direction }) => direction !== null)
	return [
		columnsBut(head, rows),
		...(same === '' ? [] : [`All with ${plain(same)}.`]),
		...known.map(({ name, direction }) => `* ${plain(name)}: ${direction && directionWords[direction]}`),
	].join('\n')
}

/** A series' own line does not widen the first column. */
function columnsBut(head: string[], rows: string[][]): string {
	const titles = new Map(rows.flatMap((row, at) => (row.length === 1 ? [[at + 1, row[0] ?? '']] : [])))
	const lines = columns([head, ...rows.map((row) => (row.length === 1 ? [] : row))]).split('\n')
	return lines.map((line, at) => titles.get(at) ?? line).join('\n')
}

function cellsOf({ run, values, isBest }: RunRow, parameters: readonly string[], io: Io): string[] {
	const failed = run.outcome.status === 'succeeded' ? '' : ` (${outcomeWords(run.outcome)})`
	return [
		`${plain(run.id)}${failed}`,
		ago(run.startedAt, io.now()),
		plain(codeWords({ commit: run.commit })) || '–',
		...parameters.map((name) => plain((Object.hasOwn(run.parameters, name) && run.parameters[name]) || '–')),
		...values.map((value, at) => (value === null ? '–' : `${number(value)}${isBest[at] ? ' *' : ''}`)),
	]
}

/** Out of reach, it may have more runs: that is said. Returns the exit code. */
function tellUnread(session: Session, project: ProjectState): number {
	const workstation = session.state().workstations[project.workstation]
	const reason = workstation?.wanted ? whyNotReached(workstation) : null
	if (!reason) return exitCodes.done
	printProblem(session.io, reason)
	return exitCodeOf(reason)
}
