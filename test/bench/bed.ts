import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeRepositories, type Repositories } from '../peers/repositories.ts'
import { type Sshd, startSshd } from '../peers/sshd.ts'
import { type BenchLine, startBenchLine } from './line.ts'

/** One way, so 30 ms there and back. */
export const oneWayMs = 15

export interface Bed {
	sshd: Sshd
	repositories: Repositories
	/** The line to it; the sshd is 30 ms away behind its port. */
	line: BenchLine
	/** How our own link reaches it. */
	ssh: Sshd['ssh']
	dataFolder: string
	/** Arguments for plain `ssh` over the same slow line. */
	sshArgs: string[]
	stop(): Promise<void>
}

/** A real sshd behind a slow line on loopback, with a project on both sides. */
export async function makeBed(): Promise<Bed> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-bench-'))
	const sshd = await startSshd()
	const line = await startBenchLine(sshd.port, oneWayMs)
	const names = {
		base: 'master',
		validation: 'gpu-validation',
		laptop: 'nt',
		clone: 'nt',
		worktree: 'nt-gpu',
	}
	const repositories = await makeRepositories(folder, sshd.home, names, { 'validate.sh': 'true\n' })
	await writeFile(
		join(folder, 'known_hosts'),
		Object.values(sshd.hostKeys)
			.map((key) => `[127.0.0.1]:${line.port} ${key}\n`)
			.join(''),
	)
	const dataFolder = join(folder, 'data')
	await mkdir(dataFolder)
	const knownHostsFile = join(folder, 'known_hosts')
	const ssh = { ...sshd.ssh, port: line.port, knownHostsFile }
	const config = {
		workstations: [{ name: 'lab', ssh }],
		projects: [
			{
				name: 'nt',
				workstation: 'lab',
				local: repositories.laptop,
				remote: '~/nt',
				validation: { command: 'date +%s%N >"$HOME/end"' },
			},
		],
	}
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
	return {
		sshd,
		repositories,
		line,
		ssh,
		dataFolder,
		sshArgs: [
			'-F',
			'/dev/null',
			'-o',
			'BatchMode=yes',
			'-o',
			`UserKnownHostsFile=${knownHostsFile}`,
			'-i',
			sshd.identityFile,
			'-p',
			String(line.port),
			`${sshd.user}@127.0.0.1`,
		],
		stop: async () => {
			await line.stop()
			await sshd.stop()
			await rm(folder, { recursive: true, force: true, maxRetries: 5 })
		},
	}
}
