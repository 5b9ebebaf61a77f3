import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, opendir, readdir, realpath, rename, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ProblemError } from '../../contract/client.ts'
import type { Problem } from '../../contract/problem.ts'
import { type Bridge, openBridge } from '../link/bridge.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'
import { run } from '../process/process.ts'
import { Complaints, type MoveFailure, pendingIn, problemIn } from './move-complaints.ts'
import { type Moved, type MoveList, type MovePart, writeList } from './move-list.ts'
import { commandThere } from './move-place.ts'
import { Parents } from './parents.ts'
import { MoveMeter, type MoveProgress, RsyncOutput } from './progress.ts'
import { rsyncArguments } from './rsync-options.ts'
import type { RsyncPair } from './rsync-program.ts'

/**
 * How a root was when it was last looked at. `missing`: it is made. Else it must be there still, and one that was `full`
 * must hold something: the disk under it may have gone.
 */
export type RootWas = 'missing' | 'empty' | 'full'

export interface Move {
	link: Link
	direction: 'up' | 'back'
	/** Absolute and real, no links in it. */
	localRoot: string
	remoteRoot: string
	/** The receiver's of them, when both sides were compared. */
	receiver: RootWas
	/** Files, links and empty folders, below the roots. A folder goes without what is in it. */
	paths: AsyncIterable<Moved> | Iterable<Moved>
	/**
	 * Absolute, on the machine that receives: what is overwritten is kept there, at the same path. `run`: from 1 on; a path
	 * that is tried again gets the next one, since rsync overwrites what an earlier run kept in the same folder. On the
	 * same file system as the root; null: all that will be overwritten was kept before.
	 */
	backupDir: ((run: number) => string) | null
	/** Absolute, on the machine that receives, for nothing else: what was partly received waits there. */
	partialDir: string
	/** `partialDir` lies on the same file system as the root: then files are received there, too. */
	partialIsNear: boolean
	pair: RsyncPair
	signal?: AbortSignal
	onProgress?: (progress: MoveProgress) => void
	/** How long it waits for a link that was lost; default 30 minutes. */
	waitMs?: number
	/** So long an rsync may be silent before it counts as one that hangs; default 30 s, at least 1. */
	silenceMs?: number
}

export interface MoveResult {
	/** How many files, links and folders got there, or were there already. */
	moved: number
	/** Their bytes, roughly where something failed. */
	bytes: number
	/** What did not get there. Everything else did. */
	failed: MoveFailure[]
	/** A run of rsync broke off, and another went on. */
	interrupted: boolean
}

/**
 * A client checks each name that it is sent against all the names it asked for, one by one: of 10,000 that takes seconds,
 * of 100,000 minutes. So what comes back is asked for in parts, a few at a time.
 */
const backPart = { most: 1500, atOnce: 4 }
/** One that hangs ends by its own timeout; this is for whatever else. */
const longestMs = 7 * 24 * 3600 * 1000
/** So often it may be interrupted without a byte more having arrived. */
const mostFruitless = 4
const usualSilenceMs = 30_000
/** While a sender finds what the other end has of a file already it may say nothing; so many bytes a second it can read. */
const slowestRead = 20_000_000
/** Those of a talk that broke off: the other end is gone, or was silent for too long. */
const brokenExits = [10, 12, 30]
/** The one that says: the other end was silent for too long. */
const silentExit = 30
/** rsync's exits that say: what could be moved was. 23: some could not; 24: some had vanished. */
const partlyExits = [23, 24]

/**
 * Moves exactly these paths. An interrupted one goes on where it was when it is done again, also in the middle of a file.
 * @throws ProblemError `operation-cancelled`, the link's problem when it does not come back, `files-no-space`,
 *   `files-unwritable`, `files-root-missing`, `files-root-moved`, `files-move-failed`. What was moved up to then stays.
 */
