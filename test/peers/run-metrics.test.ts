import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { scriptText } from '../../src/engine/remote/script.ts'
import { parseRuns } from '../../src/engine/runs/run-records.ts'

/** The awks of this machine: they differ where a script is careless. */
const awks = ['mawk', 'gawk', 'original-awk', 'busybox'].flatMap((name) => {
	const found = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
	const at = found.find((path) => existsSync(path))
	return at === undefined ? [] : [{ name, at }]
})
const usual = { name: 'awk', at: null }
/** Five files of 1 MiB, the biggest that are read, take no more of a processor than this (s). */
const mostSeconds = 20

let top: string
beforeEach(async () => {
	top = await mkdtemp(join(tmpdir(), 'hawser-metrics-'))
	for (const folder of ['run/metrics', 'work/results', 'bin'])
		await mkdir(join(top, folder), { recursive: true })
	await writeFile(join(top, 'run/stamp'), '')
	await utimes(join(top, 'run/stamp'), new Date(), new Date(Date.now() - 5000))
})
afterEach(() => rm(top, { recursive: true, force: true }))

const write = (name: string, text: string | Buffer) => writeFile(join(top, 'work/results', name), text)

/** Collects as the wrapper does. Returns what a laptop reads of it. */
async function collect(globs: string[], awk: { name: string; at: string | null } = usual) {
	if (awk.at !== null) await symlink(awk.at, join(top, 'bin/awk')).catch(() => {})
	const script = `${scriptText('lib')}
${scriptText('run-metrics')}
dir=$1 folder=$2
shift 2
for glob; do collect "$glob"; done
times >"$HOME/times"`
	const PATH = `${join(top, 'bin')}:${process.env.PATH}`
	const errors = execFileSync(
		'sh',
		['-c', `${script}\n`, 'sh', join(top, 'run'), join(top, 'work'), ...globs],
		{
			env: { ...process.env, PATH, HOME: top },
			encoding: 'utf8',
			stdio: ['ignore', 'pipe', 'inherit'],
			timeout: 120_000,
		},
	)
	expect(errors).toBe('')
	const numbers = await readFile(join(top, 'run/metrics/numbers'), 'utf8').catch(() => '')
	const lines = numbers.split('\n').filter(Boolean)
	const record = ['run.begin r', 'run.started 1', ...lines.map((line) => `run.${line}`), 'run.end 0']
	return parseRuns(record.join('\n'), 'lab', 1)[0]?.metrics ?? null
}

/** What the last collecting took of a processor: the second line of `times` (POSIX) is of its children, `0m1.5s 0m0.1s`. */
async function secondsUsed(): Promise<number> {
	const line = (await readFile(join(top, 'times'), 'utf8')).split('\n')[1] ?? ''
	const parts = [...line.matchAll(/(\d+)m([\d.]+)s/g)]
	expect(parts).toHaveLength(2)
	return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0)
}

const json = async (text: string, awk = usual as (typeof awks)[number] | typeof usual) => {
	await write('m.json', text)
	return await collect(['results/*.json'], awk)
}
const csv = async (text: string | Buffer, awk = usual as (typeof awks)[number] | typeof usual) => {
	await write('m.csv', text)
	return await collect(['results/*.csv'], awk)
}

