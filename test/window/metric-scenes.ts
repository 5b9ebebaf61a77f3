import type { Scene } from './code-scenes.ts'

const open: Scene['act'] = async ({ page }) => {
	await page.getByRole('button', { name: 'Compare runs of nt' }).click()
	await page.getByRole('table').first().waitFor()
}

export const metricScenes = {
	'compare-several': { state: 'metrics-several', act: open },
	'compare-one': { state: 'metrics-one', act: open },
	'compare-many': { state: 'metrics-many', act: open },
	'compare-long': { state: 'metrics-long', act: open },
	'compare-phone': {
		state: 'metrics-several',
		options: { viewport: { width: 320, height: 640 } },
		act: open,
	},
	'compare-contrast': { state: 'metrics-several', options: { contrast: 'more' }, act: open },
	'opened-waiting-run': {
		state: 'run-waits',
		act: ({ page }) => page.getByRole('button', { name: /waits: nt · horizon=48/ }).click(),
	},
	'opened-measured-run': {
		state: 'run-measured',
		act: ({ page }) => page.getByRole('button', { name: /MASE/ }).click(),
	},
} satisfies Record<string, Scene>
