import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../../src/contract/client.ts'
import { parseLog } from '../../../src/engine/git/local.ts'
import { parseRecords, problemsIn, resultOf } from '../../../src/engine/git/records.ts'
import { parseRemote } from '../../../src/engine/git/remote.ts'

describe('records', () => {
	test('a problem keeps its facts; files are a list, and a name may hold = and a line break', () => {
		const text = 'problem\ttree-dirty\tside=The laptop\tfiles=a=b\tfiles=two\u0001lines\n'
		expect(problemsIn(parseRecords(text))).toMatchObject([
			{ code: 'tree-dirty', facts: { side: 'The laptop', files: ['a=b', 'two\nlines'] } },
		])
	})

	test('an unknown code is no problem of ours', () => {
		expect(problemsIn(parseRecords('problem\tnonsense\tside=x\n'))).toEqual([])
	})

	test('a result is its fields', () => {
		expect(resultOf('git-up', { code: 0, stdout: 'identity\tme\nresult\tabc\tdef\n' }).fields).toEqual([
			'abc',
			'def',
		])
	})

	test.each([
		['the problem that was named', { code: 10, stdout: 'problem\tdiverged\tbranch=x\n' }, 'diverged'],
		['an end without a word', { code: 2, stdout: '', stderr: 'sh: broken' }, 'remote-failed'],
		['a signal', { code: null, signal: 'KILL', stdout: '' }, 'remote-killed'],
	])('%s is thrown', (_title, ended, code) => {
		const thrown = (() => {
			try {
				return resultOf('git-up', ended)
			} catch (error) {
				return error
			}
		})()
		expect(thrown).toBeInstanceOf(ProblemError)
		expect(thrown).toMatchObject({ problem: { code } })
	})
})

describe('parseRemote', () => {
	test('reads a clone as the script prints it', () => {
		const stdout = [
			'git.version\t2.39.5 (Apple Git-154)',
			'git.path\t/home/a b/nt',
			'git.ref\tbase\tb1',
			'git.ref\tvalidation\tv2',
			'git.line\tv2 v1 b1',
			'git.line\tv1',
			'git.commit\tv2\t1700000000\tA Person\tResults:\twith a tab',
			'git.base-commit\tb1\t1700000000\tA Person\tBy hand',
			'git.base-count\t7',
			'git.stashes\t2',
			'git.tree\t/home/a b/nt\trebase\t',
			'git.tree\t/home/a b/nt-gpu\t\tdetached',
			'git.lock\t/home/a b/nt-gpu\t/home/a b/nt/.git/worktrees/nt-gpu/index.lock\tgit (process 42)',
			'git.changed\ta "quoted" name',
			'git.changed-count\t1',
			'git.untracked\tnew \u0001 name',
			'git.untracked-count\t300',
			'git.size\t12 results/a b.json',
			'git.result\tresults/a b.json',
			'git.result-count\t1',
			'git.ongoing\trebase\t/home/a b/nt',
			'',
		].join('\n')
		expect(parseRemote(stdout, 0)).toEqual({
			path: '/home/a b/nt',
			gitVersion: '2.39.5 (Apple Git-154)',
			base: 'b1',
			validation: 'v2',
			hubBase: null,
			hubValidation: null,
			incoming: null,
			changedFiles: ['a "quoted" name'],
			changedCount: 1,
			untracked: { files: ['new \n name'], count: 300 },
			cloneChangedFiles: [],
			resultFiles: ['results/a b.json'],
			resultCount: 1,
			resultMark: '',
			resultSizes: { 'results/a b.json': 12 },
			trees: [
				{ path: '/home/a b/nt', detached: false, ongoing: 'rebase', lock: null },
				{
					path: '/home/a b/nt-gpu',
					detached: true,
					ongoing: null,
					lock: { path: '/home/a b/nt/.git/worktrees/nt-gpu/index.lock', owner: 'git (process 42)' },
				},
			],
			stashes: 2,
			ongoing: { what: 'rebase', path: '/home/a b/nt' },
			journal: null,
			line: [
				{ id: 'v2', parents: ['v1', 'b1'] },
				{ id: 'v1', parents: [] },
			],
			commits: [{ id: 'v2', at: 1_700_000_000_000, author: 'A Person', subject: 'Results:\twith a tab' }],
			baseCommits: [{ id: 'b1', at: 1_700_000_000_000, author: 'A Person', subject: 'By hand' }],
			baseCount: 7,
			problem: null,
		})
	})

	test('what is missing is a fact', () => {
		const facts = parseRemote('git.version\t2.50.1\nproblem\trepository-missing\tpath=~/nt\n', 10)
		expect(facts).toMatchObject({ path: null, base: null, problem: { code: 'repository-missing' } })
	})

	test('an end without a word is a failure', () => {
		expect(() => parseRemote('git.version\t2.50.1\n', 1)).toThrow(ProblemError)
	})
})

test('parseLog reads merges, roots and any subject', () => {
	const entry = (...fields: string[]) => fields.join('\u001f')
	const text = [entry('c', 'a b', '10', 'Ü Person', 'A "subject"'), entry('a', '', '5', 'x', '')].join('\0')
	expect(parseLog(text)).toEqual([
		{ id: 'c', parents: ['a', 'b'], at: 10_000, author: 'Ü Person', subject: 'A "subject"' },
		{ id: 'a', parents: [], at: 5000, author: 'x', subject: '' },
	])
})
