import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codeOf } from './linked.ts'
import { git } from './repositories.ts'
import { sshdMissing } from './sshd.ts'
import { type AgentBed, agentBed, shows } from './stand-in-agent.ts'

if (sshdMissing) console.warn(`skipped: an agent’s work, for want of a server: ${sshdMissing}`)

const head = (folder: string, ref = 'HEAD') => git(folder, 'rev-parse', ref)
const refs = (folder: string) =>
	git(folder, 'for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads')
const makes = async (bed: AgentBed, ...files: string[]) => {
	await bed.engine.call('startAgent', {})
	for (const file of files) await bed.type(`commit ${file}`)
	await shows(bed, `wrote ${files.at(-1)}`)
}
const preview = (bed: AgentBed, take?: Record<string, 'laptop' | 'workstation'>) =>
	bed.engine.call('preview', { kind: 'agent', ...(take ? { take } : {}) })

describe.skipIf(sshdMissing)('an agent’s work', () => {
	test('is previewed, brought back as it was shown, and undone', async () => {
		const bed = await agentBed()
		await makes(bed, 'one.txt', 'two.txt')
		await bed.type('touch left.txt')
		await shows(bed, 'left left.txt')
		const before = await head(bed.laptop)
		const [hub, worktree] = [await refs(bed.hub), await head(bed.worktree)]
		const plan = await preview(bed)
		expect(plan).toMatchObject({ kind: 'agent', problem: null, conflicts: [] })
		expect(plan.steps).toMatchObject([
			{ machine: 'laptop', title: 'Merge agent into master', commits: { count: 2 }, fileCount: 2 },
		])
		expect(plan.notes).toEqual(['1 file is in no commit and stays there: left.txt.'])
		expect(await head(bed.laptop)).toBe(before)

		await bed.type('commit three.txt')
		await shows(bed, 'wrote three.txt')
		expect(await bed.ended('bringAgent', { plan: plan.id })).toMatchObject({
			problem: { code: 'plan-moved' },
		})
		expect(await head(bed.laptop)).toBe(before)

		const brought = await bed.ended('bringAgent', { plan: (await preview(bed)).id })
		expect(brought).toMatchObject({ status: 'succeeded', problem: null })
		expect(brought.commits.back.map(({ subject }) => subject)).toEqual([
			'Write three.txt',
			'Write two.txt',
			'Write one.txt',
		])
		expect(await readFile(join(bed.laptop, 'three.txt'), 'utf8')).toBe('three.txt\n')
		expect(await git(bed.laptop, 'status', '--porcelain')).toBe('')
		// It goes on, what it left lies there, and nobody else was told.
		expect(bed.present()).toMatchObject({ status: 'running', changedCount: 1 })
		expect([await refs(bed.hub), await head(bed.worktree)]).toEqual([hub, worktree])
		expect((await preview(bed)).steps).toEqual([])
		expect(await bed.ended('bringAgent')).toMatchObject({ status: 'succeeded', commits: { back: [] } })

		const there = await head(bed.tree)
		expect(await bed.ended('undo')).toMatchObject({ status: 'succeeded' })
		expect([await head(bed.laptop), await head(bed.tree)]).toEqual([before, there])
		expect(await bed.ended('undo')).toMatchObject({ status: 'succeeded' })
		expect(await head(bed.laptop)).toBe(there)
	})

	test('kept on a branch of its own, it is undone too', async () => {
		const bed = await agentBed({ git: { bringBack: 'keep' } })
		await makes(bed, 'one.txt')
		const before = await refs(bed.laptop)
		expect(await bed.ended('bringAgent')).toMatchObject({ status: 'succeeded' })
		expect(await head(bed.laptop, 'agent')).toBe(await head(bed.tree))
		await bed.type('commit two.txt')
		await shows(bed, 'wrote two.txt')
		const between = await refs(bed.laptop)
		expect(between).not.toBe(before)
		expect(await bed.ended('bringAgent')).toMatchObject({ status: 'succeeded' })
		expect(await bed.ended('undo')).toMatchObject({ status: 'succeeded' })
		expect(await refs(bed.laptop)).toBe(between)
	})

	test('conflicts stop it before the first change; sides can be taken', async () => {
		const bed = await agentBed()
		await makes(bed, 'model.py')
		const before = await bed.commit('model.py', 'mine\n')
		const [hub, there] = [await refs(bed.hub), await head(bed.tree)]
		const stopped = await bed.ended('bringAgent')
		expect(stopped).toMatchObject({
			status: 'stopped',
			problem: { code: 'conflict', facts: { files: ['model.py'] } },
		})
		expect([await head(bed.laptop), await head(bed.tree), await refs(bed.hub)]).toEqual([before, there, hub])
		expect(await git(bed.laptop, 'status', '--porcelain')).toBe('')
		const plan = await preview(bed)
		expect(plan.conflicts).toMatchObject([{ path: 'model.py', workstation: [{ subject: 'Write model.py' }] }])

		const take = { 'model.py': 'workstation' } as const
		const taken = await preview(bed, take)
		expect(await bed.ended('bringAgent', { take, plan: taken.id })).toMatchObject({ status: 'succeeded' })
		expect(await readFile(join(bed.laptop, 'model.py'), 'utf8')).toBe('model.py\n')
		expect(await bed.ended('undo')).toMatchObject({ status: 'succeeded' })
		expect([await head(bed.laptop), await refs(bed.hub)]).toEqual([before, hub])
	})

	test('changes on the laptop stop it too', async () => {
		const bed = await agentBed()
		await makes(bed, 'model.py')
		const before = await head(bed.laptop)
		await writeFile(join(bed.laptop, 'model.py'), 'not committed\n')
		expect(await bed.ended('bringAgent')).toMatchObject({
			status: 'stopped',
			problem: { code: 'tree-dirty' },
		})
		expect(await head(bed.laptop)).toBe(before)
		expect(await readFile(join(bed.laptop, 'model.py'), 'utf8')).toBe('not committed\n')
	})

	test('on another branch, or without any, nothing is brought', async () => {
		const bed = await agentBed()
		expect((await preview(bed)).problem).toMatchObject({ code: 'branch-missing' })
		expect(await bed.ended('bringAgent')).toMatchObject({ problem: { code: 'branch-missing' } })
		await makes(bed, 'one.txt')
		await git(bed.tree, 'switch', '-q', '-c', 'elsewhere')
		const before = await head(bed.laptop)
		expect(await bed.ended('bringAgent')).toMatchObject({ problem: { code: 'worktree-missing' } })
		expect(await head(bed.laptop)).toBe(before)
		// And it is not started over somebody’s other branch.
		await bed.engine.call('stopAgent', {})
		expect(await codeOf(bed.engine.call('startAgent', {}))).toBe('folder-in-the-way')
	})

	test('its worktree is no business of undo: that is about the person’s own branches', async () => {
		const bed = await agentBed()
		await bed.commit('mine.txt', 'mine\n')
		expect(await bed.ended('up')).toMatchObject({ status: 'succeeded' })
		const sent = await head(bed.worktree)
		await makes(bed, 'one.txt')
		expect(await head(bed.tree, 'agent~1')).toBe(await head(bed.clone, 'master'))
		const undone = await bed.engine.call('preview', { kind: 'undo' })
		expect(undone.notes[0]).toContain('undoes "up"')
		expect(await bed.ended('undo', { plan: undone.id })).toMatchObject({ status: 'succeeded' })
		expect(await head(bed.worktree)).not.toBe(sent)
		expect(await git(bed.tree, 'log', '-1', '--format=%s')).toBe('Write one.txt')
	})
})
