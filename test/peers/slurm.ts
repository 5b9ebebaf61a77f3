import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './sshd.ts'

/**
 * A real Slurm on loopback, of one node or two: munged, slurmctld and slurmd, each a child of this process, with all
 * their files in one folder. Nothing of /etc/slurm is read.
 */

const execute = promisify(execFile)
const folders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin']
const find = (name: string) => folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
const programs = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'sinfo', 'sacct']
const missing = programs.filter((name) => !find(name))

/** Why there can be no Slurm here, or null. For `skipIf`. */
export const slurmMissing: string | null =
	process.platform !== 'linux'
		? 'Slurm runs on Linux'
		: missing.length > 0
			? `no ${missing.join(', ')} on this machine (Debian: apt-get install slurm-wlm munge)`
			: null

export interface Slurm {
	/** For whoever is to speak with it. */
	env: { SLURM_CONF: string }
	/** A client's output. @throws when it fails */
	say(program: string, ...args: string[]): Promise<string>
	/** Ends the controller, as a shutdown does: clients then hang until their own limit. Jobs go on. */
	stopController(): Promise<void>
	startController(): Promise<void>
	/** Ends all jobs, then the daemons, by their ids; removes the folder. */
	stop(): Promise<void>
}

/**
 * `minJobAge`: for how many seconds it knows a job that has ended (the controller looks every 10 s or so). `killWait`:
 * seconds between TERM and KILL. `second`: there is another node too, of that name. Settles once the nodes are idle.
 */
