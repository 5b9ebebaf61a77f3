import { expect, test } from 'vitest'
import { planSchema } from '../../../src/contract/code.ts'
import { type ChoiceWish, choose } from '../../../src/engine/files/choose.ts'
import { compare } from '../../../src/engine/files/compare.ts'
import { outlineFiles, requireFilesPlan } from '../../../src/engine/files/plan.ts'
import { listed, stream } from './tree-model.ts'

async function choiceOf(short: string, wish: Partial<ChoiceWish> = {}) {
	const [laptop = '', workstation = '', base = ''] = short.split('|')
	const asks = {
		results: (paths: readonly string[]) => Promise.resolve(paths.map((path) => path.startsWith('r/'))),
		laptopHas: (paths: readonly string[]) => Promise.resolve(paths.map(() => false)),
		workstationHas: (paths: readonly string[]) => Promise.resolve(paths.map(() => false)),
	}
	const comparison = compare(stream(listed(laptop)), stream(listed(workstation)), stream(listed(base)))
	return await choose(comparison, { direction: 'up', deletes: true, ...wish }, asks)
}

test('steps with their files, the largest first, and what stays', async () => {
	const choice = await choiceOf('a=n b=g c=f k=n caf\xc3\xa9=n|a=f k=g x=f z=n|a=f caf\xc3\xa9=f x=f z=f')
	const outline = outlineFiles(choice, null)
	expect(outline).toMatchObject({
		id: choice.id,
		steps: [
			{
				id: 'files-send',
				machine: 'workstation',
				title: 'Send 4 files, 3 new and 1 changed',
				files: [
					{ path: 'b', change: 'added', bytes: 200 },
					{ path: 'a', change: 'modified', bytes: 100 },
					{ path: 'c', change: 'added', bytes: 100 },
					{ path: 'café', change: 'added', bytes: 100 },
				],
				fileCount: 4,
				bytes: 500,
			},
			{
				id: 'files-delete-there',
				title: 'Delete 1 file, kept in a backup',
				files: [{ path: 'x', change: 'deleted' }],
			},
		],
		conflicts: [
			{
				path: 'k',
				versions: {
					laptop: { bytes: 100, changedAt: 1_700_000_009_100 },
					workstation: { bytes: 200, changedAt: 1_700_000_000_500 },
				},
			},
		],
		notes: ['1 file is newer on the workstation, and stays as it is there: z.'],
	})
	planSchema.parse({ ...outline, kind: 'up', project: 'nt', at: 1 })
})

test('many of a kind are told by a few', async () => {
	const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
	const all = names.map((name) => `${name}=f`).join(' ')
	const choice = await choiceOf(`|${all}|${all}`, { deletes: false })
	expect(outlineFiles(choice, null).notes).toEqual([
		'7 files are gone from the laptop, and stay on the workstation: a, b, c, d, e and 2 more.',
	])
})

test('more conflicts than can be listed are counted', async () => {
	const names = Array.from({ length: 1003 }, (_, number) => `f${number}`)
	const choice = await choiceOf(
		`${names.map((name) => `${name}=f`).join(' ')}|${names.map((name) => `${name}=n`).join(' ')}`,
	)
	const { conflicts, notes } = outlineFiles(choice, null)
	expect(conflicts).toHaveLength(1000)
	expect(notes).toEqual(['3 files more changed on both sides; not all are listed.'])
})

test('a plan holds while other files change, and not when another one would be deleted', async () => {
	const { id } = await choiceOf('a=n|a=f x=f|a=f x=f')
	const isHeld = async (short: string) => {
		const choice = await choiceOf(short)
		try {
			requireFilesPlan(id, choice)
			return true
		} catch (error) {
			expect(error).toMatchObject({ problem: { code: 'plan-moved' } })
			return false
		}
	}
	expect(await isHeld('a=g b=f|a=f x=f|a=f x=f')).toBe(true)
	expect(await isHeld('a=n|a=f x=f y=f|a=f x=f y=f')).toBe(false)
	expect(await isHeld('a=n|a=g x=f|a=f x=f')).toBe(false)
	requireFilesPlan(undefined, await choiceOf('a=n|a=g|'))
})
