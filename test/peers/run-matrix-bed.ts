import { execFile, execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { standInSystemd } from './run-home.ts'
import { type Laptop, makeLaptop } from './run-laptop.ts'
import { type Sshd, startSshd } from './sshd.ts'

/** Workstations behind faulty lines, on which runs wait at a gate for their end. */

const execute = promisify(execFile)

/** A real OpenSSH server and the line to it. */
export interface Lab {
	sshd: Sshd
	line: FaultProxy
	/** Where its runs lie. */
	runs: string
}

export interface MatrixBed {
	labs: Record<'lab' | 'small', Lab>
	/** A fresh laptop; its engine is open. */
	laptop(): Promise<Laptop>
	/** Breaks every line at once, and lets nobody in until `join`. */
	part(): Promise<void>
	join(): Promise<void>
	/** Lets `count` runs that wait at this gate go on. */
	release(gate: string, count?: number): void
	/** The shell's words that wait at this gate. */
	waitAt(gate: string): string
	/** No runs, and nothing on the small disk. */
	clear(): Promise<void>
	stop(): Promise<void>
}

/**
 * `projects`: by their name, where they run, what, and `more` of their settings. `small`: also one whose disk has room
 * for little. `around`: what logins have in their environment, and programs that stand before the system's own.
 */
export async function makeMatrixBed(
	projects: Record<
		string,
		{ workstation: 'lab' | 'small'; command: (bed: MatrixBed) => string; more?: { limit?: string } & object }
	>,
	around: { env?: Record<string, string>; programs?: Record<string, string> } = {},
): Promise<MatrixBed> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-matrix-'))
	const cleanups: (() => unknown)[] = [
		() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
	]
	const stop = async () => {
		for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
	}
	const programs = join(folder, 'programs')
	await mkdir(programs)
	const program = async (name: string, text: string) => {
		await writeFile(join(programs, name), text)
		await chmod(join(programs, name), 0o755)
	}
	// Here logind ends at a log-out what a user left.
	await standInSystemd({ program }, {})
	for (const [name, text] of Object.entries(around.programs ?? {})) await program(name, text)
	const makeLab = async (small: boolean): Promise<Lab> => {
		const path = `${programs}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`
		const sshd = await startSshd({ env: { ...around.env, PATH: path } })
		cleanups.push(() => sshd.stop())
		if (small) {
			await execute('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', sshd.home])
			// Not waited for: what lives there ends with the server.
			cleanups.push(() => execute('umount', ['-l', sshd.home]))
		}
		const line = await startFaultProxy(sshd)
		cleanups.push(() => line.stop())
		await appendFile(sshd.knownHostsFile, `[127.0.0.1]:${line.port} ${sshd.hostKeys.ed25519}\n`)
		await mkdir(join(sshd.home, 'nt-gpu'))
		return { sshd, line, runs: join(sshd.home, '.hawser/runs') }
	}
	const used = new Set(Object.values(projects).map(({ workstation }) => workstation))
	let laptops = 0
	const gates = join(folder, 'gates')
	await mkdir(gates)
	const open = new Map<string, number>()
	cleanups.push(() => {
		for (const descriptor of open.values()) closeSync(descriptor)
	})
	try {
		const lab = await makeLab(false)
		const labs = { lab, small: used.has('small') ? await makeLab(true) : lab }
		const all = [...new Set(Object.values(labs))]
		const bed: MatrixBed = {
			labs,
			stop,
			laptop: async () => {
				const config = {
					workstations: [...used].map((name) => {
						const { sshd, line } = labs[name]
						return { name, ssh: { ...sshd.ssh, port: line.port, deadAfter: 3 } }
					}),
					projects: Object.entries(projects).map(([name, { workstation, command, more }]) => {
						const { limit, ...rest } = more ?? {}
						return {
							...{ name, workstation, local: join(folder, 'nowhere'), remote: '~/nt' },
							validation: { command: command(bed), ...(limit === undefined ? {} : { limit }) },
							...rest,
						}
					}),
				}
				const laptop = await makeLaptop(join(folder, `laptop-${laptops++}`), config)
				cleanups.push(() => laptop.quit())
				await laptop.open()
				await laptop.connected()
				return laptop
			},
			part: async () => {
				for (const { line } of all) {
					await line.refuse()
					line.reset()
				}
			},
			join: async () => {
				for (const { line } of all) await line.listen()
			},
			waitAt: (gate) => {
				const path = join(gates, gate)
				if (!open.has(gate)) {
					execFileSync('mkfifo', [path])
					// Kept open both ways: whoever waits, waits for a line and not for somebody to open it.
					open.set(gate, openSync(path, 'r+'))
				}
				return `read -r _ <'${path}'`
			},
			release: (gate, count = 1) => {
				const descriptor = open.get(gate)
				if (descriptor === undefined) throw new Error(`nobody waits at ${gate}`)
				writeSync(descriptor, '\n'.repeat(count))
			},
			clear: async () => {
				for (const { sshd, runs } of all) {
					await rm(join(sshd.home, 'fill'), { force: true })
					await rm(runs, { recursive: true, force: true })
				}
			},
		}
		return bed
	} catch (error) {
		await stop()
		throw error
	}
}

