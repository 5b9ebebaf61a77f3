import { describe, expect, test } from 'vitest'
import type { Probe } from '../../../src/contract/probe.ts'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { finished, now } from './call.ts'
import { state } from './states.ts'

const good: Probe = {
	workstation: 'lab',
	project: 'nt',
	at: now,
	python: { path: '/home/me/nt/.venv/bin/python', version: '3.12.3', kind: 'venv' },
	driver: { version: '580.95.05', cuda: '13.0' },
	torch: { version: '2.9.0+cu128', build: 'CUDA 12.8', available: true },
	devices: [{ index: 0, name: 'RTX 4090', capability: '8.9', memoryTotalMiB: 24_564, memoryFreeMiB: 23_900 }],
	multiply: { agrees: true, error: 1.9e-7, ms: 0.31 },
	tirex: { version: '1.4.2', weights: true, forecast: { finite: true, ms: 29.6, device: 'cuda:0' } },
	problems: [],
}

async function probe(answer: Partial<Probe>, argv: string[] = ['nt']) {
	const asked: unknown[] = []
	const engine = new FakeEngine(
		{
			probe: (input) => {
				asked.push(input)
				return { ...good, ...answer }
			},
		},
		state(),
	)
	return { ...(await finished(engine, ['probe', ...argv])), asked }
}

describe('probe', () => {
	test('is a short table', async () => {
		const { code, text, error, asked } = await probe({})
		expect(text).toMatchInlineSnapshot(`
			"nt on lab
			  ● Python    3.12.3 · virtual environment · /home/me/nt/.venv/bin/python
			  ● Driver    580.95.05 · up to CUDA 13.0
			  ● GPU 0     RTX 4090 · capability 8.9 · 23.3 of 24.0 GiB free
			  ● PyTorch   2.9.0+cu128 · for CUDA 12.8 · sees the GPU
			  ● Multiply  as on the CPU · differs by 1.9e-7 · 0.3 ms
			  ● TiRex     1.4.2 · forecast fine · 30 ms on cuda:0
			"
		`)
		expect([code, error, asked]).toEqual([0, '', [{ project: 'nt' }]])
	})

	test('says what is wrong below it; the worst gives the exit code', async () => {
		const cpu = problem('torch-cpu-only', { version: '2.9.0+cpu', cuda: '13.0' })
		const { code, text, error } = await probe({
			torch: { version: '2.9.0+cpu', build: null, available: false },
			multiply: null,
			tirex: { version: '1.4.2', weights: false, forecast: null },
			problems: [cpu],
		})
		expect(text).toContain('  ✕ PyTorch  2.9.0+cpu · for the CPU only · sees no GPU\n')
		expect(text).toContain('  – TiRex    1.4.2 · no forecast: its weights are not there\n')
		expect(error).toContain(`✕ ${cpu.title}\n  ${cpu.meaning}\n`)
		expect(error).toContain('hawser probe --download nt\n')
		expect(code).toBe(4)
	})

	test('no PyTorch is an ordinary answer, no GPU is not', async () => {
		const none = { torch: null, multiply: null, tirex: null, devices: [] }
		const torch = problem('torch-missing', { python: '/usr/bin/python3' })
		const ordinary = await probe({ ...none, problems: [torch] })
		expect([ordinary.code, ordinary.text]).toEqual([0, expect.stringContaining('– PyTorch  not installed')])
		expect((await probe({ ...none, driver: null, problems: [problem('gpu-none', {}), torch] })).code).toBe(1)
	})

	test('no Python waits for a person, and leaves the rest out', async () => {
		const { code, text } = await probe({
			python: null,
			torch: null,
			multiply: null,
			tirex: null,
			problems: [problem('python-missing', { folder: '/home/me/nt-gpu' })],
		})
		expect(code).toBe(4)
		expect(text).toContain('✕ Python  none that answers')
		expect(text).not.toMatch(/PyTorch|TiRex/)
	})

	test('--download is passed on, --json is the answer as it is', async () => {
		const { text, asked } = await probe({}, ['--download', '--json'])
		expect(asked).toEqual([{ download: true }])
		expect(JSON.parse(text)).toEqual(good)
	})

	test('what comes from outside cannot move the cursor', async () => {
		const python = { path: '/tmp/\u001b[2Jx\u202e', version: '3\n9', kind: 'plain' as const }
		const { text } = await probe({ python })
		expect(text).toContain('3 9 · the login’s own · /tmp/x\n')
	})
})
