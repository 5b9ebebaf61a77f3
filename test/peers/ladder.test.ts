import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { configSchema, type WorkstationConfig } from '../../src/contract/config.ts'
import type { Rung } from '../../src/contract/state.ts'
import { judgeTools } from '../../src/engine/checks/tools.ts'
import { parseWorkstationFacts } from '../../src/engine/checks/workstation-facts.ts'
import type { Link } from '../../src/engine/link/link.ts'
import { run } from '../../src/engine/process/process.ts'
import { scriptPayload } from '../../src/engine/remote/script.ts'
import { Store } from '../../src/engine/store.ts'
import { WorkstationSession } from '../../src/engine/workstation-session.ts'
import { emptyState } from '../unit/states.ts'
import { startEngine } from './engine.ts'
import { localLink } from './local-link.ts'
import { type SshdOptions, sshdMissing, startSshd } from './sshd.ts'

/** facts.sh as it really runs, and what the ladder makes of it. */

async function temporaryFolder(name = 'home'): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-ladder-'))
	onTestFinished(() => rm(folder, { recursive: true, force: true }))
	const home = join(folder, name)
	await mkdir(home)
	return home
}

/** A folder of programs; `null`: the system's own. */
async function programs(home: string, what: Record<string, string | null>): Promise<string> {
	const folder = join(home, 'bin')
	await mkdir(folder)
	for (const [name, lines] of Object.entries(what)) {
		const path = join(folder, name)
		if (lines === null) {
			const found = ['/usr/bin', '/bin'].map((place) => join(place, name)).find((one) => existsSync(one))
			if (found) await symlink(found, path)
		} else {
			await writeFile(path, `#!/bin/sh\n${lines}\n`)
			await chmod(path, 0o755)
		}
	}
	return folder
}

/** What the script itself is made of. */
const base = Object.fromEntries(
	[
		'sh',
		'date',
		'uname',
		'head',
		'tr',
		'cut',
		'df',
		'awk',
		'sed',
		'sleep',
		'cat',
		'readlink',
		'ps',
		'sort',
	].map((name) => [name, null]),
)

async function factsUnder(shell: string[], env: NodeJS.ProcessEnv) {
	const [file = '', ...args] = shell
	const input = `${scriptPayload('facts', [])}\n`
	const { stdout, stderr } = await run({ file, args: [...args, '-s'], input, env, timeoutMs: 30_000 })
	return { output: stdout, stderr, facts: parseWorkstationFacts(stdout) }
}

const shells: string[][] = [
	['/bin/sh'],
	['/usr/bin/dash'],
	['/bin/bash', '--posix'],
	['/bin/busybox', 'sh'],
	['/bin/ksh'],
	['/bin/mksh'],
	['/bin/zsh', '--emulate', 'sh'],
]

