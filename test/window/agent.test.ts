import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import { problem } from '../../src/engine/problems.ts'
import { agent, agentStates } from './agent-states.ts'
import { axe } from './axe.ts'
import { chromiumPath } from './browser.ts'
import { button, panelOf } from './code-scenes.ts'
import { project, stateOf } from './pieces.ts'
import { plan, planWithConflicts } from './plans.ts'
import { windowBed } from './window-bed.ts'

describe.skipIf(chromiumPath === null)('a coding agent', () => {
	const bed = windowBed()
	const cardOf = (page: Awaited<ReturnType<typeof bed.open>>['page']) =>
		page.getByRole('region', { name: 'Coding agent of nt' })

	for (const colorScheme of ['light', 'dark'] as const)
		test.each(Object.entries(agentStates))(
			`%s in ${colorScheme}: axe has nothing to say`,
			async (_, state) => {
				const { page, complaints } = await bed.open(state(), { colorScheme })
				await cardOf(page).waitFor()
				expect(await axe(page)).toEqual([])
				expect(complaints).toEqual([])
			},
		)

	test('it says how it stands, as it changes', async () => {
		const { page, engine } = await bed.open(agentStates['agent-running']())
		const card = cardOf(page)
		await card.getByText('claude is at work').waitFor()
		await card.getByText('agent: 3 commits to bring · 2 files in no commit').waitFor()
		const value = project({ agent: agent({ status: 'waits', lastLine: '<b>1. Yes</b>' }) })
		engine.change({ slice: 'projects', key: 'nt', value })
		await card.getByText('claude waits for you').waitFor()
		await card.getByText('<b>1. Yes</b>').waitFor()
	})

	test('started, attached and stopped', async () => {
		const { page, engine } = await bed.open(agentStates['agent-ended']())
		const show = (change: Parameters<typeof agent>[0]) =>
			engine.change({ slice: 'projects', key: 'nt', value: project({ agent: agent(change) }) })
		engine.handlers.startAgent = () => ({})
		engine.handlers.openTerminal = () => ({})
		engine.handlers.stopAgent = () => ({})
		await button(page, 'Start again').click()
		expect(await engine.sent('startAgent')).toEqual({ project: 'nt' })
		show({ status: 'running' })
		await button(page, 'Attach…').click()
		expect(await engine.sent('openTerminal')).toEqual({ what: 'agent', project: 'nt' })
		await button(page, 'Stop').click()
		expect(await engine.sent('stopAgent')).toEqual({ project: 'nt' })
		show({ status: 'idle', since: null, commits: 0 })
		await button(page, 'Start').waitFor()
		expect(await button(page, 'Bring back…').getAttribute('aria-disabled')).toBe('true')
	})

	test('a refusal is said in the project’s card', async () => {
		const { page, engine } = await bed.open(agentStates['agent-ended']())
		engine.handlers.startAgent = () => {
			throw new ProblemError(problem('agent-no-tmux', {}))
		}
		await button(page, 'Start again').click()
		await page.getByRole('alert').getByText('The workstation has no tmux').waitFor()
	})

	test('its work is brought by the preview, and only as that shows it', async () => {
		const { page, engine } = await bed.open(agentStates['agent-waits']())
		engine.handlers.preview = ({ kind }) => plan({ kind })
		engine.handlers.bringAgent = () => ({ operation: 'op-2' })
		await button(page, 'Bring back…').click()
		await button(page, 'Bring its work back').click()
		expect(await engine.sent('preview')).toEqual({ project: 'nt', kind: 'agent' })
		expect(await engine.sent('bringAgent')).toEqual({ project: 'nt', plan: plan().id })
	})

	test('where it conflicts, a side can be taken; no merge of the validation is offered', async () => {
		const { page, engine } = await bed.open(agentStates['agent-waits']())
		engine.handlers.preview = ({ kind }) => ({ ...planWithConflicts(), kind })
		await button(page, 'Bring back…').click()
		await panelOf(page).getByRole('combobox').first().waitFor()
		expect(
			await panelOf(page)
				.getByRole('button', { name: /prepare/i })
				.count(),
		).toBe(0)
	})

	test('without one in the settings nothing is shown of it', async () => {
		const { page, engine } = await bed.open(stateOf({ projects: [project()] }))
		expect(await cardOf(page).count()).toBe(0)
		engine.handlers.preview = ({ kind }) => plan({ kind })
		await button(page, 'Preview…').click()
		await panelOf(page).waitFor()
		expect(await page.getByRole('radio', { name: 'Agent' }).count()).toBe(0)
	})
})