describe.each([usual, ...awks])('by $name', (awk) => {
	test.each<[string, string, Record<string, number> | null]>([
		['flat', '{"mase": 0.83, "rows":12,\n"neg" : -1.5e-3}', { mase: 0.83, rows: 12, neg: -0.0015 }],
		['nested', '{"a":{"b":{"c":1},"d":2},"e":3}', { 'a.b.c': 1, 'a.d': 2, e: 3 }],
		['with arrays', '{"a":[1,{"x":2},[{"y":3}]],"b":{"c":[{"z":1}],"d":4}}', { 'b.d': 4 }],
		[
			'with what is no number',
			'{"a":"1","b":null,"c":true,"d":NaN,"e":-Infinity,"f":1e999,"g":007,"h":0}',
			{ h: 0 },
		],
		['with quotes and braces in names', '{"a\\"},{":1,"b\\\\":{"c:[":2}}', { 'a"},{': 1, 'b\\.c:[': 2 }],
		['with braces in texts', '{"t":"}],{\\"x\\":9,","a":1}', { a: 1 }],
		[
			'six deep, not seven',
			'{"1":{"2":{"3":{"4":{"5":{"6":6,"7":{"8":7}},"x":5}}}}}',
			{
				'1.2.3.4.5.6': 6,
				'1.2.3.4.x': 5,
			},
		],
		['cut off', '{"a":1,"b":{"c":2,"d":3', { a: 1, 'b.c': 2 }],
		['an array', '[{"a":1}]', null],
		['a number', '5', null],
		['nothing', '', null],
		[
			'a line each, the last wins',
			'{"epoch":1,"loss":0.5}\n{"epoch":2,"loss":0.4}\n',
			{ epoch: 2, loss: 0.4 },
		],
		['not in ASCII', '{"größe":{"µ":1}}', { 'größe.µ': 1 }],
		['no JSON at all', 'a,b}}}]]{"x":::,,1 "y" 2}', null],
	])('JSON that is %s', async (_name, text, expected) => {
		expect(await json(text, awk)).toEqual(expected)
	})

	test.each<[string, string, Record<string, number> | null]>([
		['has the last row', 'epoch,loss\n1,0.5\n2,0.4\n', { epoch: 2, loss: 0.4 }],
		['has no line end at its end', 'a,b\n1,2', { a: 1, b: 2 }],
		['has CRLF and a byte order mark', '\uFEFFa,b\r\n1,2\r\n', { a: 1, b: 2 }],
		['has quotes', '"a ""x"", y",b\n"1","line\nbreak, ""q"""\n" 2 ",3\n', { 'a "x", y': 2, b: 3 }],
		['has semicolons', 'a;"b,c"\n1;2\n', { a: 1, 'b,c': 2 }],
		['has tabs', 'a\tb;c\n1\t2\n', { a: 1, 'b;c': 2 }],
		['has empty cells: the last that is there', 'a,b,c\n1,2,3\n4,,\n', { a: 4, b: 2, c: 3 }],
		['ends in what is no number', 'a,b,c\n1,2,3\nnan,x,inf\n', null],
		['has one column', 'mase\n0.5\n0.4\n', { mase: 0.4 }],
		[
			'has other ways to write a number',
			'a,b,c,d,e\n+1,.5,5.,1E3,-.5\n',
			{ a: 1, b: 0.5, c: 5, d: 1000, e: -0.5 },
		],
		['has rows of other lengths', 'a,b\n1,2,3\n4\n', { a: 4, b: 2 }],
		['has no header', '1,2\n3,4\n', null],
		['has a header alone', 'a,b\n', null],
		['has an index without a name', ',a\n0,1\n', { a: 1 }],
		['has names and values', 'Metric,Value\nMASE,0.8\n"a, b",2\nMASE,0.7\nx,y\n', { MASE: 0.7, 'a, b': 2 }],
		['has name and value in other columns', 'unit;value;name\n%;5;acc\n', { acc: 5 }],
		['has a value and no name', 'value,a\n5,6\n', { value: 5, a: 6 }],
		['has empty lines', '\n\na,b\n\n1,2\n\n', { a: 1, b: 2 }],
		['is empty', '', null],
	])('CSV that %s', async (_name, text, expected) => {
		expect(await csv(text, awk)).toEqual(expected)
	})

	test('a file as big as is read takes a time in proportion, whatever is in it', async () => {
		const size = 1_048_576
		const files: Record<string, string> = {
			'open.json': '{'.repeat(size),
			'text.json': `{"s":"${'\\\\'.repeat(size / 2 - 20)}","z":1}`,
			'name.json': `{"${'n'.repeat(size - 40)}":1,"y":2}`,
			'array.json': `{"a":[${'1,'.repeat(size / 2 - 20)}1],"x":3}`,
			'quotes.csv': `a,b\n"${'""'.repeat(size / 2 - 20)}",5\n`,
		}
		for (const [name, text] of Object.entries(files)) await write(name, text)
		expect(await collect(['results/*'], awk)).toEqual({ z: 1, y: 2, x: 3, b: 5 })
		const used = await secondsUsed()
		expect(used).toBeLessThan(mostSeconds)
	}, 180_000)
})

