import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Probe } from '../../src/contract/probe.ts'
import type { Link } from '../../src/engine/link/link.ts'
import { createLink } from '../../src/engine/link/live-link.ts'
import { probe } from '../../src/engine/runs/probe.ts'
import * as bed from './probe-bed.ts'
import { type Sshd, sshdMissing, startSshd } from './sshd.ts'

/** The project's Python asked over a real sshd with a real Python; torch, tirex and the driver are stand-ins. */

const execute = promisify(execFile)
const python = await execute('python3', ['--version']).then(
	() => null,
	() => 'no python3 on this machine',
)
const missing = sshdMissing ?? python
if (missing) console.warn(`skipped: the probe: ${missing}`)

const at = 1_795_000_000_000
let sshd: Sshd
let link: Link
let home: string
/** Temporary files of the workstation. */
let temporary: string

beforeAll(async () => {
	if (missing) return
	temporary = await mkdtemp(join(tmpdir(), 'hawser probed '))
	sshd = await startSshd({ homeName: 'a home', env: { PATH: bed.smiPath, TMPDIR: temporary } })
	home = sshd.home
	link = createLink({ name: 'lab', ssh: sshd.ssh, env: { ...process.env, SSH_AUTH_SOCK: undefined } })
	link.connect()
	await link.whenUp(20_000)
})
afterAll(async () => {
	await link?.dispose()
	await sshd?.stop()
	if (temporary) await rm(temporary, { recursive: true, force: true })
})
/** What was started for a probe and goes on. Linux only. */
const living = () =>
	process.platform !== 'linux'
		? []
		: readdirSync('/proc').flatMap((pid) => {
				try {
					const variables = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0') : []
					const ours =
						variables.includes(`HOME=${home}`) && variables.some((one) => one.startsWith('HAWSER_PROBE='))
					return ours ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : []
				} catch {
					return []
				}
			})
beforeEach(() => (missing ? undefined : bed.freshHome(home)))
afterEach(async () => {
	if (missing) return
	await expect.poll(living, { timeout: 5000 }).toEqual([])
	expect(readdirSync(temporary)).toEqual([])
})

/** Asks with the stand-in modules, set to these. */
async function ask(
	torch: string,
	options: { tirex?: string; more?: Record<string, string>; download?: boolean; seconds?: number } = {},
): Promise<Probe> {
	const environment = {
		PYTHONPATH: bed.modules,
		PYTHONDONTWRITEBYTECODE: '1',
		STAND_IN_TORCH: torch,
		STAND_IN_TIREX: options.tirex ?? 'good',
		...options.more,
	}
	const { download, seconds = 30 } = options
	return await probe(link, bed.probedProject(environment), () => at, { download, seconds })
}
const codes = ({ problems }: Probe) => problems.map(({ code }) => code)

