import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cancelRun, listRuns } from '../../src/engine/runs/runs.ts'
import { type LocalLink, localLink } from './local-link.ts'
import { makeRunHome, type RunHome, standInSystemd, startWatch, until, whenEnded } from './run-home.ts'

/** How a run can end by something else than itself, and that each is told as what it is. */

let at: RunHome
beforeEach(async () => {
	at = await makeRunHome()
})
afterEach(async () => await at.dispose())

const tmuxMissing = existsSync('/usr/bin/tmux') ? null : 'no tmux on this machine'
const both = [{ runner: 'tmux' as const }, { runner: 'detached' as const }]
const linux = process.platform === 'linux'
const noLinux = linux ? '' : ' (skipped: not on Linux)'

const sleepers = () => at.living().filter(({ command }) => /^sleep 60\d/.test(command))
const isUp = async (count = 1) => await until(() => sleepers().length === count)
const kill = (pids: { pid: number }[], signal: NodeJS.Signals) => {
	for (const { pid } of pids) {
		try {
			process.kill(pid, signal)
		} catch {
			// It went meanwhile.
		}
	}
}

describe.each(both)('a limit, $runner', ({ runner }) => {
	const skip = !linux || (runner === 'tmux' && tmuxMissing !== null)

	test.skipIf(skip)(`ends all of it, also what ignores TERM or is stopped${noLinux}`, async () => {
		const link = localLink(at.home)
		const run = await at.start(
			link,
			`trap "" TERM; sh -c 'trap "" TERM; sleep 601' & sleep 602 & kill -STOP $!; echo up; sleep 603; wait`,
			{ runner, limitMs: 1500 },
		)
		expect(run.limitMs).toBe(1500)
		expect((await whenEnded(link, run.id)).outcome).toMatchObject({ status: 'timed-out', limitMs: 1500 })
		await until(() => at.living().length === 0)
	})

	test.skipIf(skip)(`that is not reached leaves nothing behind${noLinux}`, async () => {
		const link = localLink(at.home)
		const run = await at.start(link, 'sleep 0.3; exit 3', { runner, limitMs: 600_000 })
		expect((await whenEnded(link, run.id)).outcome).toMatchObject({ status: 'failed', exitCode: 3 })
		await until(() => at.living().length === 0)
	})
})

test('a run with a limit can be cancelled before it', async () => {
	const link = localLink(at.home)
	const run = await at.start(link, 'sleep 601', { limitMs: 600_000 })
	await cancelRun(link, run.id)
	expect((await whenEnded(link, run.id)).outcome.status).toBe('cancelled')
	await until(() => at.living().length === 0)
})

describe('a log-out', () => {
	const user = userInfo().username
	let link: LocalLink
	beforeEach(async () => {
		link = localLink(at.home, { PATH: await at.path() })
	})

	test('that would end it is seen before it is started', async () => {
		await standInSystemd(at, {})
		await expect(at.start(link, 'sleep 601')).rejects.toMatchObject({
			problem: { code: 'log-out-ends-runs', facts: { user }, needsPerson: true },
		})
		expect(await readdir(join(at.home, '.hawser/runs')).catch(() => [])).toEqual([])
		const run = await at.start(link, 'exit 4', { anyway: true })
		expect((await whenEnded(link, run.id)).outcome).toMatchObject({ status: 'failed', exitCode: 4 })
	})

	test.each([
		['logind kills nobody', { killsAtLogOut: false }],
		['the user lingers', { lingers: true }],
		['logind spares this user', { spares: user }],
	])('%s: it starts, and what kills it later is no log-out', async (_, says) => {
		await standInSystemd(at, says)
		const run = await at.start(link, 'sleep 601')
		await isUp()
		kill(at.living(), 'SIGKILL')
		expect((await whenEnded(link, run.id)).outcome).toMatchObject({ status: 'lost', reason: 'vanished' })
	})

	test.skipIf(!linux).each(both)(
		`tells all of it to end: that is told as its cause${noLinux}, $runner`,
		async ({ runner }) => {
			await standInSystemd(at, {})
			const run = await at.start(link, 'sleep 601', { runner, anyway: true })
			await isUp()
			kill([{ pid: await at.pidOf(run.id) }, ...sleepers()], 'SIGTERM')
			expect((await whenEnded(link, run.id)).outcome).toMatchObject({
				status: 'killed',
				signal: 'TERM',
				cause: 'log-out',
			})
		},
	)

	test.skipIf(!linux)(
		`a command that tidies up and exits with 0 was ended all the same${noLinux}`,
		async () => {
			await standInSystemd(at, {})
			const run = await at.start(link, 'trap "kill $!; exit 0" TERM; sleep 601 & wait', { anyway: true })
			await isUp()
			const pid = await at.pidOf(run.id)
			kill(
				at.living().filter(({ command }) => !command.startsWith('tmux')),
				'SIGTERM',
			)
			expect(pid).toBeGreaterThan(1)
			expect((await whenEnded(link, run.id)).outcome).toMatchObject({ status: 'killed', cause: 'log-out' })
		},
	)

	test.skipIf(!linux)(
		`kills all of it at once: lost to the log-out; the wrapper alone: not${noLinux}`,
		async () => {
			await standInSystemd(at, {})
			const all = await at.start(link, 'sleep 601', { anyway: true })
			await isUp()
			kill(at.living(), 'SIGKILL')
			expect((await whenEnded(link, all.id)).outcome).toMatchObject({ status: 'lost', reason: 'log-out' })
			const one = await at.start(link, 'sleep 602', { anyway: true, runner: 'detached' })
			await isUp()
			kill([{ pid: await at.pidOf(one.id) }], 'SIGKILL')
			expect((await whenEnded(link, one.id)).outcome).toMatchObject({ status: 'lost', reason: 'vanished' })
		},
	)

	test.skipIf(!linux)(`a shutdown is told as one; a TERM of anybody else as a signal${noLinux}`, async () => {
		await standInSystemd(at, { state: 'stopping' })
		const down = await at.start(link, 'sleep 601', { anyway: true })
		await isUp()
		kill([{ pid: await at.pidOf(down.id) }, ...sleepers()], 'SIGTERM')
		expect((await whenEnded(link, down.id)).outcome).toMatchObject({ status: 'killed', cause: 'shutdown' })
		await standInSystemd(at, { killsAtLogOut: false })
		const other = await at.start(link, 'sleep 602')
		await isUp()
		kill([{ pid: await at.pidOf(other.id) }, ...sleepers()], 'SIGTERM')
		expect((await whenEnded(link, other.id)).outcome).toMatchObject({
			status: 'killed',
			signal: 'TERM',
			cause: 'signal',
		})
	})
})

