import { describe, expect, test } from 'vitest'
import { configSchema, type ProjectConfig, type WorkstationConfig } from '../../../src/contract/config.ts'
import { runnerOf, startFields } from '../../../src/engine/runs/runners.ts'
import type { RunRequest } from '../../../src/engine/runs/runs.ts'
import { seriesArguments } from '../../../src/engine/runs/series.ts'
import { reasonWords, slurmProblem, takenOptions } from '../../../src/engine/runs/slurm.ts'

function settings(workstation: object, project: object): [ProjectConfig, WorkstationConfig] {
	const config = configSchema.parse({
		workstations: [{ name: 'lab', ssh: { host: 'lab' }, ...workstation }],
		projects: [
			{
				...{ name: 'nt', workstation: 'lab', local: '~/nt', remote: '~/nt' },
				validation: { command: 'make' },
				...project,
			},
		],
	})
	const [first, lab] = [config.projects[0], config.workstations[0]]
	if (!first || !lab) throw new Error('not there')
	return [first, lab]
}

describe('the runner', () => {
	const none = { options: [] }
	test.each([
		[{}, {}, { kind: 'tmux', slurm: null }],
		[{ runner: 'detached' }, {}, { kind: 'detached', slurm: null }],
		[{ runner: 'detached' }, { runner: 'tmux' }, { kind: 'tmux', slurm: null }],
		[{ runner: 'slurm' }, {}, { kind: 'slurm', slurm: null }],
		[{ runner: 'slurm', slurm: { gres: 'gpu:1' } }, {}, { kind: 'slurm', slurm: { ...none, gres: 'gpu:1' } }],
		[
			{ runner: 'slurm', slurm: { gres: 'gpu:1' } },
			{ slurm: { partition: 'a' } },
			{ kind: 'slurm', slurm: { ...none, partition: 'a' } },
		],
		[{ slurm: { gres: 'gpu:1' } }, {}, { kind: 'tmux', slurm: null }],
		// Named for the project itself, it is meant.
		[{}, { runner: 'tmux', slurm: { gres: 'gpu:1' } }, { kind: 'tmux', slurm: null }],
	])('workstation %j, project %j', (workstation, project, choice) => {
		expect(runnerOf(...settings(workstation, project))).toEqual(choice)
	})

	test.each([
		[{}, { slurm: { gres: 'gpu:1', partition: 'a' } }, 'tmux', 'partition, gres'],
		[{ runner: 'detached' }, { slurm: {} }, 'a detached process', 'settings'],
		[{ runner: 'slurm' }, { slurm: { options: ['--array=1-3', '--exclusive'] } }, 'Slurm', '--array=1-3 in'],
	])('workstation %j cannot do project %j', (workstation, project, runner, what) => {
		expect(() => runnerOf(...settings(workstation, project))).toThrow(
			expect.objectContaining({
				problem: expect.objectContaining({
					code: 'runner-cannot',
					facts: { runner, what: expect.stringContaining(what) },
				}),
			}),
		)
	})

	test.each([
		['--array=0-3', true],
		['--arr=0-3', true],
		['-a0-3', true],
		['-a', true],
		['--output=/tmp/x', true],
		['--requeue', true],
		['--wrap=rm', true],
		['-J', true],
		['--partition=gpu', false],
		['--constraint=a100', false],
		['--mem=8G', false],
		['--time=10', false],
		['-t10', false],
		['--exclusive', false],
		['--wckey=x', false],
	])('%s is Hawser’s own: %s', (option, taken) => {
		expect(takenOptions([option])).toEqual(taken ? [option] : [])
	})
})

const request: RunRequest = {
	...{
		id: 'a',
		project: 'nt',
		workstation: 'lab',
		folder: '~/nt',
		branch: 'b',
		commit: 'c',
		command: 'make',
	},
	metrics: ['results/*.json'],
	runner: 'slurm',
}

describe('what a start says to the workstation', () => {
	test('a line for each thing; what is not asked for is not said', () => {
		expect(startFields(request)).toEqual([
			...['project nt', 'folder ~/nt', 'branch b', 'commit c', 'command make', 'glob results/*.json'],
		])
		expect(
			startFields({
				...request,
				parameters: { seed: '1', name: 'a b' },
				environment: { X: '' },
				series: 's',
				limitMs: 60_001,
				anyway: true,
				slurm: { partition: 'p', account: 'acc', gres: 'gpu:2', atOnce: 3, options: ['--mem=8G'] },
			}),
		).toEqual(
			expect.arrayContaining([
				...['param seed 1', 'param name a b', 'env X ', 'series s', 'limit 60001', 'anyway yes', 'at-once 3'],
				// Whole minutes, and one more: the wrapper's own limit comes first.
				...['option --partition=p', 'option --account=acc', 'option --gres=gpu:2', 'option --time=3'],
				'option --mem=8G',
			]),
		)
	})

	test('the runs of a series share a worktree: one at a time, unless the settings say more', () => {
		expect(startFields({ ...request, series: 's' })).toContain('at-once 1')
		expect(startFields({ ...request, series: 's', slurm: { gres: 'gpu:1', options: [] } })).toContain(
			'at-once 1',
		)
	})

	test('other runners are told nothing of Slurm', () => {
		const fields = startFields({
			...request,
			runner: 'tmux',
			limitMs: 5,
			slurm: { gres: 'gpu:1', options: [] },
		})
		expect(fields.filter((field) => /^(option|at-once)/.test(field))).toEqual([])
	})

	test('a series says once what its runs share', () => {
		const requests = ['1', '2'].map((seed) => ({
			...request,
			id: `r${seed}`,
			command: `make ${seed}`,
			parameters: { seed },
		}))
		const [series, runner, , , ...fields] = seriesArguments(requests, 's')
		expect([series, runner]).toEqual(['s', 'slurm'])
		expect(fields).toEqual([
			...[
				'project nt',
				'folder ~/nt',
				'branch b',
				'commit c',
				'series s',
				'glob results/*.json',
				'at-once 1',
			],
			...['run r1', 'command make 1', 'param seed 1'],
			...['run r2', 'command make 2', 'param seed 2'],
		])
	})
})

test.each([
	['slurm missing sbatch\n', 'slurm-missing', { tool: 'sbatch' }],
	['x\nslurm refused Invalid account\n', 'slurm-refused', { said: 'Invalid account' }],
	['slurm refused \n', 'slurm-refused', { said: 'nothing' }],
	['slurm silent\n', 'slurm-silent', {}],
])('%j', (output, code, facts) => {
	expect(slurmProblem(output)).toMatchObject({ code, facts })
})

test('another complaint is none of Slurm', () => {
	expect(slurmProblem('refused slurm missing\nslurm  odd')).toBeNull()
})

test.each([
	['Resources', 'for free resources (Resources)'],
	[
		'ReqNodeNotAvail, UnavailableNodes:n1',
		'for nodes that are not available (ReqNodeNotAvail, UnavailableNodes:n1)',
	],
	['None', 'in the queue'],
	['', 'in the queue'],
	['constructor', 'constructor'],
	['QOSSomethingNew', 'QOSSomethingNew'],
])('%j waits %s', (reason, words) => {
	expect(reasonWords(reason)).toBe(words)
})
