import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import { problem } from '../../src/engine/problems.ts'
import { axe } from './axe.ts'
import { chromiumPath } from './browser.ts'
import { button, codeScenes, moveMeanwhile, openPreview, panelOf } from './code-scenes.ts'
import { now } from './moments.ts'
import { operation, outcome } from './pieces.ts'
import {
	conflict,
	hugePlan,
	plan,
	planWithBigFile,
	planWithCommit,
	planWithConflicts,
	prepared,
	undoPlan,
} from './plans.ts'
import type { Stage, StageOptions } from './stage.ts'
import { type StateName, states } from './states.ts'
import { windowBed } from './window-bed.ts'

const bound = { project: 'nt', plan: plan().id }

describe.skipIf(chromiumPath === null)('previews', () => {
	const bed = windowBed()
	const open = (name: StateName, options?: StageOptions) => bed.open(states[name](), options)
	const focus = (page: Page) => page.evaluate('document.activeElement.textContent.trim()')
	/** What was asked under that name, in order. */
	const all = ({ engine }: Stage, wanted: string) =>
		engine.commands.flatMap(({ name, input }) => (name === wanted ? [input] : []))

	for (const colorScheme of ['light', 'dark'] as const)
		test.each(Object.entries(codeScenes))(
			`%s in ${colorScheme}: axe and the policy have nothing to say`,
			async (_, scene) => {
				const stage = await open(scene.state, { ...scene.options, colorScheme })
				await scene.act(stage)
				expect(await axe(stage.page)).toEqual([])
				expect(stage.complaints).toEqual([])
			},
		)

	test('by keyboard alone: opened, another kind chosen, begun, bound to what was shown', async () => {
		const stage = await open('ok')
		const { page, engine } = stage
		engine.handlers.preview = ({ kind }) => plan({ kind })
		engine.handlers.up = () => ({ operation: 'op-2' })
		await button(page, 'Preview…').focus()
		await page.keyboard.press('Enter')
		await page.getByText('Push master to origin').waitFor()
		expect(await page.evaluate('document.activeElement.className')).toBe('preview')
		await page.keyboard.press('Tab')
		await page.keyboard.press('ArrowRight')
		await expect.poll(() => all(stage, 'preview')).toHaveLength(2)
		expect(all(stage, 'preview')).toEqual([
			{ project: 'nt', kind: 'go' },
			{ project: 'nt', kind: 'up' },
		])
		await panelOf(page).getByRole('button', { name: 'Up', exact: true }).focus()
		await page.keyboard.press('Enter')
		expect(await engine.sent('up')).toEqual(bound)
		await panelOf(page).waitFor({ state: 'detached' })
	})

	test('looking begins nothing; Esc and Cancel close it, and the focus goes back to its button', async () => {
		const stage = await open('ok')
		const { page, engine } = stage
		await openPreview(stage, plan())
		await page.keyboard.press('Escape')
		await panelOf(page).waitFor({ state: 'detached' })
		expect(await focus(page)).toBe('Preview…')
		await page.keyboard.press('Enter')
		await panelOf(page).getByRole('button', { name: 'Cancel' }).click()
		await panelOf(page).waitFor({ state: 'detached' })
		expect(await focus(page)).toBe('Preview…')
		expect(new Set(engine.commands.map(({ name }) => name))).toEqual(new Set(['preview']))
	})

	test('an answer that comes after another question is dropped', async () => {
		const { page, engine } = await open('ok')
		let answerFirst = () => {}
		engine.handlers.preview = ({ kind }) =>
			kind === 'go'
				? new Promise((settle) => {
						answerFirst = () => settle(plan({ notes: ['Of the first question.'] }))
					})
				: plan({ kind, notes: ['Of the second.'] })
		await button(page, 'Preview…').click()
		await page.getByRole('radio', { name: 'Back' }).check()
		await page.getByText('Of the second.').waitFor()
		answerFirst()
		// What comes over the same socket after that answer has come shows that it was heard.
		await button(page, 'Check again').click()
		await engine.sent('check')
		engine.change({ slice: 'summary', value: { ...engine.state().summary, line: 'All is heard' } })
		await page.getByText('All is heard').waitFor()
		expect(await page.getByText('Of the first question.').count()).toBe(0)
		expect(await page.getByText('Of the second.').count()).toBe(1)
	})

	test('an operation that finds things moved shows the new preview and says so; that one is begun then', async () => {
		const stage = await open('ok')
		const { page, engine } = stage
		await openPreview(stage, plan())
		await moveMeanwhile(stage, planWithCommit())
		expect(await engine.sent('dismissOperation')).toEqual({ operation: 'op-9' })
		await page.getByText('Commit on master').waitFor()
		engine.commands.length = 0
		await panelOf(page).getByRole('button', { name: 'Sync and validate' }).click()
		expect(await engine.sent('go')).toEqual({ project: 'nt', plan: planWithCommit().id })
	})

	test('so does a refusal before it begins', async () => {
		const stage = await open('ok')
		const { page, engine } = stage
		await openPreview(stage, plan())
		engine.handlers.preview = ({ kind }) => ({ ...planWithCommit(), kind })
		engine.refuseOnce('go', problem('plan-moved', { what: 'A branch is not as it was shown' }))
		await panelOf(page).getByRole('button', { name: 'Sync and validate' }).click()
		await page.getByText('Things moved since the preview, so nothing was done.').waitFor()
		await page.getByText('Commit on master').waitFor()
	})

	test('another refusal is shown with the preview, which stays', async () => {
		const stage = await open('ok')
		const { page, engine } = stage
		await openPreview(stage, plan())
		engine.refuseOnce('go', problem('operation-busy', { project: 'nt', operation: 'Up' }))
		await panelOf(page).getByRole('button', { name: 'Sync and validate' }).click()
		await panelOf(page).getByRole('alert').getByText('nt is busy').waitFor()
		await page.getByText('Push master to origin').waitFor()
	})

	test('what would stop it is shown, and it cannot be begun', async () => {
		const stage = await open('ok')
		const dirty = problem('tree-dirty', { side: 'The workstation', files: ['train.py'] })
		await openPreview(stage, plan({ id: '', steps: [], problem: dirty }))
		const { page, engine } = stage
		await panelOf(page).getByText(dirty.meaning).waitFor()
		const start = panelOf(page).getByRole('button', { name: 'Sync and validate' })
		expect(await start.getAttribute('aria-disabled')).toBe('true')
		expect(await start.getAttribute('title')).toBe(`${dirty.title}.`)
		await start.click({ force: true })
		await button(page, 'Look again').click()
		expect(engine.commands.map(({ name }) => name)).not.toContain('go')
	})

	test('nothing to do is said; Up cannot be begun, but what validates can', async () => {
		const stage = await open('in-step')
		const { page } = stage
		await openPreview(stage, plan({ steps: [], notes: [] }))
		await page.getByText('Nothing would change:').waitFor()
		const start = (name: string) => panelOf(page).getByRole('button', { name, exact: true })
		expect(await start('Sync and validate').getAttribute('aria-disabled')).toBeNull()
		await page.getByRole('radio', { name: 'Up' }).check()
		await page.getByText('Nothing would change:').waitFor()
		expect(await start('Up').getAttribute('title')).toBe('Nothing would change.')
		// Nothing is changed here, so there is nothing to commit.
		expect(await page.getByRole('textbox').count()).toBe(0)
	})

	test('a commit first: its message is previewed before it is begun, and goes with it', async () => {
		const stage = await open('both-ways')
		const { page, engine } = stage
		await openPreview(stage, plan())
		await page.getByRole('textbox').fill('  Use a context of 512 steps ')
		expect(await panelOf(page).getByRole('button', { name: 'Sync and validate' }).count()).toBe(0)
		await page.getByRole('checkbox').check()
		engine.handlers.preview = ({ kind }) => ({ ...planWithCommit(), kind })
		await page.getByRole('textbox').press('Enter')
		await page.getByText('Commit on master').waitFor()
		const commit = { message: 'Use a context of 512 steps', untracked: true }
		expect(all(stage, 'preview').at(-1)).toEqual({ project: 'nt', kind: 'go', commit })
		await panelOf(page).getByRole('button', { name: 'Sync and validate' }).click()
		expect(await engine.sent('go')).toEqual({ project: 'nt', plan: planWithCommit().id, commit })
	})

	test('only new files: a message commits them without a checkbox; Back commits nothing', async () => {
		const stage = await open('results')
		const { page } = stage
		await openPreview(stage, plan())
		expect(await page.getByRole('checkbox').count()).toBe(0)
		await page.getByRole('textbox').fill('Notes')
		await button(page, 'Update the preview').click()
		await expect.poll(() => all(stage, 'preview')).toHaveLength(2)
		expect(all(stage, 'preview').at(-1)).toMatchObject({ commit: { message: 'Notes', untracked: true } })
		await page.getByRole('radio', { name: 'Back' }).check()
		await expect.poll(() => all(stage, 'preview')).toHaveLength(3)
		expect(all(stage, 'preview').at(-1)).toEqual({ project: 'nt', kind: 'back' })
		expect(await page.getByRole('textbox').count()).toBe(0)
	})

	test('conflicts: one side a file, previewed anew, begun with the choice', async () => {
		const stage = await open('ok')
		const { page, engine } = stage
		await openPreview(stage, planWithConflicts())
		await page.getByLabel('Version to take of train.py').selectOption('workstation')
		await page.getByText('1 file still to be chosen.').waitFor()
		engine.handlers.preview = ({ kind }) => ({
			...planWithConflicts(['config/model.yaml']),
			kind,
			conflicts: [conflict('config/model.yaml')],
		})
		await button(page, 'Update the preview').click()
		await expect.poll(() => all(stage, 'preview')).toHaveLength(2)
		expect(all(stage, 'preview').at(-1)).toMatchObject({ take: { 'train.py': 'workstation' } })
		await page.getByLabel('Version to take of config/model.yaml').selectOption('laptop')
		engine.handlers.preview = ({ kind }) => plan({ kind })
		await button(page, 'Update the preview').click()
		await page.getByText('Push master to origin').waitFor()
		// What was chosen stays in sight, and can be chosen otherwise.
		expect(await page.getByLabel('Version to take of train.py').inputValue()).toBe('workstation')
		await panelOf(page).getByRole('button', { name: 'Sync and validate' }).click()
		const take = { 'train.py': 'workstation', 'config/model.yaml': 'laptop' }
		expect(await engine.sent('go')).toEqual({ ...bound, take })
	})

	test('one side for all takes those too that are not in sight', async () => {
		const stage = await open('ok')
		const { page } = stage
		const paths = Array.from({ length: 98 }, (_, index) => `part-${index}.py`)
		await openPreview(stage, planWithConflicts(paths))
		expect(await page.getByRole('combobox').count()).toBe(5)
		await button(page, 'Take all from the laptop').click()
		await button(page, 'Update the preview').click()
		await expect.poll(() => all(stage, 'preview')).toHaveLength(2)
		const asked = all(stage, 'preview').at(-1) as { take: Record<string, string> }
		expect(Object.keys(asked.take)).toEqual(paths)
		await button(page, 'and 93 more: Conflicts').click()
		expect(await page.getByRole('combobox').count()).toBe(98)
	})

	test('the merge is prepared: where it is can be copied', async () => {
		const stage = await open('ok')
		const { page, engine } = stage
		await openPreview(stage, planWithConflicts())
		engine.handlers.prepareMerge = prepared
		await button(page, 'Prepare the merge').click()
		expect(await engine.sent('prepareMerge')).toEqual({ project: 'nt' })
		await button(page, 'Copy the path').click()
		await page.getByText('Copied').first().waitFor()
		expect(await page.evaluate('navigator.clipboard.readText()')).toBe(prepared().path)
	})

	describe('the prepared merge in an editor', () => {
		const prepare = async (stage: Stage) => {
			stage.engine.handlers.prepareMerge = prepared
			await openPreview(stage, planWithConflicts())
			await button(stage.page, 'Prepare the merge').click()
		}
		const folder = { project: 'nt', machine: 'laptop', path: prepared().path }

		test('which is named before, and opened by a click', async () => {
			const stage = await open('ok')
			const { page, engine } = stage
			engine.handlers.findEditor = () => ({ editor: 'VS Code' })
			engine.handlers.openInEditor = () => ({ editor: 'VS Code' })
			await prepare(stage)
			await button(page, 'Open in VS Code').click()
			await page.getByText('Opened in VS Code.').waitFor()
			expect(all(stage, 'findEditor')[0]).toEqual(folder)
			expect(all(stage, 'openInEditor')).toEqual([folder])
		})
		test('that is not there: greyed, with why and what to do', async () => {
			const stage = await open('ok')
			const { page, engine } = stage
			const facts = { editor: 'vim', path: prepared().path }
			engine.handlers.findEditor = () => {
				throw new ProblemError(problem('editor-terminal', facts))
			}
			await prepare(stage)
			const why = 'The editor vim needs a terminal'
			await page.getByText(why, { exact: true }).waitFor()
			const greyed = button(page, 'Open in an editor')
			expect(await greyed.getAttribute('aria-disabled')).toBe('true')
			expect(await greyed.getAttribute('title')).toBe(`${why}.`)
			await button(page, 'Copy the command').click()
			await page.getByText('Copied').first().waitFor()
			expect(await page.evaluate('navigator.clipboard.readText()')).toBe(`vim ${prepared().path}`)
		})
		test('that fails says so, and can be tried again', async () => {
			const stage = await open('ok')
			const { page, engine } = stage
			engine.handlers.findEditor = () => ({ editor: 'Zed' })
			engine.handlers.openInEditor = () => ({ editor: 'Zed' })
			await prepare(stage)
			const facts = { editor: 'Zed', reason: 'exit code 3: no display', path: prepared().path }
			engine.refuseOnce('openInEditor', problem('editor-failed', facts))
			await button(page, 'Open in Zed').click()
			await page.getByRole('alert').getByText('exit code 3: no display').waitFor()
			await button(page, 'Open in Zed').click()
			await page.getByText('Opened in Zed.').waitFor()
			expect(await page.getByRole('alert').count()).toBe(0)
		})
	})

	test('files over the limit: committed when that is asked for, bound to the preview that shows it', async () => {
		const stage = await open('ok')
		const { page, engine } = stage
		const box = page.getByRole('checkbox', { name: 'Commit files of any size' })
		await openPreview(stage, plan())
		expect(await box.count()).toBe(0)
		engine.handlers.preview = ({ kind }) => ({ ...planWithBigFile(), kind })
		await button(page, 'Look again').click()
		await page.getByText('A result file is too big for git', { exact: true }).waitFor()
		await box.check()
		engine.handlers.preview = ({ kind }) => plan({ kind })
		await button(page, 'Update the preview').click()
		await page.getByText('Push master to origin').waitFor()
		expect(all(stage, 'preview').at(-1)).toEqual({ project: 'nt', kind: 'go', big: true })
		// What was set stays in sight.
		expect(await box.isChecked()).toBe(true)
		await panelOf(page).getByRole('button', { name: 'Sync and validate' }).click()
		expect(await engine.sent('go')).toEqual({ ...bound, big: true })
	})

	test('a merge that cannot be prepared, or need not be, is said', async () => {
		const stage = await open('ok')
		const { page, engine } = stage
		await openPreview(stage, planWithConflicts())
		const missing = problem('branch-missing', { side: 'The workstation', branch: 'gpu-validation' })
		engine.refuseOnce('prepareMerge', missing)
		await button(page, 'Prepare the merge').click()
		await panelOf(page).getByText(missing.title).waitFor()
		engine.handlers.prepareMerge = () => ({ path: '/home/ada/eon/nt', branch: 'master', files: [] })
		await button(page, 'Prepare the merge').click()
		await page.getByText('There is nothing to merge any more').waitFor()
	})

	test('an operation that a conflict stopped leads to its preview', async () => {
		const stage = await open('stopped-by-conflict')
		const { page, engine } = stage
		engine.handlers.preview = ({ kind }) => ({ ...planWithConflicts(), kind })
		expect(await button(page, 'Undo…').count()).toBe(0)
		await button(page, 'Resolve…').click()
		expect(await engine.sent('preview')).toEqual({ project: 'nt', kind: 'up' })
		await page.getByLabel('Version to take of train.py').waitFor()
	})

	test('undo of what ended is previewed, then bound to that', async () => {
		const { page, engine } = await open('done')
		engine.handlers.preview = undoPlan
		engine.handlers.undo = () => ({ operation: 'op-2' })
		await button(page, 'Undo…').click()
		expect(await engine.sent('preview')).toEqual({ project: 'nt', kind: 'undo' })
		await page.getByText('This undoes').waitFor()
		expect(engine.commands.map(({ name }) => name)).not.toContain('undo')
		await panelOf(page).getByRole('button', { name: 'Undo', exact: true }).click()
		expect(await engine.sent('undo')).toEqual({ project: 'nt', plan: undoPlan().id })
	})

	test('undo is offered for what moved something, and for nothing else', async () => {
		const { page, engine } = await open('done')
		const nothing = { run: null, commits: { up: [], back: [] }, metrics: null }
		const show = async (change: Parameters<typeof operation>[0]) => {
			engine.change({ slice: 'operations', key: 'op-1', value: undefined })
			// Else what is seen next may be of the one before.
			await button(page, 'Dismiss').waitFor({ state: 'detached' })
			engine.change({ slice: 'operations', key: 'op-1', value: operation({ endedAt: now, ...change }) })
			await button(page, 'Dismiss').waitFor()
			return await button(page, 'Undo…').count()
		}
		expect(await show({ kind: 'back', outcome: outcome() })).toBe(1)
		expect(await show({ kind: 'up', outcome: outcome(nothing) })).toBe(0)
		expect(await show({ kind: 'run', outcome: outcome(nothing) })).toBe(0)
		expect(await show({ kind: 'setup', outcome: outcome(nothing) })).toBe(0)
		expect(await show({ kind: 'undo', outcome: outcome(nothing) })).toBe(1)
	})

	test('the address leads to a preview, also in a page that is open', async () => {
		const { page, engine } = await open('ok')
		engine.handlers.preview = ({ kind }) => plan({ kind })
		await page.evaluate(`location.hash = '#preview/back/nt'`)
		await page.getByText('Push master to origin').waitFor()
		expect(await page.getByRole('radio', { name: 'Back' }).isChecked()).toBe(true)
		await page.evaluate(`location.hash = '#preview/undo/nt'`)
		await page.getByRole('radio', { name: 'Undo', checked: true }).waitFor()
		expect(await page.getByRole('region', { name: /^Preview of/ }).count()).toBe(1)
		for (const nowhere of ['#preview/delete/nt', '#preview/go/%E0%A4%A', '#preview/go/other'])
			await page.evaluate(`location.hash = ${JSON.stringify(nowhere)}`)
		await page.keyboard.press('Escape')
		await panelOf(page).waitFor({ state: 'detached' })
	})

	test('a long list is short until the rest is asked for, and says what it does not know', async () => {
		const stage = await open('ok')
		const { page } = stage
		await openPreview(stage, hugePlan())
		const files = page.getByRole('list', { name: /^Files, Fast-forward/ }).getByRole('listitem')
		expect(await files.count()).toBe(5)
		await page.getByRole('button', { name: /^and 1229 more: Files/ }).click()
		expect(await files.count()).toBe(100)
		await page.getByText('and 1134 more that are not listed').waitFor()
		// What is in its own scrolling list makes the page no longer.
		const [whole, content] = await page.evaluate<number[]>(
			'[document.documentElement.scrollHeight, document.querySelector(".window").getBoundingClientRect().height]',
		)
		expect(Math.abs((whole ?? 0) - (content ?? 0))).toBeLessThan(2)
	})

	test('without a path it cannot be asked; lost while it is open, it cannot be begun', async () => {
		const down = await open('down-port')
		expect(await button(down.page, 'Preview…').getAttribute('aria-disabled')).toBe('true')
		const stage = await open('ok')
		const { page, engine } = stage
		await openPreview(stage, plan())
		const { lab } = states['down-port']().workstations
		engine.change({ slice: 'workstations', key: 'lab', value: lab })
		await panelOf(page).locator('.reason', { hasText: 'There is no path to lab.' }).waitFor()
		const start = panelOf(page).getByRole('button', { name: 'Sync and validate' })
		expect(await start.getAttribute('title')).toBe('There is no path to lab.')
	})
})