export async function move(wish: Move): Promise<MoveResult> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-move-'))
	try {
		const most = wish.direction === 'back' ? backPart.most : Number.POSITIVE_INFINITY
		const staging = wish.pair.engine === 'full'
		const parents = wish.direction === 'up' ? new Parents(wish.localRoot) : null
		const list = await writeList(folder, wish.paths, { most, staging, parents, signal: wish.signal })
		if (list.count === 0) return { moved: 0, bytes: 0, failed: list.strayed, interrupted: false }
		return await new Mover(wish, list, folder).all()
	} finally {
		await rm(folder, { recursive: true, force: true, maxRetries: 3 })
	}
}

/** How one run of rsync ended. */
interface Ended {
	exit: number
	/** The link's problem, when that was to blame. */
	lost: Problem | null
	/** Something arrived in this run. */
	advanced: boolean
	/** The other end was silent for so long that the run was given up. */
	hung: boolean
}

class Mover {
	readonly #wish: Move
	readonly #list: MoveList
	/** Ours alone: its settings file for option aliases would be looked for there. */
	readonly #home: string
	readonly #meter: MoveMeter
	readonly #partial: string
	readonly #stage: string | null
	/** Ends what else is under way when one part has failed. */
	readonly #ender = new AbortController()
	readonly #signal: AbortSignal
	readonly #running = new Set<Promise<unknown>>()
	/** Something is in the receiver's root by now. */
	#hasArrived = false
	#interrupted = false

	constructor(wish: Move, list: MoveList, home: string) {
		this.#wish = wish
		this.#list = list
		this.#home = home
		this.#meter = new MoveMeter({ bytes: list.bytes, files: list.count })
		this.#signal = wish.signal ? AbortSignal.any([wish.signal, this.#ender.signal]) : this.#ender.signal
		// Two laptops may send to the same tree at once, and what one has begun the other must not go on with.
		const own = createHash('sha256').update(`${hostname()}\0${wish.localRoot}`).digest('hex').slice(0, 8)
		this.#partial = join(wish.partialDir, `${own}-partial`)
		this.#stage = wish.partialIsNear ? join(wish.partialDir, `${own}-stage`) : null
	}

