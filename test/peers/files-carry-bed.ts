import { execFileSync } from 'node:child_process'
import { configSchema } from '../../src/contract/config.ts'
import { carryOut, type FilesDone } from '../../src/engine/files/carry-out.ts'
import { type FilePlaces, filePlaces } from '../../src/engine/files/places.ts'
import { survey } from '../../src/engine/files/survey.ts'
import type { StepRunner } from '../../src/engine/operation.ts'
import { type MoveBed, put } from './files-move-bed.ts'

export interface CarryBed {
	places: FilePlaces
	/** Compares both sides and does what is to be done; `between` the two something may happen. */
	sync(
		direction: 'up' | 'back',
		options?: { between?: () => Promise<unknown>; signal?: AbortSignal },
	): Promise<FilesDone>
}

/** A files project between the roots of a bed, whose results are ignored here; without an engine around it. */
export async function carryBed(
	{ link, localRoot, remoteRoot }: MoveBed,
	dataFolder: string,
): Promise<CarryBed> {
	execFileSync('git', ['init', '-q', localRoot])
	await put(localRoot, '.gitignore', 'results/\n')
	const [project] = configSchema.parse({
		workstations: [{ name: 'lab', ssh: { host: 'lab' } }],
		projects: [
			{
				...{ name: 'nt', workstation: 'lab', strategy: 'files', validation: { command: 'true' } },
				...{ local: localRoot, remote: remoteRoot },
			},
		],
	}).projects
	if (!project) throw new Error('there is no project')
	const around = { project, link, dataFolder, now: Date.now }
	return {
		places: filePlaces(project, dataFolder),
		async sync(direction, { between, signal = new AbortController().signal } = {}) {
			const runner: StepRunner = { signal, step: (_, work) => work(() => {}) }
			const seen = await survey(around, direction, {}, signal)
			const nothing = { count: 0, deleted: 0, bytes: 0 }
			const done = { up: { ...nothing }, back: { ...nothing } }
			try {
				await between?.()
				await carryOut(around, seen, direction, runner, done)
				return done
			} finally {
				await seen.close()
			}
		},
	}
}