export async function startSlurm(
	options: { minJobAge?: number; killWait?: number; second?: string } = {},
): Promise<Slurm> {
	if (slurmMissing !== null) throw new Error(slurmMissing)
	// The paths of its sockets must be short.
	const folder = await mkdtemp('/tmp/hsl-')
	const at = (name: string) => join(folder, name)
	await chmod(folder, 0o755)
	for (const name of ['state', 'spool', 'log', 'munge']) await mkdir(at(name), { mode: 0o755 })
	await execute('sh', ['-c', 'umask 077; head -c 128 /dev/urandom >"$1"', 'sh', at('munge/key')])
	const port = await freePort()
	// Of two on one machine none may have its name.
	const names = options.second === undefined ? ['localhost'] : ['first', options.second]
	const nodes = await Promise.all(
		names.map(async (name) => ({
			...{ name, port: await freePort() },
		})),
	)
	const user = userInfo().username
	await writeFile(
		at('slurm.conf'),
		`${[
			'ClusterName=test',
			'SlurmctldHost=localhost',
			`SlurmUser=${user}`,
			`SlurmdUser=${user}`,
			`SlurmctldPort=${port}`,
			'CommunicationParameters=NoInAddrAny,NoCtldInAddrAny',
			'AuthType=auth/munge',
			`AuthInfo=socket=${at('munge/socket')}`,
			'CredType=cred/munge',
			`StateSaveLocation=${at('state')}`,
			`SlurmdSpoolDir=${at('spool')}/%n`,
			`SlurmctldPidFile=${at('slurmctld.pid')}`,
			`SlurmdPidFile=${at('slurmd.%n.pid')}`,
			`SlurmctldLogFile=${at('log/slurmctld.log')}`,
			`SlurmdLogFile=${at('log/slurmd.%n.log')}`,
			// The default one needs cgroups, and without them reports a job that never ran as completed.
			'ProctrackType=proctrack/linuxproc',
			'TaskPlugin=task/none',
			'MpiDefault=none',
			'JobAcctGatherType=jobacct_gather/none',
			'AccountingStorageType=accounting_storage/none',
			'JobCompType=jobcomp/filetxt',
			`JobCompLoc=${at('jobcomp.txt')}`,
			'SchedulerType=sched/backfill',
			'SchedulerParameters=sched_interval=1,bf_interval=1',
			'SelectType=select/cons_tres',
			'SelectTypeParameters=CR_Core',
			// It may have more processors than this machine.
			'SlurmdParameters=config_overrides',
			'ReturnToService=2',
			`KillWait=${options.killWait ?? 1}`,
			`MinJobAge=${options.minJobAge ?? 300}`,
			'MailProg=/bin/true',
			'GresTypes=gpu',
			...nodes.map(
				(node) =>
					`NodeName=${node.name} NodeHostname=localhost NodeAddr=127.0.0.1 Port=${node.port} CPUs=24 RealMemory=1000${node.name === names[0] ? ' Gres=gpu:2' : ''} State=UNKNOWN`,
			),
			'PartitionName=main Nodes=ALL Default=YES DefaultTime=10 MaxTime=INFINITE State=UP',
		].join('\n')}\n`,
	)
	await writeFile(at('gres.conf'), `NodeName=${names[0]} Name=gpu File=/dev/tty[0-1]\n`)
	const env = { SLURM_CONF: at('slurm.conf') }
	const clientEnv = { ...process.env, ...env }
	const daemons = new Map<string, ChildProcess>()
	const start = async (name: string, args: string[]) => {
		const log = await open(at(`log/${name}.out`), 'a')
		const [program = name] = name.split(' ')
		const child = spawn(find(program) ?? program, args, { env: clientEnv, stdio: ['ignore', log.fd, log.fd] })
		daemons.set(name, child)
		await log.close()
		child.once('error', () => {})
	}
	const end = async (name: string) => {
		const child = daemons.get(name)
		daemons.delete(name)
		if (!child || child.exitCode !== null || child.signalCode !== null) return
		const gone = new Promise<void>((done) => child.once('exit', () => done()))
		child.kill('SIGTERM')
		const late = setTimeout(() => child.kill('SIGKILL'), 5000)
		await gone
		clearTimeout(late)
	}
	const say = async (program: string, ...args: string[]) =>
		(await execute(program, args, { env: clientEnv, timeout: 20_000 })).stdout
	const startController = async () => {
		await start('slurmctld', ['-D', '-f', env.SLURM_CONF])
		await settled('slurmctld listens', () => daemons.get('slurmctld')?.exitCode === null && accepts(port))
	}
	const stop = async () => {
		if (daemons.has('slurmctld')) {
			for (const state of ['PENDING', 'RUNNING', 'SUSPENDED'])
				await say('scancel', `--state=${state}`).catch(() => '')
			await settled('no jobs', async () => (await say('squeue', '-h')) === '').catch(() => {})
		}
		// Never the controller first: the others would try to reach it for minutes.
		for (const name of [...nodes.map(({ name }) => `slurmd ${name}`), 'slurmctld', 'munged']) await end(name)
		await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
	}
	try {
		await start('munged', [
			...['--foreground', `--key-file=${at('munge/key')}`, `--socket=${at('munge/socket')}`],
			...[`--pid-file=${at('munge/pid')}`, `--seed-file=${at('munge/seed')}`],
		])
		await settled('munged', () => existsSync(at('munge/socket')))
		await startController()
		for (const { name } of nodes) await start(`slurmd ${name}`, ['-D', '-N', name, '-f', env.SLURM_CONF])
		await settled('idle nodes', async () => (await say('sinfo', '-h', '-o', '%T')).trim() === 'idle')
	} catch (error) {
		await stop()
		throw error
	}
	return { env, say, startController, stopController: () => end('slurmctld'), stop }
}

async function settled(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
	const until = Date.now() + 20_000
	while (!(await Promise.resolve(holds()).catch(() => false))) {
		if (Date.now() > until) throw new Error(`waited 20 s for ${what}`)
		await new Promise((next) => setTimeout(next, 20))
	}
}

function accepts(port: number): Promise<boolean> {
	return new Promise((answer) => {
		const socket = connect({ host: '127.0.0.1', port })
		socket.once('connect', () => answer(true)).once('error', () => answer(false))
		socket.once('connect', () => socket.destroy())
	})
}
