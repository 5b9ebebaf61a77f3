import { describe, expect, test } from 'vitest'
import type { Plan } from '../../../src/contract/code.ts'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { finished } from './call.ts'
import { commit, outcome, state } from './states.ts'

const plan = (over: Partial<Plan> = {}): Plan => ({
	id: 'c0ffee00c0ffee00c0ffee00',
	kind: 'up',
	project: 'nt',
	at: 0,
	steps: [],
	conflicts: [],
	notes: [],
	problem: null,
	...over,
})

const withSteps = plan({
	steps: [
		{
			id: 'up-push',
			machine: 'hub',
			title: 'Push master to origin',
			commits: {
				count: 23,
				commits: [commit('aa'), { ...commit('bb'), subject: 'red \u001b[31mtext\nhere' }],
			},
			files: [],
			fileCount: 0,
		},
		{
			id: 'up-merge',
			machine: 'workstation',
			title: 'Fast-forward master, merge it into gpu-validation',
			commits: null,
			files: [
				{ path: 'new.py', change: 'added' },
				{ path: 'model.py', change: 'modified' },
				{ path: 'old file.py', change: 'deleted' },
			],
			fileCount: 120,
		},
	],
	notes: ['The workstation cannot reach the hub: the commits go there over the link.'],
})

/** An engine that gives that plan and remembers what it was asked. */
function planning(answer: Plan) {
	const asked: [string, unknown][] = []
	const remember = (name: string) => (input: unknown) => {
		asked.push([name, input])
		return { operation: 'op' }
	}
	const engine = new FakeEngine(
		{
			preview: (input) => {
				asked.push(['preview', input])
				return answer
			},
			up: remember('up'),
			back: remember('back'),
			undo: remember('undo'),
			waitOperation: () => outcome(),
		},
		state(),
	)
	return { engine, asked }
}

describe('a preview', () => {
	test('says what would happen on which machine, and changes nothing', async () => {
		const { engine, asked } = planning(withSteps)
		const { code, text } = await finished(engine, ['up', '--dry-run'])
		expect(text).toMatchInlineSnapshot(`
			"hub: Push master to origin
			    aa000000 Change aa
			    bb000000 red text here
			    and 21 more commits
			workstation: Fast-forward master, merge it into gpu-validation
			    + new.py
			    ~ model.py
			    − old file.py
			    and 117 more files
			The workstation cannot reach the hub: the commits go there over the link.
			Nothing was changed. With --plan c0ffee00c0ff it is done only as shown here.
			"
		`)
		expect(code).toBe(0)
		expect(asked).toEqual([['preview', { kind: 'up' }]])
	})

	test('with nothing to do', async () => {
		const { engine } = planning(plan())
		expect((await finished(engine, ['back', '-n'])).text).toContain('everything is there already')
	})

	test('that is stopped lists the conflicts with the commits of both sides', async () => {
		const conflict = problem('conflict', { from: 'master', into: 'gpu-validation', files: ['model.py'] })
		const { engine } = planning(
			plan({
				problem: conflict,
				conflicts: [{ path: 'model.py', laptop: [commit('aa')], workstation: [commit('bb')] }],
			}),
		)
		const { code, text, error } = await finished(engine, ['up', '-n'])
		expect(text).toMatchInlineSnapshot(`
			"conflict: model.py
			    laptop: aa000000 Change aa
			    workstation: bb000000 Change bb
			"
		`)
		expect(error).toContain(conflict.title)
		expect(code).not.toBe(0)
	})

	test('as JSON is the plan itself', async () => {
		const { engine } = planning(withSteps)
		const { text } = await finished(engine, ['up', '-n', '--json'])
		expect(JSON.parse(text)).toEqual(withSteps)
	})
})

describe('bound to a preview', () => {
	test('the beginning of its id stands for all of it', async () => {
		const { engine, asked } = planning(withSteps)
		await finished(engine, ['up', '--plan', 'c0ffee00c0ff', '--wait'])
		expect(asked.at(-1)).toEqual(['up', { plan: withSteps.id }])
	})

	test.each(['deadbeefdead', 'c0'])('%s is left for the engine to refuse', async (id) => {
		const { engine, asked } = planning(withSteps)
		await finished(engine, ['undo', '--plan', id, '--wait'])
		expect(asked.at(-1)).toEqual(['undo', { plan: id }])
	})
})

describe('wishes', () => {
	test('a commit of the changed files, and whose version is taken', async () => {
		const { engine, asked } = planning(withSteps)
		const words = ['-m', 'A "message"', '--untracked', '--take', 'laptop:a b:c', '--take', 'workstation:-x']
		await finished(engine, ['up', '--wait', ...words])
		const take = { 'a b:c': 'laptop', '-x': 'workstation' }
		expect(asked.at(-1)).toEqual(['up', { commit: { message: 'A "message"', untracked: true }, take }])
	})

	test('results of any size', async () => {
		const { engine, asked } = planning(withSteps)
		await finished(engine, ['back', '--big', '--wait'])
		expect(asked.at(-1)).toEqual(['back', { big: true }])
	})

	test.each([
		[['up', '--untracked'], '--untracked goes with --commit'],
		[['up', '--take', 'mine:x'], 'say laptop:FILE or workstation:FILE'],
		[['back', '--take', 'laptop:'], 'say laptop:FILE or workstation:FILE'],
	])('%j is refused', async (argv, words) => {
		const { engine, asked } = planning(withSteps)
		const { code, error } = await finished(engine, argv)
		expect(error).toContain(words)
		expect(code).not.toBe(0)
		expect(asked).toEqual([])
	})
})
