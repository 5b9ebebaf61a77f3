import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import { problem } from '../../src/engine/problems.ts'
import { axe } from './axe.ts'
import { chromiumPath } from './browser.ts'
import { button, openPreview, panelOf } from './code-scenes.ts'
import {
	backupFiles,
	backups,
	backupsOf,
	filesPlan,
	filesScenes,
	openBackup,
	openBackups,
	planWithFileConflicts,
	planWithMany,
	restoring,
} from './files-scenes.ts'
import { filesRead, filesStates, moving, ofFiles } from './files-states.ts'
import { now } from './moments.ts'
import { operation, outcome, step } from './pieces.ts'
import type { Stage, StageOptions } from './stage.ts'
import { type StateName, states } from './states.ts'
import { windowBed } from './window-bed.ts'

describe.skipIf(chromiumPath === null)('files that travel as files', () => {
	const bed = windowBed()
	const open = (name: StateName, options?: StageOptions) => bed.open(states[name](), options)
	const all = ({ engine }: Stage, wanted: string) =>
		engine.commands.flatMap(({ name, input }) => (name === wanted ? [input] : []))
	/** The same, without what a development build of React asks twice. */
	const different = (stage: Stage, wanted: string) => [
		...new Set(all(stage, wanted).map((input) => JSON.stringify(input))),
	]

	for (const colorScheme of ['light', 'dark'] as const) {
		test.each(Object.keys(filesStates))(`%s in ${colorScheme}: axe has nothing to say`, async (name) => {
			const stage = await open(name as StateName, { colorScheme })
			expect(await axe(stage.page)).toEqual([])
			expect(stage.complaints).toEqual([])
		})
		test.each(Object.entries(filesScenes))(
			`%s in ${colorScheme}: axe and the policy have nothing to say`,
			async (_, scene) => {
				const options = 'options' in scene ? scene.options : {}
				const stage = await open(scene.state, { ...options, colorScheme })
				await scene.act(stage)
				expect(await axe(stage.page)).toEqual([])
				expect(stage.complaints).toEqual([])
			},
		)
	}

	describe('what waits', () => {
		test('each way: how many, how much, the first few names', async () => {
			const { page } = await open('files-waiting')
			const words = await page.locator('.flow .sr').allTextContents()
			expect(words).toEqual(['12 files to send to the workstation', '2 files to bring back'])
			const list = page.getByRole('list', { name: '12 files to send' })
			expect(await list.getByRole('listitem').allTextContents()).toEqual([
				'data/etth1.csv',
				'features/lag.py',
				'model.py',
			])
			await page.getByText('3.4 MiB').waitFor()
			await button(page, 'and 9 more: 12 files to send').click()
			await page.getByText('and 7 more that are not listed').waitFor()
			await page.getByText('Both sides were the same 41 min ago.').waitFor()
		})
		test('the quiet case is one calm line; Up, Run, Back and Go are there as with git', async () => {
			const { page, engine } = await open('files-in-step')
			expect(await page.locator('.project .commits li').allTextContents()).toEqual([
				'Nothing waits: both sides were the same 41 min ago.',
			])
			engine.handlers.up = () => ({ operation: 'op-2' })
			for (const name of ['Sync and validate', 'Up', 'Back', 'Run'])
				expect(await button(page, name).getAttribute('aria-disabled')).toBeNull()
			await button(page, 'Up').click()
			expect(await engine.sent('up')).toEqual({ project: 'nt' })
		})
		test('files that both changed need care, and lead to the preview', async () => {
			const stage = await open('files-conflicts')
			const { page, engine } = stage
			engine.handlers.preview = ({ kind }) => ({ ...planWithFileConflicts(), kind })
			const cares = page.getByRole('list', { name: 'What needs care' })
			await cares.getByText('2 files changed on both sides').waitFor()
			await cares.getByRole('button', { name: 'Resolve…' }).click()
			await page.getByLabel('Version to take of train.py').waitFor()
		})
		test('beside git’s commits: a line, and its names on demand', async () => {
			const { page, engine } = await open('files-beside-git')
			const line = page.getByRole('button', {
				name: 'Beside git: 1 file to send (1.2 GiB), 2 files to bring back (2.3 GiB)',
			})
			await line.focus()
			await page.keyboard.press('Enter')
			await page.getByText('checkpoints/b.ckpt').waitFor()
			await button(page, 'Restore files…').waitFor()
			const { nt } = states['files-beside-git-even']().projects
			engine.change({ slice: 'projects', key: 'nt', value: nt })
			await page.getByText('Files beside git were the same 41 min ago.').waitFor()
		})
		test('a run without branch and commit is named by its command', async () => {
			const { page, engine } = await open('files-waiting')
			const [run] = Object.values(engine.state().runs)
			if (!run) throw new Error('no run')
			const value = { ...run, outcome: { status: 'running' } }
			engine.change({ slice: 'runs', key: run.id, value })
			const row = page.getByRole('button', { name: `running: nt · ${run.command}` })
			await row.click()
			await page.getByText('Log', { exact: true }).waitFor()
			expect(await page.getByText('Commit', { exact: true }).count()).toBe(0)
		})
	})

	describe('a preview', () => {
		test('has sizes, and no undo; what stays is folded, what git tracks of it is said at once', async () => {
			const stage = await open('files-waiting')
			const { page } = stage
			await openPreview(stage, filesPlan())
			await panelOf(page).getByText('12 files, 3.4 MiB').waitFor()
			await panelOf(page).getByText('2.5 MiB').waitFor()
			expect(await panelOf(page).getByRole('radio').count()).toBe(3)
			expect(await page.getByText('best.ckpt').count()).toBe(0)
			const line = panelOf(page).getByRole('button', {
				name: /^17 files and folders stay, by 3 rules.*git tracks 2 of them/,
			})
			await line.focus()
			await page.keyboard.press('Enter')
			await page.getByText('*.ckpt (.gitignore, line 3)', { exact: true }).waitFor()
			await page.getByText('runs/fold-1/last.ckpt').waitFor()
			await page.keyboard.press('Escape')
			await page.getByText('best.ckpt').waitFor({ state: 'detached' })
			await panelOf(page).waitFor()
		})
		test('conflicts: both versions, chosen by keyboard, begun with the choice; no merge is offered', async () => {
			const stage = await open('files-conflicts')
			const { page, engine } = stage
			await openPreview(stage, planWithFileConflicts())
			await panelOf(page).getByText('8.9 KiB, changed 23 Nov 11:07').waitFor()
			await panelOf(page).getByText('deleted there').waitFor()
			expect(await page.getByText('Prepare the merge').count()).toBe(0)
			expect(await panelOf(page).getByText(/merge/).count()).toBe(0)
			await page.getByLabel('Version to take of train.py').focus()
			await page.keyboard.type('Take the w')
			await page.getByLabel('Version to take of config/model.yaml').selectOption('laptop')
			engine.handlers.preview = ({ kind }) => ({ ...filesPlan(), kind })
			await button(page, 'Update the preview').click()
			await page.getByText('Receive files').waitFor()
			engine.handlers.go = () => ({ operation: 'op-2' })
			await panelOf(page).getByRole('button', { name: 'Sync and validate' }).click()
			const take = { 'train.py': 'workstation', 'config/model.yaml': 'laptop' }
			expect(await engine.sent('go')).toEqual({ project: 'nt', plan: filesPlan().id, take })
		})
		test('so many files: meant, seen anew, begun with that', async () => {
			const stage = await open('files-waiting')
			const { page, engine } = stage
			await openPreview(stage, planWithMany())
			const box = page.getByRole('checkbox', { name: 'They are meant: move all of them' })
			await box.focus()
			await page.keyboard.press('Space')
			engine.handlers.preview = ({ kind }) => ({ ...filesPlan(), kind })
			await button(page, 'Update the preview').click()
			await page.getByText('Receive files').waitFor()
			expect(all(stage, 'preview').at(-1)).toEqual({ project: 'nt', kind: 'go', big: true })
			// What was set stays in sight, in the same words.
			expect(await box.isChecked()).toBe(true)
			engine.handlers.go = () => ({ operation: 'op-2' })
			await panelOf(page).getByRole('button', { name: 'Sync and validate' }).click()
			expect(await engine.sent('go')).toEqual({ project: 'nt', plan: filesPlan().id, big: true })
		})
		test('an address that asks for undo shows another one', async () => {
			const { page, engine } = await open('files-in-step')
			engine.handlers.preview = ({ kind }) => ({ ...filesPlan(), kind })
			await page.evaluate("location.hash = '#preview/undo/nt'")
			await panelOf(page).waitFor()
			expect(await engine.sent('preview')).toMatchObject({ kind: 'go' })
		})
	})

	describe('an operation', () => {
		test('shows how far it is in a bar, and nothing moves when it comes or goes', async () => {
			const { page, engine } = await open('files-moving')
			const bar = page.getByRole('progressbar', { name: 'Progress of Send files' })
			expect(await bar.getAttribute('aria-valuenow')).toBe('43')
			expect(await bar.getAttribute('aria-valuetext')).toContain('5 of 12 files')
			const box = await bar.boundingBox()
			expect(box?.width).toBeGreaterThan(200)
			const place = () => page.getByText('Note what both have').boundingBox()
			const before = await place()
			engine.change({ slice: 'operations', key: 'op-1', value: moving(undefined, '6 of 12 files') })
			await bar.waitFor({ state: 'detached' })
			expect(await place()).toEqual(before)
			engine.change({ slice: 'operations', key: 'op-1', value: moving(7, '12 of 12 files') })
			await expect.poll(() => bar.getAttribute('aria-valuenow')).toBe('100')
			expect(await place()).toEqual(before)
			await button(page, 'Cancel').click()
			expect(await engine.sent('cancelOperation')).toEqual({ operation: 'op-1' })
		})
		test('says what travelled; there is nothing to undo', async () => {
			const { page } = await open('files-moved')
			await page
				.getByText(
					'done in 11 min · 12 files up (3.4 MiB) · 2 deleted on the workstation · 2 files back (47.1 KiB)',
				)
				.waitFor()
			expect(await button(page, 'Undo…').count()).toBe(0)
		})
		test('that stopped at files that both changed leads to the preview; that is offered once', async () => {
			const { page, engine } = await open('files-stopped')
			engine.handlers.preview = ({ kind }) => ({ ...planWithFileConflicts(), kind })
			await button(page, 'Resolve…').click()
			expect(await engine.sent('preview')).toMatchObject({ kind: 'up' })
		})
	})

	describe('backups', () => {
		test('are read only when they are asked for', async () => {
			const stage = await open('files-waiting')
			expect(all(stage, 'listBackups')).toEqual([])
			await openBackups(stage)
			await backupsOf(stage).getByText('by Up').waitFor()
			expect(different(stage, 'listBackups')).toEqual(['{"project":"nt"}'])
			expect(all(stage, 'listBackupFiles')).toEqual([])
			const rows = await backupsOf(stage).getByRole('listitem').allTextContents()
			expect(rows[0]).toBe('23 Nov 10:34 · Workstation12 files, 3.4 MiBby Up')
			expect(rows).toHaveLength(4)
		})

		test('by keyboard alone: opened, filtered, one chosen, restored, seen in place, read anew', async () => {
			const stage = await open('files-in-step')
			const { page, engine } = stage
			await openBackups(stage)
			engine.handlers.restore = () => {
				engine.change({ slice: 'operations', key: 'op-restore', value: restoring() })
				return { operation: 'op-restore' }
			}
			await backupsOf(stage)
				.getByRole('button', { name: /12 files/ })
				.focus()
			await page.keyboard.press('Enter')
			await page.getByRole('searchbox').focus()
			await page.keyboard.type('TRAIN')
			await expect.poll(() => page.getByRole('checkbox').count()).toBe(1)
			await page.keyboard.press('Tab')
			await page.keyboard.press('Space')
			await button(page, 'Restore 1 file').focus()
			await page.keyboard.press('Enter')
			expect(await engine.sent('restore')).toEqual({
				project: 'nt',
				machine: 'workstation',
				backup: backups[0]?.id,
				paths: ['train.py'],
			})
			const inPlace = backupsOf(stage).getByRole('region', { name: 'Restore files' })
			await inPlace.getByText('Put the files back').first().waitFor()
			expect(await page.getByText('Put the files back').count()).toBe(2)
			expect(await button(page, 'Restore all 12').getAttribute('title')).toBe('Something else is under way.')
			// What is not about it stays where it was.
			await button(page, 'Up').waitFor()
			const fresh = {
				id: '20261123T101459.000Z-restore',
				machine: 'workstation',
				kind: 'restore',
				at: now,
				count: 1,
				bytes: 9,
			} as const
			engine.handlers.listBackups = () => ({ backups: [fresh, ...backups] })
			const done = restoring({
				endedAt: now,
				steps: [step('restore', 'Put the files back', 'done', '1 restored')],
				outcome: outcome({ run: null, commits: { up: [], back: [] }, metrics: null }),
			})
			engine.change({ slice: 'operations', key: 'op-restore', value: done })
			await inPlace.getByText('Restore files: done in 2 s · 1 restored').waitFor()
			await backupsOf(stage).getByText('by Restore files').first().waitFor()
			await expect.poll(() => backupsOf(stage).getByText('by Restore files').count()).toBe(2)
			// What was opened is as it was left.
			expect(await page.getByRole('searchbox').inputValue()).toBe('TRAIN')
			await button(page, 'Dismiss').click()
			expect(await engine.sent('dismissOperation')).toEqual({ operation: 'op-restore' })
		})

		test('several, and all of one', async () => {
			const stage = await open('files-waiting')
			const { page, engine } = stage
			engine.handlers.restore = () => ({ operation: 'op-restore' })
			await openBackup(stage)
			expect(await button(page, 'Restore the chosen').getAttribute('title')).toBe('No file is chosen.')
			await page.getByRole('searchbox').fill('.py')
			await button(page, 'Choose all 6').click()
			// What was chosen stays so behind another filter.
			await page.getByRole('searchbox').fill('yaml')
			await page.getByRole('checkbox', { name: /^config/ }).check()
			await button(page, 'Restore 7 files').click()
			const [several] = all(stage, 'restore') as { paths: string[] }[]
			expect(several?.paths).toEqual([
				...backupFiles.map(({ path }) => path).filter((path) => path.endsWith('.py')),
				'config/model.yaml',
			])
			await button(page, 'Restore all 12').click()
			await expect.poll(() => all(stage, 'restore')).toHaveLength(2)
			expect(all(stage, 'restore')[1]).toEqual({
				project: 'nt',
				machine: 'workstation',
				backup: backups[0]?.id,
			})
		})

		test('Esc clears the filter first, then closes one after another; the focus goes back', async () => {
			const stage = await open('files-waiting')
			const { page } = stage
			await openBackup(stage)
			await page.getByRole('searchbox').fill('nothing of that name')
			await page.getByText('No file has that in its name.').waitFor()
			await page.keyboard.press('Escape')
			expect(await page.getByRole('searchbox').inputValue()).toBe('')
			await page.keyboard.press('Escape')
			await page.getByRole('searchbox').waitFor({ state: 'detached' })
			await page.keyboard.press('Escape')
			await backupsOf(stage).waitFor({ state: 'detached' })
			expect(await page.evaluate('document.activeElement.textContent')).toBe('Restore files…')
		})

		test('a big one is read page by page, as far as it is wanted', async () => {
			const stage = await open('files-waiting')
			const { page, engine } = stage
			await openBackups(stage)
			const total = 48_210
			const pathOf = (at: number) => `part-${String(at).padStart(5, '0')}.npy`
			engine.handlers.listBackupFiles = ({ after, most = 1000 }) => {
				const from = after === undefined ? 0 : Number(/\d+/.exec(after)?.[0]) + 1
				const paths = Array.from({ length: Math.min(most, total - from) }, (_, index) => pathOf(from + index))
				return {
					files: paths.map((path) => ({ path, bytes: 1, changedAt: now })),
					more: from + paths.length < total,
				}
			}
			await backupsOf(stage)
				.getByRole('button', { name: /48210 files/ })
				.click()
			await page.getByText('and 48190 more').waitFor()
			expect(await page.getByRole('checkbox').count()).toBe(20)
			expect(different(stage, 'listBackupFiles')).toHaveLength(1)
			await button(page, 'Show more').click()
			await page.getByText('and 48090 more').waitFor()
			expect(different(stage, 'listBackupFiles')).toHaveLength(1)
			await page.getByRole('searchbox').fill('part-4820')
			await expect.poll(() => page.getByRole('checkbox').count()).toBe(10)
			expect(different(stage, 'listBackupFiles')).toHaveLength(6)
			expect(all(stage, 'listBackupFiles').at(-1)).toMatchObject({ most: 10_000, after: pathOf(40_999) })
		})

		test('what cannot be read says why, and can be tried again', async () => {
			const stage = await open('files-waiting')
			const { page, engine } = stage
			const late = problem('remote-timeout', { what: 'files-backups', seconds: 20, workstation: 'lab' })
			engine.handlers.listBackups = () => {
				throw new ProblemError(late)
			}
			await button(page, 'Restore files…').click()
			await backupsOf(stage).getByRole('alert').getByText(late.title).waitFor()
			engine.handlers.listBackups = () => ({ backups })
			engine.handlers.listBackupFiles = () => {
				throw new ProblemError(problem('backup-unknown', { backup: 'x' }))
			}
			await backupsOf(stage).getByRole('button', { name: 'Look again' }).click()
			await backupsOf(stage)
				.getByRole('button', { name: /12 files/ })
				.click()
			await backupsOf(stage).getByRole('alert').getByText('There is no backup').waitFor()
			engine.handlers.listBackupFiles = () => ({ files: backupFiles, more: false })
			await backupsOf(stage).getByRole('button', { name: 'Try again' }).click()
			await page.getByText('train.py').first().waitFor()
			expect(await page.getByRole('alert').count()).toBe(0)
		})

		test('a refused restore is said in the card', async () => {
			const stage = await open('files-waiting')
			const { page, engine } = stage
			await openBackup(stage)
			engine.refuseOnce('restore', problem('operation-busy', { project: 'nt', operation: 'Up' }))
			await button(page, 'Restore all 12').click()
			await page.getByRole('alert').getByText('nt is busy').waitFor()
		})

		test('the menu’s address opens them, with the focus', async () => {
			const stage = await open('files-in-step')
			const { page, engine } = stage
			engine.handlers.listBackups = () => ({ backups })
			await page.evaluate("location.hash = '#restore/nt'")
			await backupsOf(stage).getByText('by Up').waitFor()
			await expect.poll(() => page.evaluate('document.activeElement.className')).toBe('backups')
		})

		test('while something else is under way they are there to be read', async () => {
			const stage = await open('files-moving')
			const { page, engine } = stage
			await openBackup(stage)
			expect(await button(page, 'Restore all 12').getAttribute('aria-disabled')).toBe('true')
			const up = operation({ kind: 'up', endedAt: now, outcome: outcome({ run: null, metrics: null }) })
			engine.change({ slice: 'operations', key: 'op-1', value: up })
			await expect.poll(() => button(page, 'Restore all 12').getAttribute('aria-disabled')).toBeNull()
		})

		test('a project of git alone has none', async () => {
			const { page, engine } = await open('ok')
			expect(await button(page, 'Restore files…').count()).toBe(0)
			engine.change({ slice: 'projects', key: 'nt', value: ofFiles(filesRead()) })
			await button(page, 'Restore files…').waitFor()
		})
	})
})
