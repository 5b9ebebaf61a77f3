import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { server } from './linked.ts'
import { git } from './repositories.ts'
import { type SetupGround, type SetupOptions, setupGround } from './setup-ground.ts'
import { sshdMissing } from './sshd.ts'

if (sshdMissing) console.warn(`skipped: setting up over ssh, for want of a server: ${sshdMissing}`)

const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A laptop whose settings know a workstation behind a real sshd, and no project yet. */
async function bed(options: SetupOptions) {
	const sshd = await server({ homeName: 'home of workstation' })
	const here: SetupGround = await setupGround({ ...options, home: sshd.home })
	const data = await mkdtemp(join(tmpdir(), 'hawser data '))
	cleanups.push(() => rm(data, { recursive: true, force: true }), here.remove)
	const settings = join(data, 'config.json')
	const { ssh } = sshd
	await writeFile(settings, `${JSON.stringify({ workstations: [{ name: 'lab', ssh }] }, null, '\t')}\n`)
	for (const [key, value] of [
		['user.name', 'Test'],
		['user.email', 'test@localhost'],
	] as const)
		await writeFile(join(sshd.home, '.gitconfig'), `[user]\n\tname = Test\n\temail = test@localhost\n`).then(
			() => git(here.laptop, 'config', key, value),
		)
	const hawser = async (...argv: string[]) => {
		const env = {
			...process.env,
			HAWSER_HOME: data,
			NO_COLOR: '1',
			SSH_AUTH_SOCK: '',
			GIT_CONFIG_GLOBAL: '/dev/null',
		}
		const child = spawn(process.execPath, [mainFile, ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] })
		const exited = new Promise((done) => child.once('close', done))
		const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
		return { code: await exited, out, err }
	}
	return { here, hawser, settings }
}

describe.skipIf(sshdMissing)('hawser setup, over a real sshd', () => {
	test.each([{}, { hub: 'direct' }])(
		'from a repository and a workstation to a first go (%j)',
		async (options) => {
			const { here, hawser, settings } = await bed(options)
			const asked = ['setup', '--local', here.laptop, '--workstation', 'lab', '--name', 'nt']
			const missing = await hawser(...asked)
			expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('--command') })
			expect(JSON.parse(await readFile(settings, 'utf8')).projects).toBeUndefined()

			const first = await hawser(...asked, '--command', 'true')
			expect(first).toMatchObject({ code: 0, out: expect.stringContaining('Done') })
			expect(JSON.parse(await readFile(settings, 'utf8')).projects).toEqual([
				{
					name: 'nt',
					workstation: 'lab',
					local: here.laptop,
					remote: '~/nt',
					git: { hub: options.hub ?? 'origin', base: 'master', validation: 'gpu-validation' },
					validation: { command: 'true' },
				},
			])
			expect(await git(here.worktree, 'symbolic-ref', '--short', 'HEAD')).toBe('gpu-validation')

			const before = await here.fingerprint()
			const again = await hawser(...asked)
			expect(again).toMatchObject({ code: 0, err: expect.stringContaining('in the settings already') })
			expect(again.out.match(/already there/g)?.length).toBeGreaterThanOrEqual(3)
			expect(await here.fingerprint()).toEqual(before)

			await here.commit('model.py', 'changed\n')
			expect(await hawser('up', 'nt', '--wait')).toMatchObject({ code: 0 })
			await mkdir(join(here.worktree, 'results'))
			await writeFile(join(here.worktree, 'results/metrics.json'), '{"loss": 1}')
			expect(await hawser('back', 'nt', '--wait')).toMatchObject({ code: 0 })
			expect(await git(here.laptop, 'show', 'HEAD:results/metrics.json')).toBe('{"loss": 1}')
		},
	)
})
