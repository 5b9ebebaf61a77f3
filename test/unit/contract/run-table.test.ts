import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvCell, runCsv } from '../../../src/contract/run-csv.ts'
import { parameterWords, rowsOf, runTable } from '../../../src/contract/run-table.ts'
import type { Run } from '../../../src/contract/state.ts'
import { someRun, startedAt } from '../states.ts'

const at = (minute: number, metrics: Run['metrics'], more: Partial<Run> = {}) =>
	someRun({ id: `r${minute}`, startedAt: startedAt + minute * 60_000, metrics, ...more })
const ids = (table: ReturnType<typeof runTable>) => rowsOf(table).map(({ run }) => run.id)
const failed: Partial<Run> = { outcome: { status: 'failed', endedAt: 1, exitCode: 1 } }

describe('the table of runs', () => {
	test('is empty without runs, and without metrics', () => {
		const empty = { parameters: [], differing: 0, columns: [], groups: [] }
		expect(runTable([])).toEqual(empty)
		expect(runTable([at(1, null)])).toEqual(empty)
	})

	test('has the newest run first, its metrics too, and null for what a run has not', () => {
		const table = runTable([at(1, { old: 1, mase: 0.9 }), at(2, { mase: 0.8, rows: 5 })])
		expect(table.columns).toEqual([
			{ name: 'mase', direction: 'lower', best: 0.8 },
			{ name: 'rows', direction: null, best: null },
			{ name: 'old', direction: null, best: null },
		])
		expect(rowsOf(table).map(({ values, isBest }) => ({ values, isBest }))).toEqual([
			{ values: [0.8, 5, null], isBest: [true, false, false] },
			{ values: [0.9, null, 1], isBest: [false, false, false] },
		])
	})

	test('the best is of succeeded runs, by the settings’ direction, and may be more than one', () => {
		const runs = [at(1, { rows: 5 }), at(2, { rows: 5 }), at(3, { rows: 9 }, failed), at(4, { rows: 1 })]
		const best = (direction: 'lower' | 'higher') =>
			rowsOf(runTable(runs, { rows: direction }))
				.filter(({ isBest: [is] }) => is)
				.map(({ run }) => run.id)
		expect(best('higher')).toEqual(['r2', 'r1'])
		expect(best('lower')).toEqual(['r4'])
		expect(runTable([at(3, { mase: 9 }, failed)]).columns[0]).toMatchObject({ best: null })
	})

	test.each([
		['best first, lower', { by: { metric: 'mase' } }, ['r2', 'r3', 'r1', 'r4']],
		['worst first, lower', { by: { metric: 'mase' }, reversed: true }, ['r1', 'r3', 'r2', 'r4']],
		['best first, higher', { by: { metric: 'acc' } }, ['r1', 'r4', 'r3', 'r2']],
		['greatest first where no direction is known', { by: { metric: 'rows' } }, ['r3', 'r1', 'r4', 'r2']],
		['oldest first', { by: 'started', reversed: true }, ['r1', 'r2', 'r3', 'r4']],
		['by what is not there: newest first', { by: { metric: 'none' } }, ['r4', 'r3', 'r2', 'r1']],
	] as const)('sorted %s', (_name, sort, expected) => {
		const runs = [
			at(1, { mase: 3, acc: 0.9, rows: 2 }),
			at(2, { mase: 1 }),
			at(3, { mase: 2, rows: 7 }),
			at(4, { acc: 0.1, rows: 1 }),
		]
		expect(ids(runTable(runs, {}, sort))).toEqual(expected)
	})

	test('runs of a series are one group, also those of it that measured nothing', () => {
		const set = (horizon: string, more: Partial<Run> = {}) => ({
			series: 's',
			parameters: { horizon, seed: '1' },
			...more,
		})
		const table = runTable([
			at(1, { mase: 3 }, set('24')),
			at(2, null, set('48', failed)),
			at(3, { mase: 2 }),
			at(4, { mase: 1 }, set('96')),
			at(5, null, { series: 'none of it' }),
		])
		expect(table.groups.map(({ series, rows }) => [series, rows.map(({ run }) => run.id)])).toEqual([
			['s', ['r4', 'r2', 'r1']],
			[null, ['r3']],
		])
		expect(rowsOf(table).map(({ values }) => values)).toEqual([[1], [null], [3], [2]])
	})

	test('parameters that differ come first', () => {
		const table = runTable([
			at(1, { a: 1 }, { parameters: { model: 'tirex', horizon: '24' } }),
			at(2, { a: 1 }, { parameters: { model: 'tirex', horizon: '48', seed: '1' } }),
		])
		expect(table).toMatchObject({ parameters: ['horizon', 'seed', 'model'], differing: 2 })
	})

	test('a metric may be named as what every object has', () => {
		const table = runTable([at(1, { constructor: 1 } as unknown as Run['metrics']), at(2, { mase: 2 })])
		expect(rowsOf(table).map(({ values }) => values)).toEqual([
			[2, null],
			[null, 1],
		])
	})

	test('parameters in words', () => {
		const run = { parameters: { horizon: '24', seed: '1' } }
		expect(parameterWords(run)).toBe('horizon=24 seed=1')
		expect(parameterWords(run, ['seed', 'other', 'toString'])).toBe('seed=1')
	})
})

