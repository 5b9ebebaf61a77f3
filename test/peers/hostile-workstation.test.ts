import { execFile } from 'node:child_process'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeHostileBed, operate, temporaryFolder, writeProgram } from './hostile-bed.ts'
import { sshdMissing } from './sshd.ts'

/** A workstation that lacks something, or whose tools and disk misbehave. */

const execute = promisify(execFile)
const why = sshdMissing ? ` (skipped: ${sshdMissing})` : ''
const noMount =
	process.platform === 'linux' && process.getuid?.() === 0
		? null
		: 'a full disk needs root on Linux to be made'

/** A login shell whose PATH holds everything but these programs. */
async function shellWithout(...missing: string[]): Promise<string> {
	const folder = await temporaryFolder()
	const bin = join(folder, 'bin')
	await mkdir(bin)
	const seen = new Set(missing)
	for (const place of (process.env.PATH ?? '').split(delimiter))
		for (const name of await readdir(place).catch(() => [])) {
			if (seen.has(name)) continue
			seen.add(name)
			await symlink(join(place, name), join(bin, name))
		}
	return await writeProgram(join(folder, 'shell'), `PATH='${bin}' exec /bin/sh "$@"`)
}

/** A login shell whose nvidia-smi does this. */
async function shellWithGpu(lines: string): Promise<string> {
	const folder = await temporaryFolder()
	await writeProgram(join(folder, 'bin/nvidia-smi'), lines)
	return await writeProgram(join(folder, 'shell'), `PATH='${join(folder, 'bin')}':"$PATH" exec /bin/sh "$@"`)
}

describe.skipIf(sshdMissing)(`a workstation${why}`, () => {
	test.each([
		['that hangs', 'sleep 300', 'gpu-no-driver', /nothing within 10 s/],
		['that prints garbage', 'head -c 300000 /dev/urandom', 'gpu-unreadable', /nvidia-smi answered/],
		[
			'that fails with code 9',
			'echo "NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver." >&2; exit 9',
			'gpu-no-driver',
			/could not communicate/,
		],
	])('with an nvidia-smi %s: everything else is known', async (_name, lines, code, words) => {
		const bed = await makeHostileBed({ env: { SHELL: await shellWithGpu(lines) } })
		const engine = await bed.start()
		const { rungs } = await engine.call('check', {})
		const rung = rungs.find(({ id }) => id === 'gpu')
		expect(rung).toMatchObject({ verdict: 'failing', problem: { code } })
		expect(rung?.problem?.meaning).toMatch(words)
		expect(rungs.find(({ id }) => id === 'tools')?.verdict).toBe('ok')
		expect(engine.state().projects.nt?.pending).toMatchObject({ remote: { changedFiles: [] } })
	})

	test('whose ~/.hawser is a file: said when a run is to start', async () => {
		const bed = await makeHostileBed()
		await writeFile(join(bed.sshd.home, '.hawser'), 'mine')
		const engine = await bed.start()
		const outcome = await operate(engine, 'go')
		expect(outcome).toMatchObject({
			problem: { code: 'run-not-started', facts: { reason: expect.stringContaining('.hawser') } },
			run: null,
		})
	})

	test('without git: said, and nothing hangs', async () => {
		const bed = await makeHostileBed({ env: { SHELL: await shellWithout('git') } })
		const engine = await bed.start()
		const { rungs } = await engine.call('check', {})
		expect(await operate(engine, 'up')).toMatchObject({ status: 'stopped', problem: { code: 'git-missing' } })
		expect(rungs.find(({ id }) => id === 'tools')).toMatchObject({ problem: { code: 'tool-missing' } })
	})

	test('without tmux: the run is detached and the line is whole', async () => {
		const bed = await makeHostileBed({ env: { SHELL: await shellWithout('tmux') } })
		const engine = await bed.start()
		expect(await operate(engine, 'go')).toMatchObject({ status: 'succeeded' })
		expect(Object.values(engine.state().runs)[0]).toMatchObject({ runner: 'detached' })
	})

	const full = noMount ? ` (skipped: ${noMount})` : ''
	test.skipIf(noMount)(
		`whose disk is filled by the run: its exit code is told all the same${full}`,
		async () => {
			const bed = await makeHostileBed(
				{},
				'echo "window 1/1"\nhead -c 20000000 /dev/zero >"$HOME/.hawser/fill"\necho over\nexit 3\n',
			)
			const hawser = join(bed.sshd.home, '.hawser')
			await mkdir(hawser, { mode: 0o700 })
			await execute('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', hawser])
			onTestFinished(async () => void (await execute('umount', ['-l', hawser])))
			const engine = await bed.start()
			const outcome = await operate(engine, 'go')
			expect(outcome).toMatchObject({
				status: 'failed',
				problem: { code: 'run-failed' },
				run: { exitCode: 3 },
			})
		},
		40_000,
	)

	test.skipIf(noMount)(
		`whose disk is full: said when a run is to start${full}`,
		async () => {
			const bed = await makeHostileBed()
			const hawser = join(bed.sshd.home, '.hawser')
			await mkdir(hawser, { mode: 0o700 })
			await execute('mount', ['-t', 'tmpfs', '-o', 'size=16k,mode=700', 'tmpfs', hawser])
			onTestFinished(async () => void (await execute('umount', ['-l', hawser])))
			await writeFile(join(hawser, 'fill'), Buffer.alloc(16_384)).catch(() => {})
			const engine = await bed.start()
			const outcome = await operate(engine, 'go')
			expect(outcome).toMatchObject({ problem: { code: 'run-not-started' }, run: null })
		},
		40_000,
	)
})
