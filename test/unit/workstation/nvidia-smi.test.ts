import { execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const tool = fileURLToPath(new URL('../../../src/workstation/nvidia-smi.sh', import.meta.url))

let home: string
let ends: (() => void)[]
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), `hawser it's a home `))
	ends = []
})
afterEach(() => {
	for (const end of ends) end()
	rmSync(home, { recursive: true, force: true })
})

function smi(...args: string[]): SpawnSyncReturns<string> {
	return spawnSync('sh', [tool, ...args], { encoding: 'utf8', env: { ...process.env, HOME: home } })
}

/** A run as the runner leaves it on the workstation. Returns the pid. */
function startRun(id: string): number {
	const child = spawn('sleep', ['100'], { stdio: 'ignore' })
	ends.push(() => child.kill('SIGKILL'))
	writeRun(id, `${child.pid}\n`)
	return child.pid ?? 0
}

function writeRun(id: string, pid: string): string {
	const folder = join(home, '.hawser', 'runs', id)
	mkdirSync(folder, { recursive: true })
	writeFileSync(join(folder, 'pid'), pid)
	return folder
}

const readings = 'utilization.gpu,memory.used,temperature.gpu,power.draw'

describe('--query-gpu', () => {
	test('prints fields in the asked order, with units', () => {
		const { stdout, status } = smi('--query-gpu=memory.used,index,name,power.limit,gpu_uuid', '--format=csv')
		expect(stdout).toBe(
			'memory.used [MiB], index, name, power.limit [W], uuid\n' +
				'350 MiB, 0, Simulated RTX 4090, 450.00 W, GPU-00000000-5111-4a7e-8000-000000004090\n',
		)
		expect(status).toBe(0)
	})

	test('leaves out header and units when told so, and never puts a unit on [N/A]', () => {
		const fields = '--query-gpu=memory.total,serial,mig.mode.current,utilization.gpu, clocks.sm'
		expect(smi(fields, '--format=csv,noheader,nounits').stdout).toBe('24564, [N/A], [N/A], 0, 210\n')
		expect(smi(fields, '--format=csv,noheader').stdout).toBe('24564 MiB, [N/A], [N/A], 0 %, 210 MHz\n')
	})

	test('an idle GPU is idle', () => {
		const { stdout } = smi(`--query-gpu=${readings}`, '--format=csv,noheader,nounits')
		expect(stdout).toMatch(/^0, 350, 34, 2[34]\.\d\d\n$/)
	})

	test('it is busy while a run is on', () => {
		startRun('one')
		const { stdout } = smi(`--query-gpu=${readings}`, '--format=csv,noheader,nounits')
		const [util, memory, temperature, power] = stdout.trim().split(', ').map(Number)
		expect(util).toBeGreaterThanOrEqual(94)
		expect(util).toBeLessThanOrEqual(98)
		expect(Math.round((memory ?? 0) / 1024)).toBe(17)
		expect(Math.abs((temperature ?? 0) - 68)).toBeLessThanOrEqual(1)
		expect(Math.abs((power ?? 0) - 380)).toBeLessThanOrEqual(5)
	})

	test.each([
		['has ended', () => writeFileSync(join(writeRun('a', `${process.pid}\n`), 'exit'), '0\n')],
		['is dead', () => writeRun('a', `${execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' })}`)],
		['has no pid yet', () => writeRun('a', '')],
		['has nonsense for a pid', () => writeRun('a', '-1\n')],
	])('a run that %s keeps it idle', (_name, make) => {
		make()
		expect(smi('--query-gpu=utilization.gpu', '--format=csv,noheader,nounits').stdout).toBe('0\n')
	})

	test('one unknown field fails the whole query', () => {
		const { stdout, status } = smi('--query-gpu=name,no.such.field', '--format=csv,noheader')
		expect(stdout).toBe('Field "no.such.field" is not a valid field to query.\n\n')
		expect(status).toBe(2)
	})

	test('every field of the help can be asked for', () => {
		const fields = smi('--help-query-gpu').stdout.match(/(?<=")[a-z_.]+(?=")/g) ?? []
		expect(fields.length).toBeGreaterThan(40)
		const asked = smi(`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits')
		expect(asked.status).toBe(0)
		expect(asked.stdout.trim().split(', ').length).toBe(fields.length)
	})

	test.each([
		[['--query-gpu=name']],
		[['--query-gpu=', '--format=csv']],
		[['--format=csv']],
		[['-x']],
		[['--what']],
		[['-i', '1', '-L']],
	])('%j is refused', (args) => {
		const { stdout, status } = smi(...args)
		expect(stdout).toContain('Invalid combination of input arguments.')
		expect(status).toBe(2)
	})
})

describe('processes', () => {
	const fields = '--query-compute-apps=pid,process_name,used_memory,gpu_uuid'

	test('the pid of the run is among them', () => {
		const pid = startRun('one')
		expect(smi(fields, '--format=csv,noheader,nounits').stdout).toMatch(
			new RegExp(`^${pid}, sleep, 17\\d\\d\\d, GPU-00000000-5111-4a7e-8000-000000004090\\n$`),
		)
		expect(smi(fields, '--format=csv').stdout).toMatch(
			/^pid, process_name, used_gpu_memory \[MiB\], gpu_uuid\n\d+, sleep, \d+ MiB, GPU-/,
		)
	})

	test('two runs are two lines', () => {
		const pids = [startRun('one'), startRun('two')]
		const lines = smi('--query-compute-apps=pid', '--format=csv,noheader').stdout.trim().split('\n')
		expect(lines.map(Number).toSorted()).toEqual(pids.toSorted())
	})

	test('without any, there is nothing but the header', () => {
		expect(smi(fields, '--format=csv,noheader').stdout).toBe('')
		expect(smi('--query-compute-apps=pid', '--format=csv').stdout).toBe('pid\n')
		expect(smi('--query-compute-apps=foo', '--format=csv').status).toBe(2)
	})
})

describe('other shapes', () => {
	test('-L names the card', () => {
		expect(smi('-L').stdout).toBe(
			'GPU 0: Simulated RTX 4090 (UUID: GPU-00000000-5111-4a7e-8000-000000004090)\n',
		)
	})

	test('-q -x is balanced XML with the same readings', () => {
		const pid = startRun('one')
		const { stdout, status } = smi('-q', '-x')
		expect(status).toBe(0)
		const open: string[] = []
		for (const [, slash, name = ''] of stdout.matchAll(/<(\/?)([a-z_]+)[^>]*>/g)) {
			if (slash) expect(open.pop()).toBe(name)
			else open.push(name)
		}
		expect(open).toEqual([])
		expect(stdout).toMatch(/^<\?xml version="1.0" \?>\n<!DOCTYPE nvidia_smi_log/)
		expect(stdout).toContain('<product_name>Simulated RTX 4090</product_name>')
		expect(stdout).toMatch(/<gpu_util>9\d %<\/gpu_util>/)
		expect(stdout).toContain(`<pid>${pid}</pid>`)
	})

	test('the table is a table, idle and busy', () => {
		const widths = (text: string) =>
			new Set(
				text
					.trim()
					.split('\n')
					.slice(1)
					.map((line) => line.length),
			)
		const idle = smi()
		expect(idle.stdout).toContain('No running processes found')
		expect(widths(idle.stdout)).toEqual(new Set([91]))
		const pid = startRun('one')
		expect(smi().stdout).toContain(`PID ${pid}`)
		expect(widths(smi().stdout)).toEqual(new Set([91]))
	})
})
