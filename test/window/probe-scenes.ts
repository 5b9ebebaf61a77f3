import type { Probe } from '../../src/contract/probe.ts'
import { problem } from '../../src/engine/problems.ts'
import { button, type Scene } from './code-scenes.ts'
import { now, seconds } from './moments.ts'
import type { Stage } from './stage.ts'

export const goodProbe: Probe = {
	workstation: 'lab',
	project: 'nt',
	at: now - seconds(4),
	python: { path: '/home/ada/eon/nt/.venv/bin/python', version: '3.12.3', kind: 'uv' },
	driver: { version: '580.95.05', cuda: '13.0' },
	torch: { version: '2.9.0+cu128', build: 'CUDA 12.8', available: true },
	devices: [
		{
			index: 0,
			name: 'NVIDIA GeForce RTX 4090',
			capability: '8.9',
			memoryTotalMiB: 24_564,
			memoryFreeMiB: 23_812,
		},
	],
	multiply: { agrees: true, error: 1.9e-7, ms: 0.31 },
	tirex: { version: '1.4.2', weights: true, forecast: { finite: true, ms: 29.6, device: 'cuda:0' } },
	problems: [],
}

export const cpuProbe: Probe = {
	...goodProbe,
	torch: { version: '2.9.0+cpu', build: null, available: false },
	multiply: null,
	tirex: { version: '1.4.2', weights: false, forecast: null },
	problems: [problem('torch-cpu-only', { version: '2.9.0+cpu', cuda: '13.0' })],
}

const noPython: Probe = {
	...goodProbe,
	python: null,
	torch: null,
	multiply: null,
	tirex: null,
	problems: [problem('python-missing', { folder: '/home/ada/eon/nt-gpu' })],
}

/** Asks, and waits for the answer to be shown. */
export async function openProbe({ page, engine }: Stage, answer: Probe): Promise<void> {
	engine.handlers.probe = () => answer
	await button(page, 'Probe').click()
	await button(page, 'Ask again').waitFor()
}

export const probeScenes: Record<string, Scene> = {
	probed: { state: 'ok', act: (stage) => openProbe(stage, goodProbe) },
	'probed-cpu-only': { state: 'ok', act: (stage) => openProbe(stage, cpuProbe) },
	'probed-no-python': { state: 'ok', act: (stage) => openProbe(stage, noPython) },
	probing: {
		state: 'ok',
		async act({ page, engine }) {
			engine.handlers.probe = () => new Promise(() => {})
			await button(page, 'Probe').click()
			await page.getByText('A first import can take a minute').waitFor()
		},
	},
	'probed-large-text': {
		state: 'ok',
		async act(stage) {
			await stage.page.evaluate("document.documentElement.style.fontSize = '200%'")
			await openProbe(stage, cpuProbe)
		},
	},
}