describe.skipIf(missing)('finding the project’s Python', () => {
	const plain = (validation = {}, environment = {}) =>
		probe(link, bed.probedProject(environment, validation), () => at, { seconds: 30 })

	test('the login’s own, where the project has none; no torch is an ordinary answer', async () => {
		const found = await plain()
		const { stdout } = await execute('/bin/bash', ['-lc', 'python3 --version'], {
			env: { ...process.env, HOME: home, PATH: bed.smiPath },
		})
		expect(found.python).toMatchObject({ kind: 'plain', version: stdout.trim().split(' ')[1] })
		expect(found).toMatchObject({
			workstation: 'lab',
			project: 'nt',
			at,
			torch: null,
			tirex: null,
			multiply: null,
		})
		expect(codes(found)).toEqual(['torch-missing'])
	})

	test.each([
		['.venv', 'worktree'],
		['venv', 'worktree'],
		['.venv', 'clone'],
	] as const)('a real virtual environment %s in the %s', async (name, where) => {
		const folder = bed.foldersOf(home)[where]
		await execute('/usr/bin/python3', ['-m', 'venv', '--without-pip', join(folder, name)])
		const path = join(folder, name, 'bin/python')
		expect((await plain()).python).toMatchObject({ kind: 'venv', path })
	})

	test('one that uv made is uv’s; one that is elsewhere is asked through uv', async () => {
		const { worktree } = bed.foldersOf(home)
		const made = join(worktree, '.venv')
		await writeFile(join(worktree, 'uv.lock'), '')
		await execute('/usr/bin/python3', ['-m', 'venv', '--without-pip', made])
		expect((await plain()).python).toMatchObject({ kind: 'uv', path: join(made, 'bin/python') })
		const elsewhere = join(home, 'programs/env')
		await execute('mv', [made, elsewhere])
		await bed.withProgram(home, 'uv')
		const environment = { UV_PROJECT_ENVIRONMENT: elsewhere }
		expect((await plain({}, environment)).python).toMatchObject({
			kind: 'uv',
			path: join(elsewhere, 'bin/python'),
		})
	})

	test('uv makes no environment by being asked', async () => {
		const { worktree } = bed.foldersOf(home)
		await writeFile(join(worktree, 'uv.lock'), '')
		await bed.withProgram(home, 'uv')
		const environment = { UV_PROJECT_ENVIRONMENT: join(worktree, '.venv') }
		expect((await plain({}, environment)).python?.kind).toBe('plain')
		expect(readdirSync(worktree)).toEqual(['uv.lock'])
	})

	test('the conda environment that environment.yml names; one that is not made is passed over', async () => {
		const file = join(bed.foldersOf(home).worktree, 'environment.yml')
		await bed.withProgram(home, 'conda')
		await writeFile(file, '# ours\nname: "forecast"  # made by hand\ndependencies:\n  - python\n')
		expect((await plain()).python?.kind).toBe('conda')
		await writeFile(file, 'name: another\n')
		expect((await plain()).python?.kind).toBe('plain')
		await writeFile(file, 'name: $(touch spoiled)\n')
		expect((await plain()).python?.kind).toBe('plain')
	})

	test('a command line of the settings, with blanks and quotes, run by the login shell', async () => {
		const path = await bed.ownProgram(
			home,
			'my "own" python',
			'#!/bin/sh\n[ "$1" = "an option" ] || exit 9\nshift\nexec python3 "$@"\n',
		)
		await bed.atLogin(home, `MINE='${path}'`)
		const found = await plain({ python: '"$MINE" \'an option\'' })
		expect(found.python).toMatchObject({ kind: 'settings' })
		expect(codes(found)).toEqual(['torch-missing'])
	})

	test('one of the settings that is not there says so, with the shell’s words', async () => {
		const found = await plain({ python: '/no/such/python -u' })
		expect(found.python).toBeNull()
		expect(found.problems[0]).toMatchObject({
			code: 'python-failed',
			facts: { command: '/no/such/python -u', said: expect.stringMatching(/no such file/i) },
		})
	})

	test('one that never begins is given up', async () => {
		// The login shell has 15 s more than Python.
		const path = await bed.ownProgram(home, 'slow', '#!/bin/sh\nsleep 600\n')
		const found = await probe(link, bed.probedProject({}, { python: `'${path}'` }), () => at, {
			seconds: -13,
		})
		expect(found.problems[0]).toMatchObject({ code: 'python-failed', facts: { said: 'nothing in time' } })
	})

	test('no Python at all; the driver is told all the same', async () => {
		await bed.withoutPython(home)
		const found = await plain()
		expect(found).toMatchObject({ python: null, driver: { version: '550.54.14', cuda: '12.4' } })
		expect(found.problems).toMatchObject([
			{ code: 'python-missing', facts: { folder: bed.foldersOf(home).worktree } },
		])
	})

	test('a login that talks, also without a line break, and fails in its middle', async () => {
		await bed.atLogin(home, 'seq 5000; echo "{\\"part\\": 1}"; no-such-command; printf "welcome "')
		const found = await plain()
		expect(found.python?.kind).toBe('plain')
		expect(codes(found)).toEqual(['torch-missing'])
	})

	test('without its worktree it is asked in the clone, without both at home', async () => {
		const { worktree, clone } = bed.foldersOf(home)
		await bed.withoutPython(home)
		await execute('rm', ['-r', worktree])
		expect((await plain()).problems[0]?.facts.folder).toBe(clone)
		await execute('rm', ['-r', clone])
		expect((await plain()).problems[0]?.facts.folder).toBe(home)
	})
})

