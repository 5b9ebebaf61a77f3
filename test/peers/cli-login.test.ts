import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { WorkstationConfig } from '../../src/contract/config.ts'
import { type Sshd, sshdMissing, startSshd } from './sshd.ts'

const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const scriptProgram = '/usr/bin/script'
const missing =
	sshdMissing ??
	(process.platform === 'linux' && existsSync(scriptProgram) ? null : 'no `script` of util-linux')
if (missing) console.warn(`skipped: a login that asks, on a terminal: ${missing}`)

const passphrase = 'correct horse ü'
let sshd: Sshd
let dataFolder: string
let lockedKey: string
const children = new Set<ChildProcess>()

/** A key that needs its passphrase, on a server whose key nobody has seen. */
beforeAll(async () => {
	if (missing) return
	sshd = await startSshd({ known: 'none' })
	lockedKey = join(sshd.folder, 'locked')
	await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', lockedKey])
	await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${lockedKey}.pub`))
	dataFolder = await mkdtemp(join(tmpdir(), 'hawser cli '))
})
afterEach(() => {
	for (const child of children) child.kill('SIGKILL')
	children.clear()
})
afterAll(async () => {
	if (missing) return
	await sshd.stop()
	await rm(dataFolder, { recursive: true, force: true })
})

async function configure(ssh: Partial<WorkstationConfig['ssh']> = {}): Promise<void> {
	const lab = { name: 'lab', ssh: { ...sshd.ssh, identityFile: lockedKey, ...ssh } }
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify({ workstations: [lab] }))
}

function started(file: string, args: string[]) {
	// No agent: only the key file is left.
	const { SSH_AUTH_SOCK: _, ...env } = process.env
	const child = spawn(file, args, { env: { ...env, NO_COLOR: '1', TERM: 'xterm', SHELL: '/bin/sh' } })
	children.add(child)
	let screen = ''
	for (const stream of [child.stdout, child.stderr])
		stream.on('data', (data: Buffer) => {
			screen += data.toString()
		})
	let seen = 0
	return {
		screen: () => screen,
		/** What comes after what was waited for before. */
		async shows(words: RegExp): Promise<void> {
			await vi.waitFor(() => expect(screen.slice(seen)).toMatch(words), { timeout: 30_000, interval: 20 })
			seen += screen.slice(seen).search(words) + 1
		},
		type: (keys: string) => child.stdin.write(keys),
		ended: new Promise<number | null>((settle) => child.on('close', settle)),
	}
}

const hawser = (...argv: string[]) => started(process.execPath, [mainFile, '--home', dataFolder, ...argv])
const onTerminal = (...argv: string[]) => {
	const words = [process.execPath, mainFile, '--home', dataFolder, ...argv]
	const command = `stty cols 91 rows 17; exec ${words.map((word) => `'${word}'`).join(' ')}`
	return started(scriptProgram, ['-qec', command, '/dev/null'])
}

/** The shell there answers, and knows our terminal's size. */
async function sized(call: ReturnType<typeof onTerminal>): Promise<void> {
	await vi.waitFor(
		() => {
			call.type('echo "size: $(stty size)"\r')
			expect(call.screen()).toContain('size: 17 91')
		},
		{ timeout: 30_000, interval: 500 },
	)
}

describe.skipIf(missing)('a login that asks', () => {
	test('on a terminal: the host key, a wrong passphrase, the right one', async () => {
		await configure()
		const call = onTerminal('connect', 'lab')
		await call.shows(/Accept this key and connect\? \[y\/N\] /)
		call.type('y\r')
		await call.shows(/Passphrase[^\n]*: /i)
		call.type('wrong\r')
		await call.shows(/That was not right\./)
		await call.shows(/Passphrase[^\n]*: $/i)
		call.type(`${passphrase}\r`)
		await call.shows(/lab · connected for /)
		expect(await call.ended).toBe(0)
		expect(call.screen()).not.toMatch(/wrong|correct|horse/)
		expect(await readFile(sshd.knownHostsFile, 'utf8')).toContain(`]:${sshd.port} `)
	})

	test('with nobody there waits for a person', async () => {
		await configure()
		const call = hawser('connect', 'lab')
		expect(await call.ended).toBe(4)
		expect(call.screen()).toContain('needs its passphrase')
	})

	test('Ctrl-C in the middle of the passphrase leaves', async () => {
		await configure()
		const call = onTerminal('shell', 'lab')
		await call.shows(/Passphrase[^\n]*: $/i)
		call.type('half\u0003')
		expect(await call.ended).toBe(130)
		expect(call.screen()).not.toContain('half')
	})

	test('a shell after the question has every key, and its exit code is ours', async () => {
		await configure()
		const call = onTerminal('shell', 'lab')
		await call.shows(/Passphrase[^\n]*: $/i)
		call.type(`${passphrase}\r`)
		await sized(call)
		call.type('echo "sta""rted"; sleep 1000\r')
		await call.shows(/started/)
		call.type('\u0003')
		await vi.waitFor(
			() => {
				call.type('echo "af""ter"\r')
				expect(call.screen()).toContain('after')
			},
			{ timeout: 30_000, interval: 500 },
		)
		call.type('exit 7\r')
		expect(await call.ended).toBe(7)
		expect(call.screen()).not.toMatch(/correct|horse/)
	})

	test('a shell over the system’s own ssh: it asks once, is sized, and its exit code is ours', async () => {
		await configure({ transport: 'openssh' })
		const call = onTerminal('shell', 'lab')
		await call.shows(/Passphrase: $/)
		call.type(`${passphrase}\r`)
		await sized(call)
		call.type('exit 7\r')
		expect(await call.ended).toBe(7)
	})
})
