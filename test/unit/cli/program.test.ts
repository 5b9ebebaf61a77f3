import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../../src/contract/client.ts'
import { problem } from '../../../src/engine/problems.ts'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { call, finished } from './call.ts'
import { state } from './states.ts'

const engine = () => new FakeEngine({}, state())

describe('help', () => {
	test('lists the commands and the exit codes', async () => {
		const { code, text } = await finished(engine(), ['--help'])
		expect(code).toBe(0)
		expect(text).toMatchSnapshot()
	})

	test.each([
		'status',
		'check',
		'gpu',
		'pending',
		'up',
		'run',
		'back',
		'go',
		'runs',
		'log',
		'cancel',
		'serve',
		'demo',
		'shell',
		'connect',
		'disconnect',
		'forget',
		'zt',
		'zt status',
		'zt restart',
		'zt join',
	])('%s has its own', async (name) => {
		const { code, text } = await finished(engine(), [...name.split(' '), '--help'])
		expect(code).toBe(0)
		expect(text).toMatchSnapshot()
	})

	test('the version is the package’s', async () => {
		expect(await finished(engine(), ['--version'])).toMatchObject({ code: 0, text: '0.1.0\n' })
	})
})

test.each([
	[['bogus']],
	[['--bogus']],
	[['status', '--bogus']],
	[['status', 'extra']],
	[['log']],
	[['cancel']],
	[['--home']],
	[['forget']],
	[['zt', 'bogus']],
	[['zt', 'join']],
	[['zt', 'restart', 'now']],
	[['serve', '--port', 'x']],
	[['serve', '--port', '70000']],
	[['serve', '--port', '-1']],
])('%j is wrong use, said on standard error', async (argv) => {
	const { code, text, error } = await finished(engine(), argv)
	expect(code).toBe(2)
	expect(text).toBe('')
	expect(error).toMatch(/error/)
})

describe('failures', () => {
	const failing = (code: Parameters<typeof problem>[0]) =>
		new FakeEngine(
			{
				listRuns: () => {
					throw new ProblemError(problem(code, { host: 'lab', port: 22 }))
				},
			},
			state(),
		)

	test.each([
		['run-unknown', 2],
		['port-refused', 3],
		['host-key-changed', 4],
		['remote-failed', 1],
		['internal', 1],
	] as const)('%s ends with %i', async (name, expected) => {
		expect((await finished(failing(name), ['runs'])).code).toBe(expected)
	})

	test('are title, meaning and next step on standard error, coloured only for a person', async () => {
		const { text, error } = await finished(failing('port-refused'), ['runs'])
		expect(text).toBe('')
		expect(error).toBe(
			'✕ lab refuses SSH on port 22\n  The machine is there, but no SSH server listens on that port. Start it there, or check the port.\n  → Try again.\n',
		)
		const coloured = await finished(failing('port-refused'), ['runs'], { tty: true })
		expect(coloured.error).toContain('\u001b[31m✕')
		const plain = await finished(failing('port-refused'), ['runs'], { tty: true, env: { NO_COLOR: '1' } })
		expect(plain.error).toBe(error)
	})

	test('with --json are the document too', async () => {
		const { text } = await finished(failing('port-refused'), ['runs', '--json'])
		expect(JSON.parse(text)).toMatchObject({ problem: { code: 'port-refused' } })
	})

	test('an engine that cannot be had is one', async () => {
		const { code, error } = await finished(engine(), ['status'], {
			doors: {
				openEngine: () => Promise.reject(new ProblemError(problem('engine-unreachable', { reason: 'No' }))),
			},
		})
		expect(code).toBe(1)
		expect(error).toContain('engine does not answer')
	})

	test('a mistake in the settings is said beside what still works', async () => {
		const mistake = problem('config-invalid', { path: 'projects[0].local', message: 'required', file: '/c' })
		const broken = new FakeEngine(
			{ listRuns: () => ({ runs: [] }) },
			state({ config: { path: '/c', problem: mistake } }),
		)
		const { code, text, error } = await finished(broken, ['runs'])
		expect(code).toBe(0)
		expect(text).toBe('No runs are known.\n')
		expect(error).toContain('projects[0].local')
	})
})

describe('Ctrl-C', () => {
	const waiting = () => new FakeEngine({ listRuns: () => new Promise(() => {}) }, state())

	test('ends in order, a second time at once', async () => {
		const slow = waiting()
		const running = call(slow, ['runs'])
		while (!slow.asked.some(({ name }) => name === 'listRuns')) await new Promise(setImmediate)
		running.interrupt()
		expect(await running.done).toBe(130)
		expect(running.attachment.closed).toBe(true)
		expect(running.exits).toEqual([])
		const again = call(slow, ['runs'])
		await new Promise(setImmediate)
		again.interrupt()
		again.interrupt()
		expect(again.exits).toEqual([130])
		await again.done
	})
})

test('the engine of a folder that is named is the one that is asked', async () => {
	const folders: string[] = []
	const doors = {
		openEngine: (folder: string) => {
			folders.push(folder)
			return Promise.reject(new ProblemError(problem('engine-unreachable', {})))
		},
	}
	await finished(engine(), ['status', '--home', '/named'], { doors, env: { HAWSER_HOME: '/env' } })
	await finished(engine(), ['status'], { doors, env: { HAWSER_HOME: '/env' } })
	await finished(engine(), ['status'], { doors, env: { HAWSER_HOME: '' } })
	expect(folders.slice(0, 2)).toEqual(['/named', '/env'])
	expect(folders[2]).toMatch(/Hawser$/)
})