describe.skipIf(missing)('what PyTorch says', () => {
	test('all is well: versions, the card, the multiplication in full precision', async () => {
		const found = await ask('good')
		expect(found).toMatchObject({
			driver: { version: '550.54.14', cuda: '12.4' },
			torch: { version: '2.9.0+cu128', build: 'CUDA 12.8', available: true },
			devices: [{ index: 0, name: 'NVIDIA H100 80GB HBM3', capability: '9.0', memoryTotalMiB: 81090.125 }],
			multiply: { agrees: true },
			problems: [],
		})
		expect(found.multiply?.error).toBeCloseTo(2e-7, 8)
	})

	test.each([
		['cpu', 'torch-cpu-only', { version: '2.9.0+cpu', cuda: '12.4' }],
		['old', 'torch-driver-old', { build: '13.0', driver: '550.54.14', cuda: '12.4' }],
		['mismatch', 'torch-driver-mismatch', {}],
		[
			'no-code',
			'torch-no-capability',
			{ device: 'NVIDIA H100 80GB HBM3', capability: '9.0', built: ['sm_50', 'sm_80'] },
		],
		['nan', 'torch-wrong-result', { error: 'values that are no numbers' }],
		['lost', 'torch-failed', { said: 'RuntimeError: CUDA error: unspecified launch failure' }],
		[
			'no-library',
			'torch-failed',
			{ said: expect.stringMatching(/^ImportError: libcudart\.so\.12: cannot open/) },
		],
		['exit', 'torch-failed', { said: 'SystemExit: this module ends Python' }],
		['end', 'torch-failed', { said: 'Python ended with exit code 7: last words of the module' }],
		['segfault', 'torch-failed', { said: expect.stringMatching(/signal 11 \(segmentation fault\)/) }],
		['late-segfault', 'torch-failed', { said: expect.stringMatching(/signal 11 \(segmentation fault\)/) }],
		['hidden', 'torch-failed', { said: 'No CUDA GPUs are available' }],
	])('%s: %s', async (how, code, facts) => {
		const found = await ask(how)
		expect(found.problems[0]).toMatchObject({ code, facts })
		// What was answered before is there.
		expect(found.python?.kind).toBe('plain')
		expect(found.devices).toMatchObject([{ capability: '9.0' }])
	})

	test('a result that differs says by how much', async () => {
		const [worst] = (await ask('wrong')).problems
		expect(worst).toMatchObject({ code: 'torch-wrong-result' })
		expect(worst?.facts.error).toBeCloseTo(0.2)
	})

	test('a newer CUDA than the driver’s that works is no problem', async () => {
		expect((await ask('newer')).problems).toEqual([])
	})

	test('cards that a variable hides are told so', async () => {
		const [worst] = (await ask('hidden', { more: { CUDA_VISIBLE_DEVICES: '-1' } })).problems
		expect(worst?.facts.said).toBe('CUDA_VISIBLE_DEVICES is “-1”, which hides every card')
	})

	test.each(['hang', 'c-hang', 'stubborn', 'multiply-hang'])(
		'%s: given up, with what was answered before',
		async (how) => {
			const found = await ask(how, { seconds: 4 })
			expect(found.problems[0]).toMatchObject({
				code: 'torch-failed',
				facts: { said: expect.stringMatching(/^nothing in time/) },
			})
			expect(found.python).not.toBeNull()
			expect(found.torch?.version).toBe(how === 'multiply-hang' ? '2.9.0+cu128' : undefined)
		},
	)

	test('one part may not take all of the time', async () => {
		const begun = performance.now()
		await ask('hang', { seconds: 16 })
		expect(performance.now() - begun).toBeLessThan(15_000)
	})

	test('a flood of output is not carried over, and nothing in it is taken for an answer', async () => {
		const found = await ask('flood')
		expect(found.torch?.version).toBe('2.9.0+cu128')
		expect(found.problems).toEqual([])
	})

	test('rubbish about itself stays text, and short', async () => {
		expect((await ask('rubbish')).torch?.version.length).toBeLessThanOrEqual(2000)
	})
})

