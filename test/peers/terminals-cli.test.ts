import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { attachOrHost } from '../../src/engine/rpc/host.ts'
import { cleanups } from './linked.ts'
import { until } from './run-home.ts'
import { type Sshd, sshdMissing } from './sshd.ts'
import { terminalBed } from './terminal-bed.ts'

/** `hawser shell` and `hawser tmux` on a real terminal of the laptop, with an engine that runs already. */

const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const scriptProgram = '/usr/bin/script'
const missing =
	sshdMissing ??
	(process.platform === 'linux' && existsSync(scriptProgram) ? null : 'no `script` of util-linux')
if (missing) console.warn(`skipped: a shell on a real terminal: ${missing}`)

const children = new Set<ChildProcess>()
afterEach(() => {
	for (const child of children) child.kill('SIGKILL')
	children.clear()
})

/** The bed's engine as the one of its folder, which other processes attach to. */
async function runningEngine(projects: Record<string, unknown>[] = []) {
	const bed = await terminalBed({ projects })
	const attachment = await attachOrHost(bed.dataFolder, async () => bed.engine)
	cleanups.push(() => attachment.close())
	return bed
}

/** Another program's terminal; `before` is done in it first. */
function onTerminal(dataFolder: string, argv: string[], before = 'stty cols 91 rows 17') {
	const words = [process.execPath, mainFile, '--home', dataFolder, ...argv]
	// What follows sees the terminal as it was left.
	const command = `${before}\n${words.map((word) => `'${word}'`).join(' ')}; code=$?; stty -a | grep -q ' icanon' && echo ordinary; exit $code`
	const child = spawn(scriptProgram, ['-qec', command, '/dev/null'], {
		env: { ...process.env, NO_COLOR: '1', TERM: 'xterm', SHELL: '/bin/sh' },
	})
	children.add(child)
	let screen = ''
	for (const stream of [child.stdout, child.stderr])
		stream.on('data', (data: Buffer) => {
			screen += data.toString()
		})
	return {
		child,
		screen: () => screen,
		shows: (words: string | RegExp) =>
			vi.waitFor(() => expect(screen).toMatch(words), { timeout: 30_000, interval: 20 }),
		type: (keys: string) => child.stdin.write(keys),
		ended: new Promise<number | null>((settle) => child.on('close', settle)),
	}
}

const logins = (sshd: Sshd) => sshd.log().split('Accepted publickey').length - 1

describe.skipIf(missing)('on a real terminal', () => {
	test('a shell rides on the connection that is there: sized, resized, every key, its exit code', async () => {
		const { dataFolder, sshd } = await runningEngine()
		const go = join(dataFolder, 'go')
		const resize = `(until [ -e '${go}' ]; do sleep 0.1; done; stty cols 132 rows 50 </dev/tty) &`
		const call = onTerminal(dataFolder, ['shell', 'lab'], `stty cols 91 rows 17; ${resize}`)
		await call.shows(/[#$%>] $/)
		call.type('echo "size: $(stty size)"\r')
		await call.shows('size: 17 91')
		await writeFile(go, '')
		await until(() => {
			call.type('echo "now: $(stty size)"\r')
			return call.screen().includes('now: 50 132')
		})
		call.type('echo "sta""rted ü"; sleep 1000\r')
		await call.shows('started ü')
		call.type('\u0003')
		// A terminal forgets what was typed when it is interrupted.
		await until(() => {
			call.type('echo "af""ter"\r')
			return call.screen().includes('after')
		})
		call.type('exit 7\r')
		expect(await call.ended).toBe(7)
		expect(call.screen()).toContain('ordinary')
		expect(logins(sshd)).toBe(1)
	})

	test('tmux, twice at once; a lost link says how to attach again, and then that does', async () => {
		const { dataFolder, sshd } = await runningEngine([{ name: 'my nt', remote: '~' }])
		const first = onTerminal(dataFolder, ['tmux'])
		await first.shows('my-nt-')
		const second = onTerminal(dataFolder, ['tmux', 'my nt'])
		await second.shows('my-nt-')
		second.type('echo "bo""th"\r')
		await first.shows('both')
		second.type('\u0002d')
		expect(await second.ended).toBe(0)
		expect(logins(sshd)).toBe(1)
		await sshd.stopConnections()
		expect(await first.ended).toBe(3)
		expect(first.screen()).toContain("To attach again: hawser tmux 'my nt'")
		expect(first.screen()).toMatch(/\u001b\[\?1049l[\s\S]*ordinary/)
		const third = onTerminal(dataFolder, ['tmux', 'my nt'])
		await third.shows('both')
		third.type('exit\r')
		expect(await third.ended).toBe(0)
	})

	test('a window that is closed ends the shell there and what runs in it', async () => {
		const { dataFolder, sshd } = await runningEngine()
		const call = onTerminal(dataFolder, ['shell'])
		await call.shows(/[#$%>] $/)
		call.type('echo $$ >pid; echo "go""ing"; sleep 1000\r')
		await call.shows('going')
		const pid = Number(await readFile(join(sshd.home, 'pid'), 'utf8'))
		expect(existsSync(`/proc/${pid}`)).toBe(true)
		call.child.kill('SIGKILL')
		await until(() => !existsSync(`/proc/${pid}`))
	})
})
