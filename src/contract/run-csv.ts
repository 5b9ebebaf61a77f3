import type { RunTable } from './run-table.ts'
import { rowsOf } from './run-table.ts'

/** The columns before the parameters and metrics. */
const facts = ['run', 'series', 'workstation', 'branch', 'commit', 'started', 'outcome'] as const

/**
 * A table as CSV by RFC 4180 (CRLF, UTF-8 without a mark): a header, then a row a run in the table's order. Times are
 * ISO 8601 in UTC, numbers have a decimal point, and what is not there is empty. A parameter's column is `param:NAME`.
 */
export function runCsv(table: RunTable): string {
	const { parameters, columns } = table
	const header = [...facts, ...parameters.map((name) => `param:${name}`), ...columns.map(({ name }) => name)]
	const rows = rowsOf(table).map(({ run, values }) => [
		run.id,
		run.series ?? '',
		run.workstation,
		run.branch,
		run.commit,
		new Date(run.startedAt).toISOString(),
		run.outcome.status,
		...parameters.map((name) => (Object.hasOwn(run.parameters, name) ? (run.parameters[name] ?? '') : '')),
		...values.map((value) => (value === null ? '' : String(value))),
	])
	return [header, ...rows].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('')
}

/**
 * One cell. A text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a line break, and is no
 * number) gets an apostrophe before it, which spreadsheets show as plain text; see OWASP, "CSV Injection".
 */
export function csvCell(text: string): string {
	const safe =
		/^[\t\r\n ]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r]/u.test(text) && !isNumber(text) ? `'${text}` : text
	return /[",\r\n]|^\s|\s$|^'/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const isNumber = (text: string) => /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)
