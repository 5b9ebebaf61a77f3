import type { Page } from 'playwright-core'
import { ProblemError } from '../../src/contract/client.ts'
import type { Plan } from '../../src/contract/code.ts'
import { problem } from '../../src/engine/problems.ts'
import { manyFiles } from './code-states.ts'
import { now } from './moments.ts'
import { operation, outcome } from './pieces.ts'
import {
	hugePlan,
	plan,
	planWithBigFile,
	planWithCommit,
	planWithConflicts,
	prepared,
	undoPlan,
} from './plans.ts'
import type { Stage, StageOptions } from './stage.ts'
import type { StateName } from './states.ts'

/** What is seen only after somebody did something. */
export interface Scene {
	state: StateName
	options?: StageOptions
	act(stage: Stage): Promise<void>
}

export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
export const panelOf = (page: Page) => page.getByRole('region', { name: /^Preview of/ })

/** Opens the preview, which is answered with this. */
export async function openPreview({ page, engine }: Stage, answer: Plan): Promise<void> {
	engine.handlers.preview = ({ kind }) => ({ ...answer, kind })
	await button(page, 'Preview…').click()
	await panelOf(page).getByRole('button', { name: 'Look again' }).waitFor()
}

/** Begins what is shown, and has it answered that things have moved. */
export async function moveMeanwhile({ page, engine }: Stage, second: Plan): Promise<void> {
	engine.handlers.preview = ({ kind }) => ({ ...second, kind })
	engine.handlers.go = () => ({ operation: 'op-9' })
	await panelOf(page).getByRole('button', { name: 'Sync and validate' }).click()
	await engine.sent('go')
	const moved = problem('plan-moved', { what: 'A branch is not as it was shown' })
	const ended = operation({
		id: 'op-9',
		startedAt: now,
		endedAt: now,
		steps: [],
		outcome: outcome({
			status: 'stopped',
			problem: moved,
			run: null,
			commits: { up: [], back: [] },
			metrics: null,
		}),
	})
	engine.handlers.dismissOperation = () => {
		engine.change({ slice: 'operations', key: 'op-9', value: undefined })
		return {}
	}
	engine.change({ slice: 'operations', key: 'op-9', value: ended })
	await page.getByText('Things moved since the preview, so nothing was done.').waitFor()
	await panelOf(page).getByRole('button', { name: 'Look again' }).waitFor()
}

const narrow = { viewport: { width: 380, height: 760 } }
const open =
	(answer: () => Plan): Scene['act'] =>
	(stage) =>
		openPreview(stage, answer())

async function takeOneSide(stage: Stage): Promise<void> {
	const { page, engine } = stage
	await openPreview(stage, planWithConflicts())
	await page.getByRole('combobox').first().selectOption('laptop')
	await page.getByRole('combobox').last().selectOption('workstation')
	engine.handlers.preview = ({ kind }) => plan({ kind })
	await button(page, 'Update the preview').click()
	await page.getByText('Push master to origin').waitFor()
}

export const codeScenes: Record<string, Scene> = {
	'preview-go': { state: 'ok', act: open(plan) },
	'preview-huge': { state: 'many-files', act: open(hugePlan) },
	'preview-huge-narrow': {
		state: 'long-names',
		options: narrow,
		async act(stage) {
			await openPreview(stage, { ...hugePlan(), project: 'a-project-with-quite-a-long-name-too' })
			await panelOf(stage.page)
				.getByRole('button', { name: /^and \d+ more: Files/ })
				.click()
		},
	},
	'preview-nothing': { state: 'in-step', act: open(() => plan({ steps: [], notes: [] })) },
	'preview-with-commit': {
		state: 'both-ways',
		async act(stage) {
			const { page, engine } = stage
			await openPreview(stage, plan())
			await page.getByRole('radio', { name: 'Up' }).check()
			await page.getByRole('textbox').fill('Use a context of 512 steps')
			await page.getByRole('checkbox').check()
			engine.handlers.preview = planWithCommit
			await button(page, 'Update the preview').click()
			await page.getByText('Commit on master').waitFor()
		},
	},
	'preview-message-not-seen-yet': {
		state: 'both-ways',
		async act(stage) {
			await openPreview(stage, plan())
			await stage.page.getByRole('textbox').fill('Use a context of 512 steps')
		},
	},
	'preview-stopped': {
		state: 'needs-care',
		act: open(() =>
			plan({
				id: '',
				steps: [],
				notes: [],
				problem: problem('merge-in-progress', {
					side: 'The workstation',
					what: 'merge',
					path: '~/eon/nt-gpu',
				}),
			}),
		),
	},
	'preview-failed': {
		state: 'ok',
		async act({ page, engine }) {
			engine.refuse = problem('remote-timeout', { what: 'git', seconds: 20, workstation: 'lab' })
			await button(page, 'Preview…').click()
			await panelOf(page).getByRole('alert').waitFor()
		},
	},
	'preview-looking': {
		state: 'ok',
		async act({ page, engine }) {
			engine.handlers.preview = () => new Promise(() => {})
			await button(page, 'Preview…').click()
			await page.getByText('Looking at both sides…').waitFor()
		},
	},
	'preview-moved': {
		state: 'ok',
		async act(stage) {
			await openPreview(stage, plan())
			await moveMeanwhile(stage, planWithCommit())
		},
	},
	conflicts: { state: 'ok', act: open(planWithConflicts) },
	'conflicts-many-narrow': {
		state: 'ok',
		options: narrow,
		act: open(() => planWithConflicts([`${'a-long-folder/'.repeat(9)}train.py`, ...manyFiles(97)])),
	},
	'conflicts-taken': { state: 'ok', act: takeOneSide },
	'conflicts-prepared': {
		state: 'ok',
		async act(stage) {
			const { page, engine } = stage
			engine.handlers.prepareMerge = prepared
			engine.handlers.findEditor = () => ({ editor: 'VS Code' })
			await openPreview(stage, planWithConflicts())
			await button(page, 'Prepare the merge').click()
			await button(page, 'Open in VS Code').waitFor()
		},
	},
	'conflicts-prepared-no-editor': {
		state: 'ok',
		options: narrow,
		async act(stage) {
			const { page, engine } = stage
			engine.handlers.prepareMerge = prepared
			const facts = { editor: 'nvim', path: prepared().path }
			engine.handlers.findEditor = () => {
				throw new ProblemError(problem('editor-terminal', facts))
			}
			await openPreview(stage, planWithConflicts(['train.py']))
			await button(page, 'Prepare the merge').click()
			await button(page, 'Copy the command').waitFor()
		},
	},
	'preview-big-files': { state: 'both-ways', act: open(planWithBigFile) },
	'preview-undo': {
		state: 'done',
		async act({ page, engine }) {
			engine.handlers.preview = undoPlan
			await button(page, 'Undo…').click()
			await page.getByText('Take 2 commits off').waitFor()
		},
	},
	'preview-large-text': {
		state: 'both-ways',
		async act(stage) {
			await openPreview(stage, plan())
			await stage.page.evaluate("document.documentElement.style.fontSize = '200%'")
		},
	},
	'preview-increased-contrast': { state: 'ok', options: { contrast: 'more' }, act: open(planWithConflicts) },
	'opened-files': {
		state: 'many-files',
		options: narrow,
		act: ({ page }) => page.getByRole('button', { name: /changed files/ }).click(),
	},
	'opened-files-of-both': {
		state: 'both-ways',
		async act({ page }) {
			for (const name of [/^3 changed files/, /^1 changed file/, /result files/])
				await page.getByRole('button', { name }).click()
		},
	},
}