	async all(): Promise<MoveResult> {
		const { parts, count, bytes, strayed } = this.#list
		const failed = new Map<string, MoveFailure>()
		const waiting = parts.filter(({ staged }) => !staged)
		const worker = async () => {
			for (let part = waiting.shift(); part; part = waiting.shift())
				for (const failure of await this.#untilDone(part)) failed.set(failure.path, failure)
		}
		try {
			await Promise.all(Array.from({ length: backPart.atOnce }, worker))
			// One after another: they share a folder for what is partly received, by name.
			waiting.push(...parts.filter(({ staged }) => staged))
			await worker()
		} catch (error) {
			waiting.length = 0
			this.#ender.abort()
			throw error
		} finally {
			await Promise.allSettled(this.#running)
		}
		return {
			...{ moved: count - failed.size, bytes, interrupted: this.#interrupted },
			failed: [...strayed, ...failed.values()],
		}
	}

	/** One part, through every loss of the link. */
	async #untilDone(part: MovePart): Promise<MoveFailure[]> {
		let fruitless = 0
		for (let run = 1; ; run++) {
			await this.#prepareHere(part)
			const complaints = this.#complaints()
			const { exit, lost, advanced, hung } = await this.#once(part, complaints, run, false)
			this.#hasArrived ||= advanced
			const broke = hung || exit === silentExit || (brokenExits.includes(exit) && advanced)
			const interrupted = lost !== null || (broke && complaints.fatal === null)
			if (!interrupted) return await this.#judge(part, exit, complaints, run)
			this.#interrupted = true
			fruitless = advanced ? 0 : fruitless + 1
			if (fruitless > mostFruitless) throw lost ? new ProblemError(lost) : this.#failure(exit, complaints)
			this.#tell('waiting')
			await this.#wish.link.whenUp(this.#wish.waitMs ?? 1_800_000, this.#signal)
			this.#meter.paceAnew()
			this.#tell('moving')
		}
	}

	/** What the end of an rsync means for the paths of its list. */
	async #judge(part: MovePart, exit: number, complaints: Complaints, run: number): Promise<MoveFailure[]> {
		const stops = problemIn(complaints, this.#side(), this.#receiver(), this.#wish.remoteRoot)
		if (stops) throw new ProblemError(stops)
		if (exit !== 0 && !partlyExits.includes(exit)) throw this.#failure(exit, complaints)
		if (exit !== 0) {
			// Not every failure is worded so that its path is known: what still differs did not get there.
			const again = this.#complaints()
			const { exit: second, lost } = await this.#once(part, again, run, true)
			if (lost) throw new ProblemError(lost)
			if (second !== 0 && !partlyExits.includes(second)) throw this.#failure(second, again)
			for (const failure of again.failures.values()) complaints.add(failure)
		}
		// To say that the rest is there, every failure must be known.
		const unknown =
			complaints.overflown || complaints.loose.some((line) => /^(?:rsync: |cannot |could not )/.test(line))
		if (exit !== 0 && (unknown || complaints.failures.size === 0)) throw this.#failure(exit, complaints)
		return [...complaints.failures.values()]
	}

	#once(part: MovePart, complaints: Complaints, run: number, dry: boolean): Promise<Ended> {
		const work = this.#run(part, complaints, run, dry)
		this.#running.add(work)
		return work.finally(() => this.#running.delete(work))
	}

	/** One run of rsync. */
	async #run(part: MovePart, complaints: Complaints, attempt: number, dry: boolean): Promise<Ended> {
		const { pair, direction, localRoot } = this.#wish
		const backupDir = this.#wish.backupDir?.(attempt) ?? null
		const bridge = this.#bridge(part)
		const watch = this.#watchSilence(part, bridge)
		const meter = this.#meter.run()
		const output = new RsyncOutput(
			(tick) => {
				meter.tick(tick)
				this.#tell('moving')
			},
			(line) => this.#heard(line, complaints, dry),
		)
		try {
			const { exitCode } = await run({
				file: pair.local.path,
				args: rsyncArguments(pair, {
					...{ direction, list: part.file, shell: bridge.rsyncShell, backupDir, dry },
					partialDir: part.staged ? this.#partial : null,
					stageDir: part.staged ? this.#stage : null,
					compress: this.#list.compress,
					sparse: this.#list.sparse,
					timeoutSeconds: Math.ceil(this.#silenceMs / 1000),
				}),
				cwd: localRoot,
				env: { PATH: process.env.PATH, HOME: this.#home, LC_ALL: 'C' },
				timeoutMs: longestMs,
				expected: Array.from({ length: 256 }, (_, code) => code),
				signal: this.#signal,
				extraPipes: bridge.extraPipes,
				onStart: bridge.onStart,
				onStdout: (text) => output.take(text),
				onStderr: (text) => complaints.take(text),
			})
			output.end()
			complaints.end()
			const lost = exitCode === 0 ? null : bridge.problem
			return { exit: exitCode, lost, advanced: meter.bytes > 0, hung: exitCode !== 0 && watch.isOver }
		} finally {
			watch.end()
			meter.end()
			await bridge.dispose()
		}
	}

	/**
	 * rsync itself finds silence on the workstation when it sends there. When it receives, what its own parts tell each
	 * other counts as life.
	 */
	#watchSilence({ largest }: MovePart, bridge: Bridge): { readonly isOver: boolean; end(): void } {
		const most = this.#silenceMs + (largest / slowestRead) * 1000
		let isOver = false
		const look = () => {
			if (bridge.silentMs() <= most) return
			isOver = true
			bridge.hangUp()
		}
		const timer = this.#wish.direction === 'back' ? setInterval(look, this.#silenceMs / 4) : undefined
		return {
			get isOver() {
				return isOver
			},
			end: () => clearInterval(timer),
		}
	}

	get #silenceMs(): number {
		return this.#wish.silenceMs ?? usualSilenceMs
	}

	#heard(line: string, complaints: Complaints, dry: boolean): void {
		const path = pendingIn(line)
		if (path === null) complaints.line(line)
		else if (dry) complaints.add({ path, why: 'other', said: line })
		else if (this.#wish.pair.engine === 'plain') this.#tell('moving')
	}

	#bridge({ staged }: MovePart): Bridge {
		const { link, direction, remoteRoot, pair } = this.#wish
		const receives = direction === 'up' && staged
		return openBridge(link, 'rsync', (command) =>
			commandThere(
				{
					root: remoteRoot,
					receiver: direction === 'up' ? this.#receives : null,
					real: true,
					partial: receives ? this.#partial : null,
					stage: receives ? this.#stage : null,
					program: pair.remote.path,
				},
				command,
			),
		)
	}