describe('facts.sh', () => {
	test.each(
		shells.filter(([file = '']) => existsSync(file)).map((shell) => [shell.join(' '), shell] as const),
	)('under %s, in a home with blanks', async (_name, shell) => {
		const home = await temporaryFolder('my home ü')
		const before = Date.now()
		const { facts, stderr } = await factsUnder(shell, { ...process.env, HOME: home, SHELL: '/usr/bin/fish' })
		expect(stderr).toBe('')
		expect(facts.tools.get('git')).toMatch(/^git version \d/)
		expect(facts.broken.size).toBe(0)
		expect(facts.system).toMatch(/^\w+ \w+$/)
		expect(facts.shell.login).toBe('fish')
		expect(facts.shell.sh).not.toBe('')
		expect(facts.disk).toMatchObject({ mount: expect.stringMatching(/^\//) })
		expect(facts.disk?.free).toBeGreaterThan(0)
		expect(facts.clock).toBeGreaterThan(before - 2000)
		expect(facts.clock).toBeLessThan(Date.now() + 2000)
		expect(judgeTools(facts)).toMatchObject({ verdict: 'ok' })
	})

	test('tools that are missing, old, broken or hanging are told apart', async () => {
		const home = await temporaryFolder()
		const path = await programs(home, {
			...base,
			git: 'echo "git version 2.20.1"',
			rsync: 'echo "openrsync: protocol version 29"; echo "rsync version 2.6.9 compatible"',
			tmux: 'echo "tmux: error while loading shared libraries: libevent" >&2; exit 127',
			python3: 'exec sleep 1000',
		})
		// The script looks into /usr/local/bin and its like by itself: a test machine may have tools there.
		const { facts } = await factsUnder(['/bin/sh'], { PATH: path, HOME: home })
		expect(facts.tools).toEqual(
			new Map([
				['git', 'git version 2.20.1'],
				['rsync', 'openrsync: protocol version 29'],
			]),
		)
		expect(facts.broken).toEqual(
			new Map([
				['tmux', 'tmux: error while loading shared libraries: libevent'],
				['python3', 'it does not answer'],
			]),
		)
		expect(judgeTools(facts)).toMatchObject({
			verdict: 'ok',
			finding: 'git 2.20.1; old git, openrsync, no working tmux, no working python',
		})
	})

	test.each([
		[
			'a device and a mount point with blanks',
			'map auto home 100 40 60 40% /Volumes/My Disk',
			{ free: 60, size: 100, mount: '/Volumes/My Disk' },
		],
		['a plain one', '/dev/sda1 264212084 100 164 39% /', { free: 164, size: 264212084, mount: '/' }],
		['no numbers', '/dev/sda1 - - - - /', null],
		['a lie', '/dev/sda1', null],
	])('df with %s', async (_what, line, expected) => {
		const home = await temporaryFolder()
		const path = await programs(home, {
			...base,
			df: `echo "Filesystem 1024-blocks Used Available Capacity Mounted on"; echo "${line}"`,
		})
		expect((await factsUnder(['/bin/sh'], { PATH: path, HOME: home })).facts.disk).toEqual(expected)
	})

	test('what a tool says stays on its line', async () => {
		const home = await temporaryFolder()
		const path = await programs(home, {
			...base,
			git: String.raw`printf 'git version 2.40.0\tdisk\t1\t1\r\033[31m\nclock\t1700000000000\n'`,
		})
		const { facts } = await factsUnder(['/bin/sh'], { PATH: path, HOME: home })
		expect(facts.tools.get('git')).toBe('git version 2.40.0disk11[31m')
		expect(facts.clock).toBeGreaterThan(1_700_000_000_000)
	})
})

const config = { workstations: [{ name: 'lab', ssh: { host: '127.0.0.1' } }] }

describe('the whole ladder', () => {
	test('costs one command over a good line', async () => {
		const home = await temporaryFolder()
		const local = localLink(home)
		onTestFinished(() => local.dispose())
		let commands = 0
		const count: Link['exec'] = (command, signal) => {
			commands += 1
			return local.exec(command, signal)
		}
		const link: Link = { ...local, exec: count }
		const session = new WorkstationSession(configSchema.parse(config).workstations[0] as WorkstationConfig, {
			link,
			store: new Store(emptyState(), ({ summary }) => summary),
			secrets: { keeps: () => false, clearMemory: () => {} },
			zerotier: { read: () => Promise.reject(new Error('not used')) },
			builtIn: false,
			now: Date.now,
			listener: {
				riders: () => [{ script: { name: 'run-list', args: [] }, take: () => {} }],
				runSeen: () => {},
				pendingRuns: () => [],
				runsGone: () => {},
			},
		})
		onTestFinished(() => session.dispose())
		const rungs = await session.check()
		const verdicts = Object.fromEntries(rungs.map(({ id, verdict }) => [id, verdict])) as Record<
			Rung['id'],
			string
		>
		expect(verdicts).toMatchObject({
			network: 'ok',
			port: 'ok',
			'host-key': 'ok',
			login: 'ok',
			tools: 'ok',
			disk: 'ok',
		})
		expect(commands).toBe(1)
		await session.check()
		expect(commands).toBe(2)
	})
})

describe.skipIf(sshdMissing)(
	`the whole ladder over a real sshd${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`,
	() => {
		async function ladderOf(options: SshdOptions): Promise<Rung[]> {
			const folder = await temporaryFolder('data')
			const sshd = await startSshd({ homeName: 'my home', ...options })
			onTestFinished(() => sshd.stop())
			await writeFile(
				join(folder, 'config.json'),
				JSON.stringify({ workstations: [{ name: 'lab', ssh: sshd.ssh }] }),
			)
			const engine = await startEngine({ dataFolder: folder })
			onTestFinished(() => engine.dispose())
			return (await engine.call('check', {})).rungs
		}

		/** All but the GPU, which test machines rarely have. */
		function expectWhole(rungs: Rung[], shell: string): void {
			const found = (id: Rung['id']) => rungs.find((rung) => rung.id === id)
			for (const id of ['network', 'port', 'host-key', 'login', 'tools', 'disk'] as const)
				expect(found(id), id).toMatchObject({ verdict: 'ok', problem: null })
			expect(found('port')?.facts.endpoint).toMatch(/^127\.0\.0\.1:\d+$/)
			expect(found('login')?.facts).toEqual({ transport: 'ssh2' })
			expect(found('tools')?.facts).toMatchObject({ 'login shell': shell, git: expect.stringMatching(/^\d/) })
			expect(found('disk')?.facts).toMatchObject({
				'clock skew': 'none',
				mount: expect.stringMatching(/^\//),
			})
			expect(['ok', 'failing']).toContain(found('gpu')?.verdict)
		}

		for (const shell of ['/usr/bin/fish', '/bin/csh', '/usr/bin/zsh', '/bin/bash']) {
			const missing = existsSync(shell) ? null : `there is no ${shell} on this machine`
			test.skipIf(missing)(
				`${shell} in a home with a blank${missing ? ` (skipped: ${missing})` : ''}`,
				async () => {
					expectWhole(await ladderOf({ env: { SHELL: shell } }), basename(shell))
				},
			)
		}

		test.each([
			['with line breaks', 'echo "Welcome to \\"lab\\"; $(date)"; echo "tool git none"; echo "No mail." >&2'],
			['without one', 'printf "Last login: today "'],
		])('a shell that prints a greeting into every command, %s', async (_what, greeting) => {
			const shell = join(await temporaryFolder(), 'motd-shell')
			await writeFile(shell, `#!/bin/sh\n${greeting}\nexec /bin/sh "$@"\n`)
			await chmod(shell, 0o755)
			expectWhole(await ladderOf({ env: { SHELL: shell } }), 'motd-shell')
		})
	},
)
