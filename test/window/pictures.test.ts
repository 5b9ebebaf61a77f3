import { mkdir } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { problem } from '../../src/engine/problems.ts'
import { chromiumPath, root } from './browser.ts'
import { codeScenes, type Scene } from './code-scenes.ts'
import { filesScenes } from './files-scenes.ts'
import { logScenes } from './log-scenes.ts'
import { metricScenes } from './metric-scenes.ts'
import { probeScenes } from './probe-scenes.ts'
import type { Stage } from './stage.ts'
import { stateNames, states } from './states.ts'
import { windowBed } from './window-bed.ts'

const folder = `${root}test/window/pictures`

const log = Array.from(
	{ length: 60 },
	(_, epoch) => `epoch ${epoch + 1}/50  loss ${(0.9 - epoch / 120).toFixed(4)}  lr 2.5e-4\n`,
).join('')

/** What is seen only after somebody did something. */
const scenes: Record<string, Scene> = {
	'opened-ladder': {
		state: 'down-port',
		act: ({ page }) => page.getByTitle('Show every check').click(),
	},
	'opened-jump-hosts': {
		state: 'through-jump-hosts',
		async act({ page }) {
			await page.getByTitle('Show every check').click()
			await page.getByRole('button', { name: /details of Tools/ }).click()
		},
	},
	'opened-systems-ssh': {
		state: 'systems-ssh',
		act: ({ page }) => page.getByTitle('Show every check').click(),
	},
	'opened-relayed': {
		state: 'zerotier-relayed',
		act: ({ page }) => page.getByTitle('Show every check').click(),
	},
	'opened-denied': {
		state: 'zerotier-denied',
		act: ({ page }) => page.getByTitle('Show every check').click(),
	},
	'opened-login': {
		state: 'login-passphrase',
		async act({ page }) {
			await page.getByTitle('Show every check').click()
			await page.getByRole('button', { name: 'Answer', exact: true }).click()
			await page.keyboard.type('not shown')
		},
	},
	'sent-login': {
		state: 'login-password',
		async act({ page }) {
			await page.getByRole('textbox', { name: 'Password' }).fill('not shown')
			await page.keyboard.press('Enter')
			await page.getByText('Sent.').waitFor()
		},
	},
	'large-text-login': {
		state: 'login-six-prompts',
		act: ({ page }) => page.evaluate("document.documentElement.style.fontSize = '200%'"),
	},
	'increased-contrast-login': {
		state: 'login-again',
		options: { contrast: 'more' },
		act: () => Promise.resolve(),
	},
	'opened-run': {
		state: 'working',
		async act({ page, engine }) {
			engine.handlers.readLog = () => ({ text: log, end: 4210, size: 4210 })
			await page.getByRole('button', { name: /running: nt/ }).click()
			await page.getByText('epoch 60/50').waitFor()
		},
	},
	'opened-ended-run': {
		state: 'ok',
		async act({ page, engine }) {
			engine.handlers.readLog = () => ({ text: log, end: 18_204, size: 18_204 })
			await page.getByRole('button', { name: /MASE/ }).click()
			await page.getByText('epoch 60/50').waitFor()
		},
	},
	'opened-processes': {
		state: 'not-available',
		act: ({ page }) => page.getByRole('button', { name: '2 processes' }).click(),
	},
	'opened-settings': {
		state: 'config-mistake',
		act: ({ page }) => page.getByRole('button', { name: 'Open settings' }).click(),
	},
	refused: {
		state: 'ok',
		async act({ page, engine }) {
			engine.refuse = problem('run-in-progress', { run: 'validate' })
			await page.getByRole('button', { name: 'Sync and validate' }).click()
			await page.getByRole('alert').waitFor()
		},
	},
	gone: {
		state: 'ok',
		async act({ page, server }) {
			await server.close()
			await page.getByText('trying again').waitFor()
		},
	},
	'large-text': {
		state: 'down-port',
		act: ({ page }) => page.evaluate("document.documentElement.style.fontSize = '200%'"),
	},
	'increased-contrast': {
		state: 'working',
		options: { contrast: 'more' },
		act: () => Promise.resolve(),
	},
	page: {
		state: 'working',
		options: { viewport: { width: 1100, height: 760 } },
		act: () => Promise.resolve(),
	},
	phone: {
		state: 'working',
		options: { viewport: { width: 320, height: 640 } },
		act: () => Promise.resolve(),
	},

	...codeScenes,
	...filesScenes,
	...logScenes,
	...metricScenes,
	...probeScenes,
}

async function take(stage: Stage, name: string): Promise<void> {
	const path = `${folder}/${name}.png`
	const picture = await stage.page.screenshot({ path, fullPage: true })
	expect(picture.length).toBeGreaterThan(10_000)
	expect(await stage.page.evaluate('document.documentElement.scrollWidth')).toBe(
		stage.page.viewportSize()?.width,
	)
}

describe.skipIf(chromiumPath === null)('pictures', () => {
	const bed = windowBed()
	beforeAll(async () => {
		await mkdir(folder, { recursive: true })
	})

	for (const colorScheme of ['light', 'dark'] as const) {
		test.each(stateNames)(`of the state %s, ${colorScheme}`, async (name) => {
			const stage = await bed.open(states[name](), { colorScheme, deviceScaleFactor: 2 })
			await take(stage, `${name}-${colorScheme}`)
		})

		test.each(Object.entries(scenes))(`of the scene %s, ${colorScheme}`, async (name, scene) => {
			const stage = await bed.open(states[scene.state](), { colorScheme, ...scene.options })
			await scene.act(stage)
			await take(stage, `${name}-${colorScheme}`)
		})
	}
})