/** A reader of CSV by RFC 4180, written for these tests alone; throws for what the RFC does not allow. */
function readCsv(text: string): string[][] {
	const rows: string[][] = []
	let at = 0
	while (at < text.length) {
		const row: string[] = []
		for (;;) {
			const rest = text.slice(at)
			const [cell, quoted, plain] = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))/.exec(rest) ?? []
			if (cell === undefined) throw new Error('no cell')
			row.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'))
			at += cell.length
			if (text[at] === ',') at += 1
			else if (text.startsWith('\r\n', at)) break
			else throw new Error(`neither comma nor line end at ${at}`)
		}
		at += 2
		rows.push(row)
	}
	return rows
}

describe('the table as CSV', () => {
	test('in whole', () => {
		const runs = [
			at(1, { mase: 0.5, 'a "b", c': 1e-7 }, { parameters: { set: 'x,y\nz' }, series: 's' }),
			at(2, { mase: -1 }),
		]
		expect(runCsv(runTable(runs))).toBe(
			[
				'run,series,workstation,branch,commit,started,outcome,param:set,mase,"a ""b"", c"',
				'r2,,lab,gpu-validation,41d07e2,2023-11-14T22:15:20.000Z,succeeded,,-1,',
				'r1,s,lab,gpu-validation,41d07e2,2023-11-14T22:14:20.000Z,succeeded,"x,y\nz",0.5,1e-7',
				'',
			].join('\r\n'),
		)
	})

	test.each([
		['=1+1', `"'=1+1"`],
		['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
		['+cmd|x', `"'+cmd|x"`],
		['@SUM(A1)', `"'@SUM(A1)"`],
		['-x', `"'-x"`],
		['-1+1', `"'-1+1"`],
		['\t=1', `"'\t=1"`],
		[' =1', `"' =1"`],
		['-1.5e-3', '-1.5e-3'],
		['+2', '+2'],
		['a=b', 'a=b'],
		['a,b', '"a,b"'],
		['', ''],
		[' x ', '" x "'],
	])('the cell %j is %j', (text, cell) => expect(csvCell(text)).toBe(cell))

	const ownText = (texts: Record<string, string>, name: string) =>
		Object.hasOwn(texts, name) ? (texts[name] ?? '') : ''
	const text = fc.string({ unit: 'grapheme', maxLength: 12 })
	const nasty = fc.oneof(text, fc.stringMatching(/^[=+\-@\t\r\n ",;'0-9a.]{0,8}$/))
	const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer())
	const anyRun = fc.record({
		parameters: fc.dictionary(nasty, nasty, { maxKeys: 4 }),
		metrics: fc.dictionary(nasty, number, { minKeys: 1, maxKeys: 5 }),
		branch: nasty,
		series: fc.option(nasty),
	})

	test('comes back out of a reader as it went in, but for the mark against formulas', () => {
		fc.assert(
			fc.property(fc.array(anyRun, { minLength: 1, maxLength: 6 }), (parts) => {
				const table = runTable(parts.map((part, index) => at(index, part.metrics, part)))
				const [header = [], ...rows] = readCsv(runCsv(table))
				const same = (cell: string | undefined, meant: string) =>
					expect(
						cell === `'${meant}` && /^[\s=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/u.test(meant) ? meant : cell,
					).toBe(meant)
				const first = 7 + table.parameters.length
				for (const [at, { name }] of table.columns.entries()) same(header[first + at], name)
				expect(rows).toHaveLength(parts.length)
				for (const [index, { run, values }] of rowsOf(table).entries()) {
					const row = rows[index] ?? []
					expect(row).toHaveLength(header.length)
					expect(row[0]).toBe(run.id)
					same(row[1], run.series ?? '')
					same(row[3], run.branch)
					for (const [at, name] of table.parameters.entries())
						same(row[7 + at], ownText(run.parameters, name))
					const numbers = row.slice(first).map((cell) => (cell === '' ? null : Number(cell)))
					expect(numbers).toEqual(values.map((value) => (value === null ? null : value + 0)))
				}
			}),
			{ numRuns: 300 },
		)
	})

	test('no cell is a formula', () => {
		fc.assert(
			fc.property(nasty, (cell) => {
				const [[read = ''] = []] = readCsv(`${csvCell(cell)}\r\n`)
				expect(/^\s*[=+\-@]/.test(read) && !Number.isFinite(Number(read))).toBe(false)
			}),
			{ numRuns: 500 },
		)
	})
})
