import { describe, expect, test } from 'vitest'
import { whyNoLink } from '../../src/app/link-lines.ts'
import { ProblemError } from '../../src/contract/client.ts'
import { problem } from '../../src/engine/problems.ts'
import { agentStates } from './agent-states.ts'
import { axe } from './axe.ts'
import { chromiumPath } from './browser.ts'
import { button } from './code-scenes.ts'
import { project, stateOf, workstation } from './pieces.ts'
import { type StateName, states } from './states.ts'
import { windowBed } from './window-bed.ts'

describe.skipIf(chromiumPath === null)('terminals', () => {
	const bed = windowBed()
	const shell = 'Open a shell…'
	const tmux = 'Open tmux…'

	test.each([
		[shell, { what: 'shell', workstation: 'lab' }],
		[tmux, { what: 'tmux', project: 'nt' }],
	])('%s by mouse and by keyboard', async (name, input) => {
		const { page, engine } = await bed.open(states.ok())
		engine.handlers.openTerminal = () => ({})
		await button(page, name).click()
		expect(await engine.sent('openTerminal')).toEqual(input)
		await expect.poll(() => button(page, name).getAttribute('aria-disabled')).toBeNull()
		engine.commands.length = 0
		await button(page, name).focus()
		await page.keyboard.press('Enter')
		expect(await engine.sent('openTerminal')).toEqual(input)
	})

	test.each<StateName>(['down-port', 'login-passphrase', 'asking', 'dialling'])(
		'%s: neither can be opened, and both say why as the menu does',
		async (name) => {
			const state = states[name]()
			const lab = Object.values(state.workstations)[0] ?? workstation()
			const why = whyNoLink(lab)
			expect(why).not.toBeNull()
			const { page, engine } = await bed.open(state)
			for (const one of [shell, tmux]) {
				const found = button(page, one)
				expect(await found.getAttribute('aria-disabled')).toBe('true')
				expect((await found.getAttribute('title'))?.toLowerCase()).toBe(`${why}.`.toLowerCase())
				await found.focus()
				await page.keyboard.press('Enter')
			}
			expect(engine.commands.some((command) => command.name === 'openTerminal')).toBe(false)
		},
	)

	test('a project of a workstation that is not there', async () => {
		const { page } = await bed.open(stateOf({ projects: [project({ workstation: 'gone' })] }))
		expect(await button(page, tmux).getAttribute('title')).toBe('No workstation named gone.')
	})

	test('while an operation goes on a terminal is in nobody’s way', async () => {
		const { page } = await bed.open(states.working())
		for (const one of [shell, tmux]) expect(await button(page, one).getAttribute('aria-disabled')).toBeNull()
	})

	test('a refusal of tmux is said in its project’s card, one of the shell at the top', async () => {
		const { page, engine } = await bed.open(states.ok())
		engine.handlers.openTerminal = () => {
			throw new ProblemError(problem('terminal-unknown', { said: 'no program of that name' }))
		}
		const { title } = problem('terminal-unknown', { said: 'no program of that name' })
		await button(page, tmux).click()
		await page.getByRole('region', { name: 'Project nt' }).getByRole('alert').getByText(title).waitFor()
		await button(page, shell).click()
		await page.getByRole('alert', { name: 'Not done' }).getByText(title).waitFor()
	})

	test.each(['light', 'dark'] as const)('in %s axe has nothing to say', async (colorScheme) => {
		for (const state of [states.ok(), states['down-port'](), agentStates['agent-waits']()]) {
			const { page, complaints } = await bed.open(state, { colorScheme })
			await button(page, shell).waitFor()
			expect(await axe(page)).toEqual([])
			expect(complaints).toEqual([])
		}
	})

	test('an agent that waits is answered from the top of the window', async () => {
		const { page, engine } = await bed.open(agentStates['agent-waits']())
		engine.handlers.openTerminal = () => ({})
		const card = page.getByRole('region', { name: 'What is wrong' })
		await card.getByText('claude waits for you').waitFor()
		await card.getByRole('button', { name: 'Attach…' }).click()
		expect(await engine.sent('openTerminal')).toEqual({ what: 'agent', project: 'nt' })
		await page.getByRole('banner').getByText('Waits for you').waitFor()
	})
})
