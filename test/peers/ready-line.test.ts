import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runThen } from '../../src/engine/remote/batch.ts'
import { openAhead } from '../../src/engine/remote/ready-line.ts'
import { runScript } from '../../src/engine/remote/script.ts'
import { type LocalLink, localLink } from './local-link.ts'

let home: string
let link: LocalLink
const never = new AbortController().signal
const list = { name: 'run-list', args: [] } as const

/** As `link`, and counts what is opened. */
function counted() {
	let count = 0
	const exec: LocalLink['exec'] = (command, signal) => {
		count += 1
		return link.exec(command, signal)
	}
	return { link: { ...link, exec }, opened: () => count }
}

beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), 'hawser-ready-line-'))
	link = localLink(home)
})

afterEach(async () => {
	await link.dispose()
	await rm(home, { recursive: true, force: true })
})

const until = async (is: () => boolean) => {
	await expect.poll(is, { timeout: 10_000, interval: 20 }).toBe(true)
}

describe('a line opened ahead', () => {
	test('is what the script then runs on', async () => {
		const { link: over, opened } = counted()
		const line = openAhead(over, never)
		await until(() => link.running().length === 1)
		const { stdout, code } = await runScript(over, 'run-list', [], { line })
		expect([code, stdout.startsWith('clock ')]).toEqual([0, true])
		line.close()
		expect(opened()).toBe(1)
	})

	test('runs nothing when it is closed, or cut amid the script', async () => {
		const line = openAhead(link, never)
		await until(() => link.running().length === 1)
		line.close()
		await until(() => link.running().length === 0)

		const cut = await openAhead(link, never).take(never)
		cut.stdin.end('touch "$HOME/ran"\n')
		expect((await cut.exit).code).toBe(0)
		expect(existsSync(join(home, 'ran'))).toBe(false)

		const whole = await openAhead(link, never).take(never)
		whole.stdin.end('touch "$HOME/ran"\n# end')
		await whole.exit
		expect(existsSync(join(home, 'ran'))).toBe(true)
	})

	test.each(['dropped', 'killed', 'closed'] as const)('is opened anew when it was %s', async (how) => {
		const { link: over, opened } = counted()
		const line = openAhead(over, never)
		await until(() => link.running().length === 1)
		const [pid = 0] = link.running()
		if (how === 'dropped') link.drop()
		else if (how === 'killed') process.kill(-pid, 'SIGKILL')
		else line.close()
		await until(() => link.running().length === 0)
		expect((await runScript(over, 'run-list', [], { line })).code).toBe(0)
		expect(opened()).toBe(2)
	})

	test('that the server refuses is opened when it is needed', async () => {
		let refusals = 1
		const exec: LocalLink['exec'] = async (command, signal) => {
			if (refusals-- > 0) throw new Error('too many sessions')
			return await link.exec(command, signal)
		}
		const line = openAhead({ ...link, exec }, never)
		expect((await runScript({ ...link, exec }, 'run-list', [], { line })).code).toBe(0)
	})

	test('that never opens is waited for no longer than the script has time', async () => {
		const exec: LocalLink['exec'] = () => new Promise(() => {})
		const silent = { ...link, exec }
		const line = openAhead(silent, never)
		await expect(runScript(silent, 'run-list', [], { line, timeoutMs: 50 })).rejects.toMatchObject({
			problem: { code: 'remote-timeout' },
		})
	})
})

describe('a script and others after it', () => {
	test('are all answered', async () => {
		const { first, others } = runThen(link, list, [list, list])
		expect((await first).code).toBe(0)
		expect((await first).stdout).toMatch(/^clock \d+\n$/)
		expect((await others).map(({ code, stdout }) => [code, /^clock \d+\n$/.test(stdout)])).toEqual([
			[0, true],
			[0, true],
		])
	})

	test('the first is answered while another still goes on, and keeps its answer when that one is lost', async () => {
		const { first, others } = runThen(link, list, [{ name: 'watch', args: [] }])
		expect((await first).code).toBe(0)
		expect(link.running()).toHaveLength(1)
		link.drop()
		await expect(others).rejects.toMatchObject({ problem: { code: 'link-lost' } })
	})

	test('a first that is killed is no success', async () => {
		const { first, others } = runThen(link, { name: 'watch', args: [] }, [list])
		await until(() => link.running().length === 1)
		process.kill(-(link.running()[0] ?? 0), 'SIGKILL')
		const ended = await first.then(
			({ code }) => code,
			() => 'thrown',
		)
		expect(ended).not.toBe(0)
		await expect(others).rejects.toThrow()
	})
})
