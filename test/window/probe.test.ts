import { describe, expect, test } from 'vitest'
import type { Probe } from '../../src/contract/probe.ts'
import { problem } from '../../src/engine/problems.ts'
import { axe } from './axe.ts'
import { chromiumPath } from './browser.ts'
import { button } from './code-scenes.ts'
import { project, stateOf, workstation } from './pieces.ts'
import { cpuProbe, goodProbe, openProbe, probeScenes } from './probe-scenes.ts'
import { states } from './states.ts'
import { windowBed } from './window-bed.ts'

describe.skipIf(chromiumPath === null)('the probe', () => {
	const bed = windowBed()

	for (const colorScheme of ['light', 'dark'] as const)
		test.each(Object.entries(probeScenes))(
			`%s in ${colorScheme}: axe and the policy have nothing to say`,
			async (_, scene) => {
				const stage = await bed.open(states[scene.state](), { ...scene.options, colorScheme })
				await scene.act(stage)
				expect(await axe(stage.page)).toEqual([])
				expect(stage.complaints).toEqual([])
			},
		)

	test('is asked once by opening it, by keyboard; Esc closes it, and its answer is kept', async () => {
		const { page, engine } = await bed.open(states.ok())
		engine.handlers.probe = () => goodProbe
		await button(page, 'Probe').focus()
		await page.keyboard.press('Enter')
		const panel = page.getByRole('region', { name: 'Probe of nt' })
		await panel.getByText('forecast fine').waitFor()
		const rows = await panel.getByRole('listitem').allTextContents()
		expect(rows).toContain('fine: PyTorch2.9.0+cu128 · for CUDA 12.8 · sees the GPU')
		await page.keyboard.press('Escape')
		await panel.waitFor({ state: 'detached' })
		expect(await page.evaluate('document.activeElement.textContent')).toBe('Probe')
		await page.keyboard.press('Enter')
		await panel.getByText('forecast fine').waitFor()
		expect(engine.commands.filter(({ name }) => name === 'probe')).toEqual([
			{ name: 'probe', input: { project: 'nt' } },
		])
	})

	test('a cause is said with what to do; the weights are downloaded only when asked for', async () => {
		const stage = await bed.open(states.ok())
		await openProbe(stage, cpuProbe)
		const { page, engine } = stage
		await page.getByText('This PyTorch was built for the CPU only').waitFor()
		engine.commands.length = 0
		engine.handlers.probe = () => goodProbe
		await button(page, 'Download the weights').click()
		await page.getByText('forecast fine').waitFor()
		expect(await engine.sent('probe')).toEqual({ project: 'nt', download: true })
		expect(await button(page, 'Download the weights').count()).toBe(0)
		expect(await page.getByText('This PyTorch was built').count()).toBe(0)
	})

	test('a refusal is shown in place, and the answer before it stays', async () => {
		const stage = await bed.open(states.ok())
		await openProbe(stage, goodProbe)
		const lost = problem('remote-timeout', { script: 'probe', seconds: 180 })
		stage.engine.refuseOnce('probe', lost)
		await button(stage.page, 'Ask again').click()
		await stage.page.getByText(lost.title).waitFor()
		expect(await stage.page.getByText('forecast fine').count()).toBe(1)
		expect(await stage.page.getByRole('alert').count()).toBe(0)
	})

	test('each project of a workstation has its own; one that is not connected says why not', async () => {
		const two = [project(), project({ name: 'other' })]
		const up = await bed.open(stateOf({ projects: two }))
		const answers: Record<string, Probe> = { nt: goodProbe, other: { ...cpuProbe, project: 'other' } }
		up.engine.handlers.probe = ({ project: name = '' }) => answers[name] ?? goodProbe
		await button(up.page, 'Probe other').click()
		await up.page.getByRole('region', { name: 'Probe of other' }).getByText('2.9.0+cpu').first().waitFor()
		expect(await up.page.getByRole('region', { name: 'Probe of nt' }).count()).toBe(0)

		const lost = problem('link-lost', { host: 'lab', reason: 'gone' })
		const link = { status: 'lost', problem: lost, since: 0, nextTryAt: 1 } as const
		const down = await bed.open(stateOf({ projects: [project()], workstations: [workstation({ link })] }))
		expect(await button(down.page, 'Probe').getAttribute('aria-disabled')).toBe('true')
		expect(await button(down.page, 'Probe').getAttribute('title')).toBe('lab is not connected.')
	})
})
