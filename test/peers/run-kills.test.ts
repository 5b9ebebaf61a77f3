import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Run } from '../../src/contract/state.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { cleanups } from './linked.ts'
import { type KillableLaptop, killableLaptop } from './run-kills-laptop.ts'
import { flawsOf } from './run-matrix-bed.ts'
import { type Sshd, sshdMissing, startSshd } from './sshd.ts'

/**
 * Runs while the app and the link are killed at random: every end becomes known as what it was, and is told once by one
 * face, over all the apps there were.
 *
 * HAWSER_RUNS_KILLS: how many runs. HAWSER_RUNS_SEED: where chance begins. With HAWSER_RUNS_PATH too, both as a failure
 * printed them, that failure's runs and kills are played again.
 */
const wanted = Number(process.env.HAWSER_RUNS_KILLS ?? 40)
const seed = Number(process.env.HAWSER_RUNS_SEED ?? Date.now() % 2 ** 31)
const path = process.env.HAWSER_RUNS_PATH

/** So many in one life of a workstation, and so many of them at once. */
const together = 20
const lanes = 7
/** A machine that is very busy gets its time. */
const patienceMs = 90_000
const rounds = Math.ceil(wanted / together)

const command = 'sleep {seconds}; case {end} in signal) kill -SEGV $$ ;; *) exit {end} ;; esac # {token}'
const ends: Record<string, object> = {
	'0': { status: 'succeeded' },
	'3': { status: 'failed', exitCode: 3 },
	signal: { status: 'killed', signal: 'SEGV', cause: 'signal' },
}

const kills = {
	app: async ({ laptop }: Bed) => await laptop.kill(),
	reset: async ({ line }: Bed) => line.reset(),
	closed: async ({ line }: Bed) => line.cut(),
	'connection killed': async ({ sshd }: Bed) => void (await sshd.stopConnections()),
	'refused for a while': async ({ line }: Bed) => {
		await line.refuse()
		line.reset()
		await sleep(700)
		await line.listen()
	},
	'silent, both ways': async (bed: Bed) => await silent(bed),
	'silent, one way': async (bed: Bed) => await silent(bed, 'down'),
	'app and link': async ({ laptop, line }: Bed) => {
		await line.refuse()
		line.reset()
		await laptop.kill()
		await line.listen()
	},
}
type Kill = keyof typeof kills

interface Bed {
	dataFolder: string
	sshd: Sshd
	line: FaultProxy
	laptop: KillableLaptop
	runs: string
}

async function silent({ line, laptop }: Bed, way?: 'down'): Promise<void> {
	line.stall(way)
	await eventually(() => laptop.state()?.workstations.lab?.link.status !== 'up')
	line.resume()
}

async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
	await vi.waitFor(
		async () => {
			if (!(await condition())) throw new Error(`not yet: ${condition.toString()}`)
		},
		{ timeout: patienceMs, interval: 30 },
	)
}

async function makeBed(): Promise<Bed & { stop(): Promise<void> }> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-run-kills-'))
	const sshd = await startSshd()
	const line = await startFaultProxy(sshd)
	await appendFile(sshd.knownHostsFile, `[127.0.0.1]:${line.port} ${sshd.hostKeys.ed25519}\n`)
	await mkdir(join(sshd.home, 'nt-gpu'))
	const dataFolder = join(folder, 'data')
	await mkdir(dataFolder)
	const config = {
		workstations: [{ name: 'lab', ssh: { ...sshd.ssh, port: line.port, deadAfter: 3 } }],
		projects: Array.from({ length: lanes }, (_, lane) => ({
			...{ name: `lane ${lane}`, workstation: 'lab', local: join(folder, 'nowhere'), remote: '~/nt' },
			...{ runner: lane % 2 === 0 ? 'tmux' : 'detached' },
			validation: { command, parameters: { seconds: '1', end: '0', token: '' } },
		})),
	}
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
	const laptop = await killableLaptop(dataFolder)
	const stop = async () => {
		await laptop.stop()
		await line.stop()
		await sshd.stop()
		await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
	}
	return { dataFolder, sshd, line, laptop, runs: join(sshd.home, '.hawser/runs'), stop }
}

/** What each run that began was to be, by its id. */
async function begun(runs: string): Promise<Map<string, { token: string; end: string }>> {
	const found = new Map<string, { token: string; end: string }>()
	for (const id of await readdir(runs).catch(() => [])) {
		const text = await readFile(join(runs, id, 'run'), 'utf8').catch(() => '')
		const [token, end] = ['token', 'end'].map(
			(name) => new RegExp(`^param ${name} (.*)$`, 'm').exec(text)?.[1],
		)
		if (token !== undefined && end !== undefined) found.set(id, { token, end })
	}
	return found
}

interface Wish {
	seconds: string
	end: string
	token: string
}

