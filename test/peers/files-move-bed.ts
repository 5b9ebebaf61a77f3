import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { lstat, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type Move, type MoveResult, move } from '../../src/engine/files/move.ts'
import type { Moved } from '../../src/engine/files/move-list.ts'
import {
	findRsync,
	type RsyncPair,
	type RsyncThere,
	remoteRsync,
	rsyncPair,
} from '../../src/engine/files/rsync-program.ts'
import type { Link } from '../../src/engine/link/link.ts'
import type { FaultProxy } from './fault-proxy.ts'
import { faultBed, keepalive } from './link-faults-bed.ts'
import { cleanups } from './linked.ts'
import { type Sshd, type SshdOptions, sshdMissing } from './sshd.ts'

/** Why nothing can be moved here, or null. */
export const moveMissing: string | null =
	sshdMissing ??
	((await findRsync()) === null ? 'no rsync on this machine (Debian: apt-get install rsync)' : null)

export interface MoveBed {
	sshd: Sshd
	line: FaultProxy
	link: Link
	/** Of the workstation. */
	home: string
	localRoot: string
	remoteRoot: string
	there: RsyncThere
	pair: RsyncPair
	/** Where either receiver keeps what it overwrites, and what it received in part. */
	keep: Record<Move['direction'], { backup: string; partial: string }>
	/** Paths are as a person writes them. */
	moves(
		direction: Move['direction'],
		paths: Iterable<string | Moved>,
		more?: Partial<Move>,
	): Promise<MoveResult>
}

/** Both ends, real: rsync, a link over sshd behind a line that can fail, and two folders whose names need care. */
export async function moveBed(options: SshdOptions = {}): Promise<MoveBed> {
	const { sshd, proxy: line, link: open } = await faultBed(0, { homeName: 'remote höme * [a]', ...options })
	const link = open({
		keepalive: { ...keepalive, count: 20 },
		times: { tcpMs: 5000, handshakeMs: 5000, loginMs: 5000, loginWithPersonMs: 5000 },
	})
	link.connect()
	await link.whenUp(15_000)
	const laptop = await realpath(await mkdtemp(join(tmpdir(), 'hawser move *-')))
	cleanups.push(() => rm(laptop, { recursive: true, force: true }))
	const home = await realpath(sshd.home)
	const localRoot = join(laptop, "L it's")
	const remoteRoot = join(home, 'R $x;`y` #')
	await mkdir(localRoot)
	const there = await remoteRsync(link, [remoteRoot, join(home, '.hawser')])
	const pair = rsyncPair(await findRsync(), there.program)
	const places = (own: string) => ({ backup: join(own, 'backups/1/tree'), partial: join(own, 'partial') })
	const keep = { up: places(join(home, '.hawser/files/k')), back: places(join(laptop, 'data/k')) }
	return {
		...{ sshd, line, link, home, localRoot, remoteRoot, there, pair, keep },
		async moves(direction, paths, more = {}) {
			const from = direction === 'up' ? localRoot : remoteRoot
			const entries: Moved[] = []
			for (const path of paths) entries.push(typeof path === 'string' ? await movedAt(from, path) : path)
			return await move({
				...{ link, direction, localRoot, remoteRoot, pair },
				receiver: existsSync(direction === 'up' ? remoteRoot : localRoot) ? 'empty' : 'missing',
				paths: entries,
				backupDir: (run) => (run === 1 ? keep[direction].backup : `${keep[direction].backup}-${run}`),
				partialDir: keep[direction].partial,
				partialIsNear: there.sameVolume,
				...more,
			})
		},
	}
}

async function movedAt(root: string, path: string): Promise<Moved> {
	const found = await lstat(join(root, path)).catch(() => null)
	return { path: Buffer.from(path, 'utf8').toString('latin1'), size: found?.size ?? 0 }
}

export async function put(root: string, path: string, content: string | Uint8Array): Promise<void> {
	await mkdir(dirname(join(root, path)), { recursive: true })
	await writeFile(join(root, path), content)
}

/** The processes below one process whose name is such a one, and whose command line too. */
export async function processesBelow(root: number, name: RegExp, args = /^/): Promise<number[]> {
	const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,comm=,args='])
	const all = stdout.split('\n').map((line) => line.trim().split(/\s+/))
	const below = (parent: string): string[][] =>
		all.filter(([, ppid]) => ppid === parent).flatMap((one) => [one, ...below(one[0] ?? '')])
	return below(String(root)).flatMap(([pid, , comm = '', ...words]) =>
		name.test(comm) && args.test(words.join(' ')) ? [Number(pid)] : [],
	)
}
