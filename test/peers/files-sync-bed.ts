import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { z } from 'zod'
import type { CommandInput } from '../../src/contract/commands.ts'
import type { configSchema } from '../../src/contract/config.ts'
import type { OperationOutcome } from '../../src/contract/state.ts'
import { type EngineUnderTest, startEngine } from './engine.ts'
import { makeRepositories } from './repositories.ts'
import { type Sshd, type SshdOptions, startSshd } from './sshd.ts'

type ProjectInput = NonNullable<z.input<typeof configSchema>['projects']>[number]

/** A files project between a folder of this machine and the home of a real sshd, with a real engine. */
export interface FilesBed {
	engine: EngineUnderTest
	sshd: Sshd
	/** The laptop's tree and the workstation's, absolute. */
	laptop: string
	workstation: string
	dataFolder: string
	write(side: 'laptop' | 'workstation', files: Record<string, string>): Promise<void>
	sync(kind: 'up' | 'back' | 'go', wish?: CommandInput<'up'>): Promise<OperationOutcome>
	stop(): Promise<void>
}

const names = { base: 'master', validation: 'gpu-validation', laptop: 'nt', clone: 'nt', worktree: 'nt-gpu' }

/**
 * @param project over what is usual here; `strategy: 'git'`: with a hub and repositories on both sides, which hold `files`
 * @param options.sshd of the workstation
 */
export async function makeFilesBed(
	project: Partial<Omit<ProjectInput, 'name' | 'workstation' | 'local' | 'remote'>> = {},
	options: { sshd?: SshdOptions; files?: Record<string, string> } = {},
): Promise<FilesBed> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-files-'))
	const sshd = await startSshd(options.sshd)
	const laptop = join(folder, 'nt')
	const dataFolder = join(folder, 'data')
	await mkdir(dataFolder)
	if (project.strategy === 'git') await makeRepositories(folder, sshd.home, names, options.files ?? {})
	else execFileSync('git', ['init', '--quiet', laptop])
	const config: z.input<typeof configSchema> = {
		workstations: [{ name: 'lab', ssh: sshd.ssh, runner: 'detached' }],
		projects: [
			{
				name: 'nt',
				workstation: 'lab',
				strategy: 'files',
				validation: { command: 'sh validate.sh' },
				...project,
				local: laptop,
				remote: '~/nt',
			},
		],
	}
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
	const engine = await startEngine({ dataFolder })
	// Beside git they go where the runs are.
	const workstation = join(sshd.home, project.strategy === 'git' ? 'nt-gpu' : 'nt')
	const roots = { laptop, workstation }
	return {
		engine,
		sshd,
		laptop,
		workstation,
		dataFolder,
		async write(side, files) {
			for (const [path, text] of Object.entries(files)) {
				const place = join(roots[side], path)
				await mkdir(dirname(place), { recursive: true })
				await writeFile(place, text)
			}
		},
		async sync(kind, wish = {}) {
			const { operation } = await engine.call(kind, wish)
			return await engine.call('waitOperation', { operation })
		},
		async stop() {
			await engine.dispose()
			await sshd.stop()
			await rm(folder, { recursive: true, force: true, maxRetries: 5 })
		},
	}
}
