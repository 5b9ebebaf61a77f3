import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { git, makeRepositories, type Repositories } from './repositories.ts'
import { type Sshd, sshdMissing, startSshd } from './sshd.ts'

/**
 * `go` by the real command, killed at random moments in three ways. After each round a second `go` must
 * complete, and every commit that ever was must still be reachable.
 */
const root = fileURLToPath(new URL('../../', import.meta.url))
const rounds = Number(process.env.HAWSER_KILL_ROUNDS ?? 4)

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const script = `echo "window 1/2"
mkdir -p results
date +%s%N >results/when.txt
printf '{"MASE": 0.81}\\n' >results/metrics.json
echo "window 2/2"
`

interface Bed {
	sshd: Sshd
	repositories: Repositories
	dataFolder: string
}

async function makeBed(): Promise<Bed> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-kill-'))
	cleanups.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
	const sshd = await startSshd()
	cleanups.push(() => sshd.stop())
	const names = {
		base: 'master',
		validation: 'gpu-validation',
		laptop: 'nt',
		clone: 'nt',
		worktree: 'nt-gpu',
	}
	const repositories = await makeRepositories(folder, sshd.home, names, { 'validate.sh': script })
	const dataFolder = join(folder, 'data')
	await mkdir(dataFolder)
	const config = {
		workstations: [{ name: 'lab', ssh: sshd.ssh }],
		projects: [
			{
				name: 'nt',
				workstation: 'lab',
				local: repositories.laptop,
				remote: '~/nt',
				validation: { command: 'sh validate.sh' },
			},
		],
	}
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
	return { sshd, repositories, dataFolder }
}

interface Going {
	child: ChildProcess
	/** The exit code (null: killed) and what it printed. */
	ended: Promise<{ code: number | null; text: string }>
}

/** In a process group of its own, so that all of it can be killed at once as a crash of the machine would. */
function go(dataFolder: string): Going {
	const child = spawn(process.execPath, ['src/cli/main.ts', '--home', dataFolder, 'go', '--wait', '--json'], {
		cwd: root,
		detached: true,
		stdio: ['ignore', 'pipe', 'pipe'],
	})
	let text = ''
	child.stdout.on('data', (data: Buffer) => {
		text += data.toString()
	})
	child.stderr.on('data', (data: Buffer) => {
		text += data.toString()
	})
	// Far over what a go takes: one that hangs fails its round with what it had said.
	const tooLong = setTimeout(() => child.kill('SIGKILL'), 60_000)
	const ended = new Promise<{ code: number | null; text: string }>((done) =>
		child.once('close', (code) => {
			clearTimeout(tooLong)
			done({ code, text })
		}),
	)
	return { child, ended }
}

const ways: Record<string, (bed: Bed, going: Going) => Promise<unknown>> = {
	'the app, all of it': async (_bed, { child, ended }) => {
		if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
		await ended
	},
	'the app alone': async (_bed, { child, ended }) => {
		child.kill('SIGKILL')
		await ended
	},
	'the link': async (bed, { ended }) => {
		await bed.sshd.stopConnections()
		await ended
	},
	'the shells on the workstation': async (bed, { ended }) => {
		await bed.sshd.stopCommands()
		await ended
	},
}

async function commitsOf(bed: Bed): Promise<Set<string>> {
	const { laptop, hub, clone } = bed.repositories
	const lists = await Promise.all([laptop, hub, clone].map((folder) => git(folder, 'rev-list', '--all')))
	return new Set(lists.flatMap((list) => list.split('\n')))
}

describe.skipIf(sshdMissing)(
	`go killed at any moment${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`,
	() => {
		test.each(Object.keys(ways))(
			'%s: a second go completes and nothing is lost',
			{ timeout: 300_000 },
			async (way) => {
				const bed = await makeBed()
				const kill = ways[way]
				if (!kill) throw new Error(way)
				const { repositories } = bed
				// How long a whole go takes here is the span in which the moments are spread.
				const start = performance.now()
				expect(await go(bed.dataFolder).ended).toMatchObject({ code: 0 })
				const whole = performance.now() - start
				let ever = await commitsOf(bed)
				for (let round = 0; round < rounds; round++) {
					const mine = await repositories.commit('model.txt', `${way} ${round}\n`)
					const first = go(bed.dataFolder)
					await sleep((whole * (round + Math.random())) / rounds)
					await kill(bed, first)
					const second = await go(bed.dataFolder).ended
					expect(second, `round ${round}: ${second.text}`).toMatchObject({ code: 0 })
					const now = await commitsOf(bed)
					expect([...ever, mine].filter((commit) => !now.has(commit))).toEqual([])
					ever = now
					expect(await git(repositories.laptop, 'status', '--porcelain')).toBe('')
					expect(await git(repositories.worktree, 'status', '--porcelain')).toBe('')
					expect(await readFile(join(repositories.worktree, 'model.txt'), 'utf8')).toBe(`${way} ${round}\n`)
					const head = await git(repositories.worktree, 'rev-parse', 'HEAD')
					expect(await git(repositories.laptop, 'rev-parse', 'HEAD')).toBe(head)
					expect(await git(repositories.hub, 'rev-parse', 'refs/heads/gpu-validation')).toBe(head)
					for (const folder of [repositories.laptop, repositories.clone, repositories.hub])
						await git(folder, 'fsck', '--connectivity-only')
				}
			},
		)
	},
)
