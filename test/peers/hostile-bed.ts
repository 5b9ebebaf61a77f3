import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { OperationOutcome } from '../../src/contract/state.ts'
import { type EngineUnderTest, startEngine } from './engine.ts'
import { makeRepositories, type Repositories } from './repositories.ts'
import { type Sshd, type SshdOptions, startSshd } from './sshd.ts'

/** A project on a real sshd that can be made hostile; all of it goes away with the test. */
export interface HostileBed {
	folder: string
	sshd: Sshd
	repositories: Repositories
	dataFolder: string
	config: ReturnType<typeof configOf>
	/** Writes the config that `change` made of it. */
	configure(change: (config: ReturnType<typeof configOf>) => unknown): Promise<void>
	start(resident?: boolean): Promise<EngineUnderTest>
}

const script = `echo "window 1/1"
mkdir -p results
printf '{"mase": 0.81}\\n' > results/metrics.json
`

export async function temporaryFolder(): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-hostile-'))
	onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
	return folder
}

export function configOf(ssh: Sshd['ssh'], laptop: string) {
	return {
		workstations: [{ name: 'lab', ssh }],
		projects: [
			{
				name: 'nt',
				workstation: 'lab',
				local: laptop,
				remote: '~/nt',
				validation: { command: 'sh validate.sh' },
			},
		],
	}
}

export async function makeHostileBed(options: SshdOptions = {}, validate = script): Promise<HostileBed> {
	const folder = await temporaryFolder()
	const sshd = await startSshd(options)
	onTestFinished(() => sshd.stop())
	const names = {
		base: 'master',
		validation: 'gpu-validation',
		laptop: 'nt',
		clone: 'nt',
		worktree: 'nt-gpu',
	}
	const repositories = await makeRepositories(folder, sshd.home, names, { 'validate.sh': validate })
	const dataFolder = join(folder, 'data')
	await mkdir(dataFolder)
	const config = configOf(sshd.ssh, repositories.laptop)
	const configure: HostileBed['configure'] = async (change) =>
		await writeFile(join(dataFolder, 'config.json'), JSON.stringify(change(config)))
	await configure((same) => same)
	const start = async (resident = false) => {
		const engine = await startEngine({ dataFolder, resident })
		onTestFinished(() => engine.dispose())
		return engine
	}
	return { folder, sshd, repositories, dataFolder, config, configure, start }
}

export async function operate(
	engine: EngineUnderTest,
	kind: 'up' | 'run' | 'back' | 'go',
): Promise<OperationOutcome> {
	const { operation } = await engine.call(kind, {})
	return await engine.call('waitOperation', { operation })
}

/** An executable sh script. */
export async function writeProgram(path: string, lines: string): Promise<string> {
	await mkdir(join(path, '..'), { recursive: true })
	await writeFile(path, `#!/bin/sh\n${lines}\n`)
	await chmod(path, 0o755)
	return path
}