test('any JSON object: as JavaScript reads it', async () => {
	// Without backslashes: where V8 (Node 24.21) has read a key that ends in one, JSON.parse takes others for it.
	const key = fc.oneof(
		fc.stringMatching(/^[a-z{}[\]:," ]{1,6}$/),
		fc.string({ minLength: 1, maxLength: 5, unit: 'binary-ascii' }).map((text) => text.replaceAll('\\', '/')),
	)
	const leaf = fc.oneof(
		fc.double({ noNaN: true, noDefaultInfinity: true }),
		fc.integer(),
		fc.stringMatching(/^[{}[\]:,"\\ 0-9]{0,9}$/),
		fc.constantFrom(null, true, [1, { a: 2 }], []),
	)
	const { tree } = fc.letrec((tie) => ({
		tree: fc.oneof({ maxDepth: 4 }, leaf, tie('node')),
		node: fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
	}))
	const flatten = (value: unknown, path: string, depth: number, into: Map<string, number>) => {
		if (typeof value === 'number') into.set(path, value)
		else if (value !== null && typeof value === 'object' && !Array.isArray(value) && depth < 6)
			for (const [name, inner] of Object.entries(value))
				flatten(inner, depth === 0 ? name : `${path}.${name}`, depth + 1, into)
		return into
	}
	await fc.assert(
		fc.asyncProperty(
			fc.dictionary(key, tree, { maxKeys: 6 }),
			fc.constantFrom(undefined, 1),
			async (value, indent) => {
				await rm(join(top, 'run/metrics'), { recursive: true })
				await mkdir(join(top, 'run/metrics'))
				// As JSON writes it: it has no -0.
				const read: unknown = JSON.parse(JSON.stringify(value))
				const expected = [...flatten(read, '', 0, new Map())].filter(
					([name]) => name !== '__proto__' && JSON.stringify(name).length <= 102,
				)
				const found = Object.entries((await json(JSON.stringify(value, null, indent))) ?? {})
				expect(new Map(found)).toEqual(new Map(expected))
			},
		),
		{ numRuns: 60 },
	)
}, 120_000)

describe('what is taken', () => {
	test('the last of a name wins, from file to file, JSON and CSV', async () => {
		await write('1.json', '{"a":1,"b":1}')
		await write('2.csv', 'b,c\n2,2\n')
		await write('3.json', '{"c":3}')
		expect(await collect(['results/*'])).toEqual({ a: 1, b: 2, c: 3 })
		expect((await readdir(join(top, 'run/metrics'))).sort()).toEqual([
			'100.json',
			'102.csv',
			'103.json',
			'numbers',
		])
	})

	test('at most 200 numbers, and names of at most 100 bytes', async () => {
		const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`m${at}`, at]))
		await write('1.json', JSON.stringify({ ['n'.repeat(101)]: 1, ['y'.repeat(100)]: 2, ...many }))
		await write('2.json', '{"late":1,"m0":7}')
		const found = (await collect(['results/*'])) ?? {}
		expect(Object.keys(found)).toHaveLength(200)
		expect(found).toMatchObject({ ['y'.repeat(100)]: 2, m0: 7, m198: 198 })
		expect(found).not.toHaveProperty('late')
	})

	test('nothing older than the run’s start, and nothing too big', async () => {
		await write('big.json', `{"big":1,"x":"${'x'.repeat(1_048_576)}"}`)
		await write('old.json', '{"old":1}')
		await utimes(join(top, 'work/results/old.json'), new Date(), new Date(Date.now() - 60_000))
		await write('new.json', '{"new":1}')
		expect(await collect(['results/*.json', 'results/**/*.csv', 'no such/*'])).toEqual({ new: 1 })
	})

	test('8 MiB of them in all', async () => {
		for (let at = 1; at <= 9; at++) await write(`${at}.json`, `{"f${at}":1,"x":"${'x'.repeat(1_000_000)}"}`)
		const found = Object.keys((await collect(['results/*.json'])) ?? {})
		expect(found).toEqual(['f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7', 'f8'])
	})

	test('names that a shell would read otherwise', async () => {
		await write('-rf "$(x)` \\n*.JSON', '{"a":1}')
		await write('x y.TSV', 'b\n2\n')
		expect(await collect(['results/*'])).toEqual({ a: 1, b: 2 })
	})
})
