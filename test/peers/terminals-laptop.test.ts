import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { attachOrHost } from '../../src/engine/rpc/host.ts'
import { cleanups } from './linked.ts'
import { until } from './run-home.ts'
import { sshdMissing } from './sshd.ts'
import { problemOf, terminalBed } from './terminal-bed.ts'

/** Terminals of the laptop that the engine opens. The terminal is a stand-in on PATH: there is no screen here. */

const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const script = existsSync('/usr/bin/script') ? '/usr/bin/script' : null
const missing = sshdMissing ?? (process.platform === 'linux' ? null : 'its terminals are those of Linux')
if (missing) console.warn(`skipped: opening the laptop’s terminal: ${missing}`)

let bin: string
beforeEach(async () => {
	bin = await mkdtemp(join(tmpdir(), 'hawser-terminals-'))
	await mkdir(join(bin, 'out'))
	vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
	vi.stubEnv('TERMINAL', join(bin, 'term'))
})
afterEach(async () => {
	vi.unstubAllEnvs()
	await rm(bin, { recursive: true, force: true })
})

const terminal = (name: string, text: string) =>
	writeFile(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
const record = (name: string) => `{ pwd; printf '%s\\n' "$@"; } >'${name}.part'; mv '${name}.part' '${name}'`
const recorded = async (name: string) => {
	await until(() => existsSync(name))
	return (await readFile(name, 'utf8')).split('\n').slice(0, -1)
}

describe.skipIf(missing)('openTerminal', () => {
	const projects = [{ name: '-my nt', remote: '~', agent: {} }]

	test('runs hawser itself in it, for this engine', async () => {
		const cli = ['/opt/node', '/opt/hawser cli.mjs']
		const { dataFolder, face } = await terminalBed({ cli, projects })
		const said = join(bin, 'out/said')
		await terminal('term', record(said))
		const expected = {
			shell: ['shell', '--hold', '--', 'lab'],
			tmux: ['tmux', '--hold', '--', '-my nt'],
			agent: ['tmux', '--agent', '--hold', '--', '-my nt'],
		}
		for (const what of ['shell', 'tmux', 'agent'] as const) {
			await face().call('openTerminal', { what })
			expect(await recorded(said)).toEqual([homedir(), '-e', ...cli, '--home', dataFolder, ...expected[what]])
			await rm(said)
		}
	})

	test('without it the system’s ssh', async () => {
		const { face, sshd } = await terminalBed({ projects })
		const said = join(bin, 'out/said')
		await terminal('term', record(said))
		await face().call('openTerminal', { what: 'tmux', project: '-my nt' })
		const words = await recorded(said)
		expect(words).toContain('ssh')
		expect(words.slice(-3)).toEqual([
			'--',
			sshd.host,
			expect.stringMatching(/^cd ~ && exec tmux -u new-session -A -s 'my-nt-[0-9a-f]{6}'$/),
		])
	})

	test('what it cannot open is a problem, and what is not known too', async () => {
		const { face } = await terminalBed({ projects: [{ name: 'nt', remote: '~' }] })
		await terminal('term', 'echo "no display" >&2; exit 1')
		const open = (wish: Parameters<ReturnType<typeof face>['call']>[1]) =>
			problemOf(face().call('openTerminal', wish as { what: 'shell' }))
		expect(await open({ what: 'shell' })).toMatchObject({
			code: 'terminal-unknown',
			facts: { said: 'term ended with exit code 1: no display' },
		})
		expect(await open({ what: 'shell', workstation: 'no' })).toMatchObject({ code: 'workstation-unknown' })
		expect(await open({ what: 'tmux', project: 'no' })).toMatchObject({ code: 'project-unknown' })
		expect(await open({ what: 'agent' })).toMatchObject({ code: 'agent-unset' })
	})

	test.skipIf(script === null)('what it runs is the shell there, and outlives the call', async () => {
		const cli = [process.execPath, mainFile]
		const bed = await terminalBed({ cli, projects })
		const attachment = await attachOrHost(bed.dataFolder, async () => bed.engine)
		cleanups.push(() => attachment.close())
		// A terminal that is really one, with a person who types after a while.
		const typed = join(bin, 'out/typed')
		await terminal(
			'term',
			`shift; for word; do printf "'%s' " "$word"; done >'${typed}.command'
			{ until [ -e '${bed.sshd.home}/here' ]; do echo 'echo "on $TERM" >here'; sleep 1; done; echo 'exit 3'; } |
				SHELL=/bin/sh TERM=xterm ${script} -qec "$(cat '${typed}.command')" /dev/null >'${typed}.screen' 2>&1
			echo $? >'${typed}'`,
		)
		await bed.face().call('openTerminal', { what: 'shell' })
		expect(await recorded(typed)).toEqual(['3'])
		expect(await readFile(join(bed.sshd.home, 'here'), 'utf8')).toBe('on xterm\n')
		expect(bed.sshd.log().split('Accepted publickey')).toHaveLength(2)
	})
})