/** Of a run's folder: its project; null while there is nothing to read. */
export async function projectOf(folder: string): Promise<string | null> {
	const text = await readFile(join(folder, 'run'), 'utf8').catch(() => '')
	return /^project (.*)$/m.exec(text)?.[1] ?? null
}

/** The runs that have begun there, by their project. */
export async function begunIn(runs: string): Promise<Map<string, string[]>> {
	const begun = new Map<string, string[]>()
	for (const id of (await readdir(runs).catch(() => [])).sort()) {
		const pid = await readFile(join(runs, id, 'pid'), 'utf8').catch(() => null)
		const project = pid === null ? null : await projectOf(join(runs, id))
		if (project !== null) begun.set(project, [...(begun.get(project) ?? []), id])
	}
	return begun
}

/** The processes of a run: its wrapper, and what its command started. Linux only. */
export function processesOf(runs: string, id: string): { wrapper: number[]; command: number[] } {
	const found = { wrapper: [] as number[], command: [] as number[] }
	for (const name of readdirSync('/proc')) {
		if (!/^\d+$/.test(name)) continue
		try {
			const [shell = '', script, folder] = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
			if (readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(`HAWSER_RUN=${id}`))
				found.command.push(Number(name))
			else if (shell.endsWith('sh') && script?.endsWith('/wrapper') && folder === join(runs, id))
				found.wrapper.push(Number(name))
		} catch {
			// It went meanwhile.
		}
	}
	return found
}

/** The servers of Hawser's own tmux in that home. Linux only. */
export function tmuxServersIn(home: string): number[] {
	return readdirSync('/proc').flatMap((name) => {
		try {
			const command = readFileSync(`/proc/${name}/cmdline`, 'utf8')
			return command.startsWith('tmux') && command.includes(home) ? [Number(name)] : []
		} catch {
			return []
		}
	})
}

export function kill(pids: readonly number[], signal: NodeJS.Signals): void {
	for (const pid of pids) {
		try {
			process.kill(pid, signal)
		} catch {
			// It went meanwhile.
		}
	}
}

/** What is wrong with the folder of a run that has ended; nothing when it is whole. */
export async function flawsOf(runs: string, id: string): Promise<string[]> {
	const folder = join(runs, id)
	const names = await readdir(folder)
	const needed = ['run', 'wrapper', 'go', 'boot', 'birth', 'pid', 'began', 'log', 'metrics', 'exit']
	const left = names.filter((name) => name.startsWith('.') || name === 'spare' || name === 'queue')
	const end = await readFile(join(folder, 'exit'), 'utf8').catch(() => '')
	const keys = end.split('\n').map((line) => line.split(' ')[0] ?? '')
	return [
		...needed.filter((name) => !names.includes(name)).map((name) => `${name} is missing`),
		...left.map((name) => `${name} is left`),
		...['how', 'ended', 'size'].filter((key) => !keys.includes(key)).map((key) => `its end has no ${key}`),
		...((await projectOf(folder)) === null ? ['it says not what it is'] : []),
	]
}
