import { ProblemError } from '../../contract/client.ts'
import type { ProjectConfig, WorkstationConfig } from '../../contract/config.ts'
import type { RunnerKind } from '../../contract/run.ts'
import { problem } from '../problems.ts'
import { sbatchOptions, takenOptions } from './slurm.ts'

type SlurmSettings = NonNullable<WorkstationConfig['slurm']>

/** What a run is run by, and what the settings say of it. */
export interface RunnerChoice {
	kind: RunnerKind
	slurm: SlurmSettings | null
}

interface Runner {
	/** As it stands in a sentence. */
	name: string
	/** What of a choice it cannot do, as a sentence without its full stop; null: it can do all. */
	cannot(slurm: SlurmSettings | null): string | null
}

const withoutSlurm = (name: string): Runner => ({
	name,
	cannot: (slurm) =>
		slurm === null
			? null
			: `The project asks for Slurm's ${asked(slurm)}, and ${name} knows no partitions, accounts or shares of GPUs`,
})

/** Everything that Hawser asks of a runner on this side; what it does there is in `remote/run-{runners,slurm}.sh`. */
const runners: Record<RunnerKind, Runner> = {
	tmux: withoutSlurm('tmux'),
	detached: withoutSlurm('a detached process'),
	slurm: {
		name: 'Slurm',
		cannot: (slurm) => {
			const taken = takenOptions(slurm?.options ?? [])
			return taken.length === 0
				? null
				: `${taken.join(', ')} in the settings' options would undo what Hawser itself says to sbatch`
		},
	},
}

function asked(slurm: SlurmSettings): string {
	const { partition, account, gres, atOnce, options } = slurm
	const names = { partition, account, gres, atOnce, options: options[0] }
	const said = Object.entries(names).flatMap(([name, value]) => (value === undefined ? [] : name))
	return said.join(', ') || 'settings'
}

/**
 * The project's runner, or else the workstation's; with Slurm the project's settings of it, or else the workstation's.
 * @throws ProblemError `runner-cannot`
 */
export function runnerOf(project: ProjectConfig, workstation: WorkstationConfig): RunnerChoice {
	const kind = project.runner ?? workstation.runner
	const slurm = kind === 'slurm' ? (project.slurm ?? workstation.slurm ?? null) : null
	// Who names another runner for the project itself means it; else what it asks of Slurm would be lost in silence.
	const lost = kind !== 'slurm' && project.runner === undefined ? (project.slurm ?? null) : null
	const what = runners[kind].cannot(slurm ?? lost)
	if (what !== null) throw new ProblemError(problem('runner-cannot', { runner: runners[kind].name, what }))
	return { kind, slurm }
}

/** What is asked of a runner; the rest of a run is the same for all. */
interface Start {
	project: string
	folder: string
	branch: string
	commit: string
	command: string
	metrics: readonly string[]
	runner: RunnerKind
	parameters?: Readonly<Record<string, string>> | undefined
	environment?: Readonly<Record<string, string>> | undefined
	series?: string | null | undefined
	limitMs?: number | null | undefined
	/** Also where a log-out would end it. */
	anyway?: boolean | undefined
	slurm?: SlurmSettings | null | undefined
}

/**
 * A start as run-start.sh and run-series.sh take it: lines `key value`, each one argument. All but `anyway`,
 * `option` (a word for `sbatch`) and `at-once` stand in the run's file as they are.
 */
export function startFields(start: Start): string[] {
	return [
		`project ${start.project}`,
		`folder ${start.folder}`,
		`branch ${start.branch}`,
		`commit ${start.commit}`,
		`command ${start.command}`,
		...pairs('param', start.parameters),
		...pairs('env', start.environment),
		...(start.series ? [`series ${start.series}`] : []),
		...(start.limitMs ? [`limit ${Math.ceil(start.limitMs)}`] : []),
		...start.metrics.map((glob) => `glob ${glob}`),
		...(start.anyway ? ['anyway yes'] : []),
		...(start.runner === 'slurm'
			? sbatchOptions(start.slurm ?? null, start.limitMs ?? null, Boolean(start.series))
			: []),
	]
}

function pairs(key: string, values: Readonly<Record<string, string>> = {}): string[] {
	return Object.entries(values).map(([name, value]) => `${key} ${name} ${value}`)
}
