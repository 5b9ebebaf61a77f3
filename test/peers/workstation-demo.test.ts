import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { projectSchema } from '../../src/contract/config.ts'
import { demoProject, makeDemo } from '../../src/workstation/demo.ts'
import { awkwardFolder, run } from './workstation-client.ts'

let folder: Awaited<ReturnType<typeof awkwardFolder>>
beforeEach(async () => {
	folder = await awkwardFolder()
})
afterEach(() => folder.remove())

const place = () => ({ folder: join(folder.path, 'demo'), home: join(folder.path, 'home') })
const make = () => makeDemo(place(), () => {})

const git = (cwd: string, ...args: string[]) =>
	execFileSync('git', args, {
		cwd,
		encoding: 'utf8',
		env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' },
	}).trim()

/** All that a person would see of the demo, as plain data. */
function picture() {
	const { folder: demo, home } = place()
	const laptop = join(demo, 'forecast')
	const workstation = join(home, 'forecast')
	const worktree = join(home, 'forecast-gpu')
	return {
		hub: git(join(demo, 'hub.git'), 'for-each-ref', '--format=%(refname) %(objectname)'),
		laptop: git(laptop, 'for-each-ref', '--format=%(refname) %(objectname)'),
		workstation: git(workstation, 'for-each-ref', '--format=%(refname) %(objectname)'),
		branches: [laptop, workstation, worktree].map((path) => git(path, 'branch', '--show-current')),
		changes: [laptop, workstation, worktree].map((path) => git(path, 'status', '--porcelain')),
		worktrees: git(workstation, 'worktree', 'list', '--porcelain').replaceAll(home, '~'),
		left: [demo, home].map((path) => readdirSync(path).toSorted()),
	}
}

describe('the demo', () => {
	test('one commit waits on the laptop, and changes something', async () => {
		await make()
		const laptop = join(place().folder, 'forecast')
		expect(git(laptop, 'log', '--format=%s %an <%ae>', 'origin/master..master')).toBe(
			'Use a 12-month season Hawser demo <demo@localhost>',
		)
		expect(git(laptop, 'diff', '--stat', 'origin/master', 'master')).toContain('settings | 2 +-')
		expect(picture()).toMatchObject({
			branches: ['master', 'master', 'gpu-validation'],
			changes: ['', '', ''],
			left: [
				['forecast', 'hub.git'],
				['forecast', 'forecast-gpu'],
			],
		})
		for (const path of [laptop, join(place().home, 'forecast-gpu')])
			expect(git(path, 'commit', '--allow-empty', '--message', 'Works')).toContain('Works')
	})

	test('its config entry is whole', () => {
		const project = demoProject('built-in', '/data/demo')
		expect(projectSchema.parse(project)).toEqual(project)
		expect(project).toMatchObject({ local: '/data/demo/forecast', git: { remoteWorktree: '~/forecast-gpu' } })
		expect(project.git.worktree).toBeUndefined()
	})

	test('odd settings of the person change nothing', async () => {
		const odd = join(folder.path, 'odd')
		mkdirSync(join(odd, 'hooks'), { recursive: true })
		const hook = '#!/bin/sh\nexit 1\n'
		for (const name of ['pre-commit', 'post-checkout', 'pre-push', 'commit-msg'])
			writeFileSync(join(odd, 'hooks', name), hook, { mode: 0o755 })
		writeFileSync(
			join(odd, '.gitconfig'),
			`[init]\ndefaultBranch = trunk\n[core]\nhooksPath = "${join(odd, 'hooks').replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"\nautocrlf = true\n` +
				'[commit]\ngpgsign = true\ntemplate = /nowhere\n[gpg]\nprogram = false\n[push]\ndefault = nothing\n[clone]\ndefaultRemoteName = upstream\n',
		)
		const env = { ...process.env }
		Object.assign(process.env, {
			HOME: odd,
			XDG_CONFIG_HOME: odd,
			GIT_DIR: '/nowhere',
			GIT_AUTHOR_NAME: 'Somebody',
		})
		try {
			await make()
		} finally {
			for (const name of ['HOME', 'XDG_CONFIG_HOME', 'GIT_DIR', 'GIT_AUTHOR_NAME']) {
				if (env[name] === undefined) delete process.env[name]
				else process.env[name] = env[name]
			}
		}
		expect(picture().branches).toEqual(['master', 'master', 'gpu-validation'])
		expect(git(join(place().folder, 'forecast'), 'log', '-1', '--format=%an %G?')).toBe('Hawser demo N')
	})

	test('again changes nothing, and what a person did stays', async () => {
		await make()
		const first = picture()
		await make()
		expect(picture()).toEqual(first)
		const laptop = join(place().folder, 'forecast')
		writeFileSync(join(laptop, 'settings'), 'season 6\n')
		git(laptop, 'checkout', '-q', '-b', 'mine')
		writeFileSync(join(place().home, 'forecast-gpu', 'notes'), 'mine')
		const second = picture()
		await make()
		expect(picture()).toEqual(second)
		expect(readFileSync(join(laptop, 'settings'), 'utf8')).toBe('season 6\n')
	})

	test('one part that a person took away is made again, the others stay', async () => {
		await make()
		const { folder: demo, home } = place()
		git(join(demo, 'forecast'), 'push', '-q', 'origin', 'master')
		for (const part of [join(demo, 'forecast'), join(home, 'forecast-gpu')]) rmSync(part, { recursive: true })
		await make()
		expect(git(join(demo, 'forecast'), 'log', '--format=%s')).toBe(
			'Use a 12-month season\nForecast monthly passengers',
		)
		expect(picture().branches).toEqual(['master', 'master', 'gpu-validation'])
	})

	test('a worktree that a person moved is left where it is', async () => {
		await make()
		const workstation = join(place().home, 'forecast')
		git(workstation, 'worktree', 'move', join(place().home, 'forecast-gpu'), join(place().home, 'elsewhere'))
		await make()
		expect(readdirSync(place().home).toSorted()).toEqual(['elsewhere', 'forecast'])
	})

	test('a kill between the two halves of moving the worktree is put right', async () => {
		await make()
		const first = picture()
		const { home } = place()
		// As `git worktree move` leaves it when it ends after the rename.
		const record = join(home, 'forecast', '.git', 'worktrees', 'forecast-gpu', 'gitdir')
		writeFileSync(record, `${join(home, '.making', 'forecast-gpu', '.git')}\n`)
		await make()
		expect(picture()).toEqual(first)
	})

	test('killed before or after any step of git, it ends in the same place', {
		timeout: 400_000,
	}, async () => {
		await make()
		const whole = picture()
		const { folder: demo, home } = place()
		for (const when of ['before', 'after']) {
			let killed = true
			for (let step = 1; killed; step += 1) {
				for (const path of [demo, home]) rmSync(path, { recursive: true, force: true })
				killed = await makeAndKill(step, when)
				if (!killed) expect(step).toBeGreaterThan(15)
				await make()
				expect(picture(), `killed ${when} step ${step}`).toEqual(whole)
			}
		}
	})
})