/** Has these started in a project, one after another, whatever comes in between. */
async function lane({ laptop, runs }: Bed, project: string, wishes: readonly Wish[]): Promise<void> {
	for (const wish of wishes)
		await eventually(async () => {
			const isThere = async () => [...(await begun(runs)).values()].some(({ token }) => token === wish.token)
			if (await isThere()) return true
			const started = await laptop.ask((client) => client.call('run', { project, sets: [{ ...wish }] }))
			if (!started) return false
			const { operation } = started
			await laptop.ask((client) => client.call('waitOperation', { operation }))
			return await isThere()
		})
}

const plan = fc.record({
	wishes: fc.array(
		fc.record({
			seconds: fc.constantFrom('0.2', '0.5', '1', '2'),
			end: fc.constantFrom('0', '3', 'signal'),
		}),
		{ minLength: together, maxLength: together },
	),
	kills: fc.array(
		fc.record({
			kill: fc.constantFrom<Kill>('app', ...(Object.keys(kills) as Kill[])),
			afterMs: fc.nat(1500),
		}),
		{ minLength: 3, maxLength: 6 },
	),
})

const sum = { runs: 0, lives: 0, kills: 0, unanswered: 0 }

async function playRound({
	wishes,
	kills: planned,
}: {
	wishes: Omit<Wish, 'token'>[]
	kills: { kill: Kill; afterMs: number }[]
}) {
	const bed = await makeBed()
	cleanups.push(() => bed.stop())
	const { laptop, runs } = bed
	const named = wishes.map((wish, at) => ({ ...wish, token: `t${at}` }))
	const started = Promise.all(
		Array.from({ length: lanes }, (_, at) =>
			lane(
				bed,
				`lane ${at}`,
				named.filter((_wish, index) => index % lanes === at),
			),
		),
	)
	started.catch(() => {})
	for (const { kill, afterMs } of planned) {
		await sleep(afterMs)
		await kills[kill](bed)
		sum.kills++
	}
	await started
	const all = await begun(runs)
	const stateOf = (id: string): Run | undefined => laptop.state()?.runs[id]
	await eventually(async () =>
		[...all.keys()].every((id) => (stateOf(id)?.outcome.status ?? 'running') !== 'running'),
	)
	const isTold = (id: string) => laptop.told.includes(`run:${id}`) || laptop.unanswered.has(`run:${id}`)
	await eventually(() => [...all.keys()].every(isTold))
	// The last app finds nothing left to tell.
	await laptop.kill()
	await eventually(() => laptop.state()?.workstations.lab?.link.status === 'up')
	await eventually(async () => (await laptop.ask((client) => client.call('check', {}))) !== null)
	await eventually(async () =>
		[...all.keys()].every((id) => (stateOf(id)?.outcome.status ?? 'running') !== 'running'),
	)
	// Told anew it would be after a moment: what is on the disk says now already that it will not be.
	await eventually(async () => {
		const { told, untold, expected } = JSON.parse(await readFile(join(bed.dataFolder, 'ledger.json'), 'utf8'))
		const isOver = (id: string) =>
			told.includes(`run:${id}`) && !untold.includes(id) && !expected.includes(id)
		return [...all.keys()].every(isOver)
	})
	const said = JSON.stringify(planned)
	for (const [id, { end }] of all) {
		expect(stateOf(id)?.outcome, `${id}, ${said}`).toMatchObject(ends[end] ?? {})
		const times = laptop.told.filter((one) => one === `run:${id}`).length
		// Where the app was killed over its answer, no face knows whether it was to tell.
		const least = laptop.unanswered.has(`run:${id}`) ? 0 : 1
		expect(times, `told of ${id}, ${said}`).toBeLessThanOrEqual(1)
		expect(times, `told of ${id}, ${said}`).toBeGreaterThanOrEqual(least)
		expect(await flawsOf(runs, id), id).toEqual([])
		if (times === 0) sum.unanswered++
	}
	expect(
		Object.values(laptop.state()?.notices ?? {}).filter(({ kind }) => kind !== 'waits-for-person'),
	).toEqual([])
	sum.runs += all.size
	sum.lives += laptop.lives()
}

const missing = sshdMissing ?? (process.platform === 'linux' ? null : 'not on Linux')

describe.skipIf(missing)(`killed at any moment${missing ? ` (skipped: ${missing})` : ''}`, () => {
	test(`${rounds * together} runs are known and told once`, {
		timeout: 60_000 + rounds * 120_000,
	}, async () => {
		console.log(`${rounds * together} runs, HAWSER_RUNS_SEED=${seed}`)
		const property = fc.asyncProperty(plan, async (one) => {
			await playRound(one)
			for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
			console.log(JSON.stringify(sum))
		})
		await fc.assert(property, {
			numRuns: rounds,
			seed,
			endOnFailure: true,
			...(path === undefined ? {} : { path }),
		})
		expect(sum.runs).toBeGreaterThanOrEqual(path === undefined ? rounds * together : together)
	})
})
