import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../../src/contract/client.ts'
import type { Worktree } from '../../../src/contract/code.ts'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { finished } from './call.ts'
import { state } from './states.ts'

const worktree = (over: Partial<Worktree> = {}): Worktree => ({
	machine: 'laptop',
	path: '/home/me/nt',
	branch: 'master',
	head: 'abcdef0123456789',
	main: false,
	validation: false,
	changedCount: 0,
	untrackedCount: 0,
	unpushedCount: 0,
	locked: false,
	missing: false,
	...over,
})

describe('worktree', () => {
	const worktrees = [
		worktree({ main: true, changedCount: 2, untrackedCount: 1 }),
		worktree({
			machine: 'workstation',
			path: '/home/u/nt-gpu\u001b[31m',
			branch: 'gpu-validation',
			validation: true,
		}),
		worktree({
			machine: 'workstation',
			path: '/home/u/x',
			branch: null,
			unpushedCount: 3,
			locked: true,
			missing: true,
		}),
	]
	const engine = () => new FakeEngine({ listWorktrees: () => ({ worktrees }) }, state())

	test.each([[['worktree']], [['worktree', 'list']], [['worktree', 'nt']]])('%j lists them', async (argv) => {
		const { code, text } = await finished(engine(), argv)
		expect(code).toBe(0)
		expect(text.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
			['laptop', '/home/me/nt', 'master', 'the repository itself, 2 changed, 1 untracked'],
			['workstation', '/home/u/nt-gpu', 'gpu-validation', 'validations run here'],
			['workstation', '/home/u/x', 'detached at abcdef01', 'its folder is gone, locked, 3 commits only here'],
			[''],
		])
	})

	test('as JSON', async () => {
		const { text } = await finished(engine(), ['worktree', '--json'])
		expect(JSON.parse(text)).toEqual({ worktrees })
	})
})

describe('worktree add', () => {
	test.each([
		[
			['../x', 'new'],
			{ machine: 'laptop', path: new URL('../x', `file://${process.cwd()}/`).pathname, branch: 'new' },
		],
		[['~/x', 'new', '--from', 'v1'], { machine: 'laptop', path: '~/x', branch: 'new', from: 'v1' }],
		[
			['x y', 'new', '--on', 'workstation', '--project', 'nt'],
			{ machine: 'workstation', path: 'x y', branch: 'new', project: 'nt' },
		],
	])('%j', async (argv, expected) => {
		const engine = new FakeEngine({ addWorktree: ({ path, branch }) => worktree({ path, branch }) }, state())
		const { code, text } = await finished(engine, ['worktree', 'add', ...argv])
		expect([code, text]).toEqual([0, `${expected.path} has new.\n`])
		expect(engine.asked.at(-1)).toEqual({ name: 'addWorktree', input: expected })
	})

	test('on a machine that there is not', async () => {
		const { code, error } = await finished(new FakeEngine({}, state()), [
			'worktree',
			'add',
			'x',
			'y',
			'--on',
			'hub',
		])
		expect(code).toBe(2)
		expect(error).toContain('laptop, workstation')
	})
})

describe('worktree remove', () => {
	test('says that the branch stays', async () => {
		const engine = new FakeEngine({ removeWorktree: () => ({}) }, state())
		const { code, text } = await finished(engine, ['worktree', 'remove', '/x'])
		expect([code, text]).toEqual([0, 'Removed /x. Its branch stays.\n'])
		const json = await finished(engine, ['worktree', 'remove', '/x', '--json'])
		expect(JSON.parse(json.text)).toEqual({ removed: { machine: 'laptop', path: '/x' } })
	})

	test('says what would be lost', async () => {
		const facts = { path: '/x', side: 'The laptop', lost: ['a (changed)', 'b (untracked)'] }
		const removeWorktree = () => {
			throw new ProblemError(problem('worktree-in-use', facts))
		}
		const { code, error } = await finished(new FakeEngine({ removeWorktree }, state()), [
			'worktree',
			'remove',
			'/x',
		])
		expect(code).not.toBe(0)
		expect(error).toContain('This would be lost: a (changed), b (untracked).')
	})
})