/** Makes the demo in a process that is killed around its nth git. True when there were so many. */
async function makeAndKill(step: number, when: string): Promise<boolean> {
	const bin = join(folder.path, 'bin')
	const count = join(folder.path, 'count')
	mkdirSync(bin, { recursive: true })
	rmSync(count, { force: true })
	const real = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim()
	writeFileSync(
		join(bin, 'git'),
		`#!/bin/sh
echo x >>"$COUNT"
n=$(wc -l <"$COUNT")
if [ "$WHEN" = before ] && [ "$n" -eq "$STEP" ]; then kill -9 "$PPID"; exit 1; fi
${real} "$@"
code=$?
if [ "$WHEN" = after ] && [ "$n" -eq "$STEP" ]; then kill -9 "$PPID"; fi
exit "$code"
`,
		{ mode: 0o755 },
	)
	const module = fileURLToPath(new URL('../../src/workstation/demo.ts', import.meta.url))
	const script = `import { makeDemo } from ${JSON.stringify(module)}; await makeDemo(${JSON.stringify(place())}, () => {})`
	const ended = await run(process.execPath, ['--input-type=module', '-e', script], {
		env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, COUNT: count, STEP: String(step), WHEN: when },
	})
	if (ended.signal === 'SIGKILL') return true
	expect(ended).toMatchObject({ code: 0, stderr: '' })
	return false
}

describe('its validation', () => {
	test('prints its progress and writes its metrics', async () => {
		await make()
		const laptop = join(place().folder, 'forecast')
		const settings = readFileSync(join(laptop, 'settings'), 'utf8')
		expect(settings).toContain('seconds 8')
		writeFileSync(join(laptop, 'settings'), settings.replace('seconds 8', 'seconds 0'))
		const ended = await run('sh', ['validate.sh'], { cwd: laptop })
		expect(ended).toMatchObject({ code: 0, stderr: '' })
		expect(ended.stdout.toString()).toMatch(/^window 31\/50 {2}MASE \d\.\d\d$/m)
		const metrics: unknown = JSON.parse(readFileSync(join(laptop, 'results', 'metrics.json'), 'utf8'))
		expect(metrics).toEqual({
			MASE: 1.838,
			MAE: 36.895,
			RMSE: 41.401,
			windows: 50,
			seconds: expect.any(Number),
		})
		expect(git(laptop, 'status', '--porcelain')).toBe('M settings\n?? results/')
	})

	test('a season that leaves nothing to learn from is a failure with words', async () => {
		await make()
		const laptop = join(place().folder, 'forecast')
		writeFileSync(join(laptop, 'settings'), 'season 12\nwindows 500\nhorizon 12\nseconds 0\n')
		const ended = await run('sh', ['validate.sh'], { cwd: laptop })
		expect(ended.code).not.toBe(0)
		expect(ended.stderr).toContain('too few months')
		expect(existsSync(join(laptop, 'results', 'metrics.json'))).toBe(false)
	})
})
