import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseGpuRecords } from '../../src/engine/gpu/gpu-records.ts'
import { runScript } from '../../src/engine/remote/script.ts'
import { localLink } from './local-link.ts'
import { makeRunHome, type RunHome, startWatch, until } from './run-home.ts'

let at: RunHome
beforeEach(async () => {
	at = await makeRunHome()
})
afterEach(async () => await at.dispose())

/** Stands for the real tool: prints what it prints, in shapes that were captured from it. */
const fakeTool = (body: string) => `#!/bin/sh\ncase $1 in\n${body}\nesac\n`
const oneCard =
	fakeTool(`--query-gpu=*) echo '0, GPU-1a, 550.54.15, 97, 18211, 24564, 71, 412.34, 450.00, NVIDIA GeForce RTX 4090' ;;
--query-compute-apps=*) echo '4711, GPU-1a, 18000, python' ;;`)
const oldCard =
	fakeTool(`--query-gpu=*power*) echo 'Field "power.limit" is not a valid field to query.'; exit 2 ;;
--query-gpu=*) echo '0, GPU-1a, 304.137, [Not Supported], 100, 1024, 40, Quadro 600' ;;
--query-compute-apps=*) ;;`)
const broken = fakeTool(
	`*) echo 'Failed to initialize NVML: Driver/library version mismatch'; echo 'NVML library version: 550.54'; exit 18 ;;`,
)
const hanging = '#!/bin/sh\nexec sleep 600\n'

const link = async () => localLink(at.home, { PATH: await at.path('nvidia-smi') })

describe('the GPU', () => {
	test('is read again and again', async () => {
		await at.program('nvidia-smi', oneCard)
		const watch = await startWatch(await link(), 1)
		await until(() => watch.gpu.length >= 3)
		for (const gpu of watch.gpu)
			expect(gpu).toMatchObject({
				status: 'read',
				devices: [{ name: 'NVIDIA GeForce RTX 4090', utilisation: { value: 97 } }],
				processes: [{ pid: 4711, name: 'python', memoryMiB: { value: 18000 } }],
			})
		await watch.stop()
	})

	test('a driver that lacks a field is asked without it', async () => {
		await at.program('nvidia-smi', oldCard)
		const watch = await startWatch(await link(), 1)
		await until(() => watch.gpu.length >= 2)
		expect(watch.gpu[1]).toMatchObject({
			status: 'read',
			devices: [
				{ name: 'Quadro 600', utilisation: { missing: 'Not Supported' }, power: { missing: 'unknown' } },
			],
		})
		await watch.stop()
	})

	test.each([
		['without nvidia-smi', null, 'gpu-no-tool', {}],
		[
			'with a broken driver',
			broken,
			'gpu-no-driver',
			{ reason: expect.stringContaining('version mismatch') },
		],
		['when it hangs', hanging, 'gpu-no-driver', { reason: 'nothing within 10 s' }],
	])('%s', async (_, tool, code, facts) => {
		if (tool) await at.program('nvidia-smi', tool)
		const watch = await startWatch(await link(), 1)
		await until(() => watch.gpu.length > 0)
		expect(watch.gpu[0]).toMatchObject({ status: 'absent', problem: { code, facts } })
		await watch.stop()
	})

	test('one reading among other facts', async () => {
		await at.program('nvidia-smi', oneCard)
		const { stdout } = await runScript(await link(), 'facts', [])
		expect(parseGpuRecords(stdout, 5)).toMatchObject({ status: 'read', at: 5, devices: [{ index: 0 }] })
	})
})

describe('a watch leaves nothing behind', () => {
	const gone = async () => {
		await until(() => at.living().length === 0)
		await until(async () => (await at.fifos()).length === 0)
	}

	test.each([
		['its input ends', 'stop'],
		['the link breaks', 'drop'],
	])('when %s, with a nvidia-smi that hangs', async (_, how) => {
		await at.program('nvidia-smi', hanging)
		const local = await link()
		const watches = [await startWatch(local, 1), await startWatch(local, 1)]
		await until(() => at.living().filter(({ command }) => command.includes('sleep 600')).length === 2)
		if (how === 'drop') local.drop()
		else for (const watch of watches) await watch.stop()
		await gone()
	})

	test('when its shell is killed', async () => {
		const local = await link()
		const watch = await startWatch(local, 1)
		for (const pid of local.running()) process.kill(pid, 'SIGKILL')
		local.drop()
		await watch.end
		await gone()
	})

	test('and takes away what a killed one left', async () => {
		const local = await link()
		const first = await startWatch(local, 1)
		for (const { pid } of at.living()) process.kill(pid, 'SIGKILL')
		await first.end
		expect((await at.fifos()).length).toBeGreaterThan(0)
		const second = await startWatch(local, 60)
		await until(() => second.gpu.length > 0)
		expect((await at.fifos()).filter((name) => !name.startsWith('reading-'))).toHaveLength(1)
		await second.stop()
		await gone()
	})
})