describe.skipIf(missing)('what the driver says', () => {
	test('a mismatch with its library is told once, whatever torch says', async () => {
		await bed.smiSays(home, 'mismatch')
		const found = await ask('mismatch')
		expect(found).toMatchObject({ driver: null, devices: [] })
		expect(codes(found)).toEqual(['torch-driver-mismatch'])
	})

	test('an older one does not know the capability', async () => {
		await bed.smiSays(home, 'older')
		expect(await ask('cpu')).toMatchObject({
			driver: { version: '450.80.02', cuda: null },
			devices: [
				{ name: 'Tesla V100-SXM2-16GB', capability: null, memoryTotalMiB: 16160, memoryFreeMiB: 16000 },
			],
		})
	})

	test.each([
		['none', 'gpu-none'],
		['absent', 'gpu-no-tool'],
	] as const)('no GPU (%s): a torch for the CPU is no problem then', async (how, code) => {
		await bed.smiSays(home, how)
		expect(codes(await ask('cpu'))).toEqual([code])
	})
})

describe.skipIf(missing)('what TiRex says', () => {
	const loaded = () => readFile(join(home, 'loaded'), 'utf8')

	test('not installed is an ordinary answer', async () => {
		const found = await ask('good', { more: { PYTHONPATH: await bed.torchAlone(home) } })
		expect(found.tirex).toBeNull()
		expect(codes(found)).toEqual(['tirex-missing'])
	})

	test('without its weights there is no forecast and no download, and that is no problem', async () => {
		const found = await ask('good', { more: { HF_HOME: join(home, 'cache') } })
		expect(found).toMatchObject({ tirex: { version: '1.4.2', weights: false, forecast: null }, problems: [] })
		await expect(loaded()).rejects.toThrow('ENOENT')
	})

	test('with its weights it makes a forecast on the card, and may not download', async () => {
		const found = await ask('good', { more: await bed.withWeights(home) })
		expect(found).toMatchObject({
			tirex: { weights: true, forecast: { finite: true, device: 'cuda:0' } },
			problems: [],
		})
		expect(await loaded()).toBe('cuda:0 offline=1\n')
	})

	test('told to, it may download', async () => {
		const more = { HF_HOME: join(home, 'cache') }
		expect((await ask('good', { more, download: true })).tirex?.forecast?.finite).toBe(true)
		expect(await loaded()).toBe('cuda:0 offline=\n')
	})

	test('a card that computes wrongly is not asked for a forecast', async () => {
		const found = await ask('wrong', { more: await bed.withWeights(home) })
		expect(found.tirex?.forecast?.device).toBe('cpu')
	})

	test.each([
		['nan', 'tirex-not-finite', {}],
		['empty', 'tirex-not-finite', {}],
		[
			'fails',
			'tirex-failed',
			{ said: "RuntimeError: Error building extension 'slstm_HS512': ninja is not there" },
		],
		['broken', 'tirex-failed', { said: "ImportError: cannot import name 'sLSTMCell' from 'xlstm'" }],
		['segfault', 'tirex-failed', { said: expect.stringMatching(/signal 11/) }],
	])('%s: %s', async (tirex, code, facts) => {
		const found = await ask('good', { tirex, more: await bed.withWeights(home) })
		expect(found.problems).toMatchObject([{ code, facts }])
		expect(found.multiply?.agrees).toBe(true)
		expect(found.tirex?.version).toBe(tirex === 'broken' ? undefined : '1.4.2')
	})

	test('one that never ends is given up', async () => {
		const found = await ask('good', { tirex: 'hang', more: await bed.withWeights(home), seconds: 4 })
		expect(found.problems).toMatchObject([
			{ code: 'tirex-failed', facts: { said: expect.stringMatching(/^nothing in time/) } },
		])
	})
})