	/** How the receiver's root has to be. */
	get #receives(): RootWas {
		const { receiver } = this.#wish
		return receiver === 'missing' && this.#hasArrived ? 'full' : receiver
	}

	async #prepareHere(part: MovePart): Promise<void> {
		try {
			await this.#prepareFolders(part)
		} catch (error) {
			const code = (error as NodeJS.ErrnoException).code ?? ''
			if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT'].includes(code)) throw error
			throw new ProblemError(problem('files-unwritable', { side: 'This laptop', path: this.#wish.localRoot }))
		}
	}

	/** Our own side's folders, as `commandThere` does it for the other. */
	async #prepareFolders({ staged }: MovePart): Promise<void> {
		const { direction, localRoot } = this.#wish
		const side = 'This laptop'
		const isReceiver = direction === 'back'
		if (isReceiver && this.#receives === 'missing') await mkdir(localRoot, { recursive: true })
		const found = await realpath(localRoot).catch(() => null)
		const gone = (what: 'missing' | 'empty') =>
			new ProblemError(problem('files-root-gone', { side, path: localRoot, what }))
		if (found === null)
			throw isReceiver
				? gone('missing')
				: new ProblemError(problem('files-root-missing', { side, path: localRoot }))
		if (found !== localRoot)
			throw new ProblemError(problem('files-root-moved', { side, path: localRoot, found }))
		if (isReceiver && this.#receives === 'full' && (await isEmptyFolder(localRoot))) throw gone('empty')
		if (!isReceiver || !staged) return
		await mkdir(this.#partial, { recursive: true, mode: 0o700 })
		if (this.#stage === null) return
		await mkdir(this.#stage, { recursive: true, mode: 0o700 })
		for (const name of await readdir(this.#stage)) {
			const whole = /^(.+)\.[^.]{6}$/s.exec(name)?.[1]
			if (whole) await rename(join(this.#stage, name), join(this.#partial, basename(whole)))
		}
	}

	#complaints(): Complaints {
		return new Complaints([this.#wish.localRoot, this.#wish.remoteRoot])
	}

	#failure(exit: number, complaints: Complaints): ProblemError {
		const said = [...complaints.loose, ...[...complaints.failures.values()].map((one) => one.said)]
		const reason = [`rsync ended with exit code ${exit}`, ...said.slice(0, 3)].join('; ')
		return new ProblemError(problem('files-move-failed', { reason }))
	}

	#side(): string {
		return this.#wish.direction === 'up' ? 'The workstation' : 'This laptop'
	}

	#receiver(): string {
		return this.#wish.direction === 'up' ? this.#wish.remoteRoot : this.#wish.localRoot
	}

	#tell(phase: MoveProgress['phase']): void {
		this.#wish.onProgress?.(this.#meter.progress(phase))
	}
}

async function isEmptyFolder(path: string): Promise<boolean> {
	const folder = await opendir(path)
	try {
		return (await folder.read()) === null
	} finally {
		await folder.close()
	}
}