describe('the out-of-memory killer', () => {
	/** A memory cgroup of version 1 that this process may make and fill; null where there is none. */
	const group = join('/sys/fs/cgroup/memory', `hawser-test-${process.pid}`)
	let made = false
	beforeEach(async () => {
		made = await mkdir(group).then(
			() => existsSync(join(group, 'memory.limit_in_bytes')),
			() => false,
		)
		if (made) await writeFile(join(group, 'memory.limit_in_bytes'), String(48 * 1024 * 1024))
	})
	afterEach(async () => {
		if (!made) return
		await until(async () => (await readFile(join(group, 'cgroup.procs'), 'utf8')) === '')
		await rmdir(group)
	})

	test('the real kernel’s: told as what it was; another KILL there is not', async (context) => {
		if (!made) context.skip('no memory cgroup can be made here')
		// The run, and only that, is put into the cgroup before it becomes one.
		await at.program('setsid', `#!/bin/sh\necho $$ >${group}/cgroup.procs\nexec /usr/bin/setsid "$@"\n`)
		const link = localLink(at.home, { PATH: await at.path() })
		const eat = `exec awk 'BEGIN { s = "0123456789abcdef"; while (length(s) < 200000000) s = s s }'`
		const options = { runner: 'detached' as const }
		const big = await at.start(link, `echo eating; ${eat}`, options)
		expect(await whenEnded(link, big.id)).toMatchObject({
			outcome: { status: 'killed', signal: 'KILL', cause: 'out-of-memory' },
			lastLine: 'eating',
		})
		const small = await at.start(link, 'kill -KILL $$', options)
		expect((await whenEnded(link, small.id)).outcome).toMatchObject({ status: 'killed', cause: 'signal' })
	})

	test.skipIf(!linux)(`when it took the wrapper too, the count it wrote down tells${noLinux}`, async () => {
		const link = localLink(at.home)
		const run = await at.start(link, 'sleep 601')
		await isUp()
		// Stands for the count of a cgroup of which all is killed together.
		const counter = join(at.home, 'memory.events')
		await writeFile(counter, 'low 0\noom 4\noom_kill 7\n')
		await writeFile(join(at.home, '.hawser/runs', run.id, 'oom'), `6 ${counter}\n`)
		kill(at.living(), 'SIGKILL')
		expect((await whenEnded(link, run.id)).outcome).toMatchObject({
			status: 'killed',
			signal: 'KILL',
			cause: 'out-of-memory',
		})
	})
})

test.skipIf(!linux || tmuxMissing !== null)(
	`its tmux server is killed: it goes on, and is told${noLinux}`,
	async () => {
		const link = localLink(at.home)
		const watch = await startWatch(link)
		const run = await at.start(link, 'until [ -e go ]; do sleep 0.05; done; echo through; exit 5')
		const servers = at.living().filter(({ command }) => command.startsWith('tmux'))
		expect(servers).toHaveLength(1)
		kill(servers, 'SIGKILL')
		await until(() => !at.living().some(({ command }) => command.startsWith('tmux')))
		expect((await listRuns(link, 'lab'))[0]?.outcome.status).toBe('running')
		await writeFile(join(at.folder, 'go'), '')
		await until(() => watch.ended.length > 0)
		expect(watch.ended).toMatchObject([
			{ id: run.id, outcome: { status: 'failed', exitCode: 5 }, lastLine: 'through' },
		])
		await watch.stop()
	},
)