describe('worktree open', () => {
	test('hands over the folder as it is meant there, and says in what it is open', async () => {
		const asked: unknown[] = []
		const openInEditor = (input: unknown) => {
			asked.push(input)
			return { editor: 'Zed' }
		}
		const engine = new FakeEngine({ openInEditor }, state())
		const { code, text } = await finished(engine, ['worktree', 'open', 'a b'])
		expect([code, text]).toEqual([0, 'Opened in Zed.\n'])
		const far = await finished(engine, ['worktree', 'open', '~/nt-gpu', '--on', 'workstation', '--json'])
		expect(JSON.parse(far.text)).toEqual({ editor: 'Zed' })
		expect(asked).toEqual([
			{ machine: 'laptop', path: resolve('a b') },
			{ machine: 'workstation', path: '~/nt-gpu' },
		])
	})
})

describe('merge', () => {
	test('says where it is and how to go on', async () => {
		const prepared = {
			path: `/home/me/my nt-merge-1`,
			branch: 'hawser/merge-gpu-1',
			files: ['a b', `c\u001b[2J`],
		}
		const engine = new FakeEngine({ prepareMerge: () => prepared }, state())
		const { code, text } = await finished(engine, ['merge'])
		expect(code).toBe(0)
		expect(text).toMatchInlineSnapshot(`
			"The merge is begun at /home/me/my nt-merge-1, on the branch hawser/merge-gpu-1.
			To resolve there:
			  a b
			  c
			Then:
			  git -C '/home/me/my nt-merge-1' commit -a   unless that is done
			  git -C ~/nt merge hawser/merge-gpu-1   while master is checked out
			  hawser back, or hawser up, as before
			  hawser worktree remove '/home/me/my nt-merge-1'
			"
		`)
		expect(JSON.parse((await finished(engine, ['merge', '--json'])).text)).toEqual(prepared)
	})

	test('--open opens it, and says in what', async () => {
		const prepared = { path: '/home/me/nt-merge-1', branch: 'hawser/merge-gpu-1', files: ['a'] }
		const asked: unknown[] = []
		const openInEditor = (input: unknown) => {
			asked.push(input)
			return { editor: 'VS Code' }
		}
		const engine = new FakeEngine({ prepareMerge: () => prepared, openInEditor }, state())
		const { code, text } = await finished(engine, ['merge', '--open'])
		expect(code).toBe(0)
		expect(text).toMatch(/^The merge is begun at .*\nOpened in VS Code\.\n$/s)
		expect(asked).toEqual([{ machine: 'laptop', path: prepared.path }])
		const json = await finished(engine, ['merge', 'nt', '--open', '--json'])
		expect(JSON.parse(json.text)).toEqual({ ...prepared, editor: 'VS Code' })
		expect(asked.at(-1)).toEqual({ project: 'nt', machine: 'laptop', path: prepared.path })
	})

	test('an editor that does not open takes nothing back: the merge is told first', async () => {
		const prepared = { path: '/home/me/nt-merge-1', branch: 'hawser/merge-gpu-1', files: ['a'] }
		const openInEditor = () => {
			throw new ProblemError(problem('editor-missing', { path: prepared.path }))
		}
		const engine = new FakeEngine({ prepareMerge: () => prepared, openInEditor }, state())
		const { code, text, error } = await finished(engine, ['merge', '--open'])
		expect(code).toBe(4)
		expect(text).toContain('The merge is begun at /home/me/nt-merge-1')
		expect(error).toContain('No editor was found')
		const json = await finished(engine, ['merge', '--open', '--json'])
		expect(json.code).toBe(4)
		expect(JSON.parse(json.text)).toEqual(prepared)
	})

	test('nothing to merge opens nothing', async () => {
		const none = { path: '/home/me/nt', branch: 'master', files: [] }
		// Asked to open it would refuse: there is no such answer.
		const engine = new FakeEngine({ prepareMerge: () => none }, state())
		const { code, text } = await finished(engine, ['merge', '--open'])
		expect([code, text]).toEqual([0, 'There is nothing to merge: master has all of it.\n'])
	})

	test('says that there is nothing to merge', async () => {
		const engine = new FakeEngine(
			{ prepareMerge: () => ({ path: '/x', branch: 'master', files: [] }) },
			state(),
		)
		expect((await finished(engine, ['merge', 'nt'])).text).toBe(
			'There is nothing to merge: master has all of it.\n',
		)
	})
})
