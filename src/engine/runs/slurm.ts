import type { WorkstationConfig } from '../../contract/config.ts'
import type { Problem } from '../../contract/problem.ts'
import { problem } from '../problems.ts'

type SlurmSettings = NonNullable<WorkstationConfig['slurm']>

/** Options of `sbatch` that Hawser says itself, or that would change what it can tell of a run. */
const own = [
	...[
		'--job-name',
		'--output',
		'--error',
		'--input',
		'--chdir',
		'--array',
		'--parsable',
		'--requeue',
		'--wait',
	],
	...[
		'--no-requeue',
		'--wrap',
		'--test-only',
		'--open-mode',
		'--clusters',
		'--kill-on-invalid-dep',
		'--help',
	],
	...['--usage', '--version', '-J', '-o', '-e', '-i', '-D', '-a', '-W', '-M', '-h', '-V'],
]

/** Those of `options` that are not a person's to set: `--array` and `-a`, also joined to their value. */
export function takenOptions(options: readonly string[]): string[] {
	return options.filter((option) => {
		const name = option.startsWith('--') ? (/^--[\w-]*/.exec(option)?.[0] ?? '') : option.slice(0, 2)
		// As getopt does, `--arr` for `--array`.
		return own.some(
			(one) => one === name || (name.length > 4 && name.startsWith('--') && one.startsWith(name)),
		)
	})
}

/**
 * What the settings and the limit say to `sbatch`, one argument of our scripts each: `option WORD`, `at-once N`.
 * Slurm counts a limit in minutes. The wrapper keeps to it by the second; Slurm's own comes after that, for a wrapper
 * that cannot. A `--time` among the person's options comes last, so it wins.
 */
export function sbatchOptions(
	slurm: SlurmSettings | null,
	limitMs: number | null,
	isSeries: boolean,
): string[] {
	// They share a worktree: two at once would write the same results.
	const { partition, account, gres, atOnce = 1, options = [] } = slurm ?? {}
	const words = [
		...(partition === undefined ? [] : [`--partition=${partition}`]),
		...(account === undefined ? [] : [`--account=${account}`]),
		...(gres === undefined ? [] : [`--gres=${gres}`]),
		...(limitMs === null ? [] : [`--time=${Math.ceil(limitMs / 60_000) + 1}`]),
		...options,
	]
	return [...words.map((word) => `option ${word}`), ...(isSeries ? [`at-once ${atOnce}`] : [])]
}

/** Printed by our scripts when Slurm would not: `slurm missing TOOL`, `slurm refused WORDS`, `slurm silent`. */
export function slurmProblem(output: string): Problem | null {
	const [, what, said = ''] = /^slurm (missing|refused|silent)(?: (.*))?$/m.exec(output) ?? []
	if (what === 'missing') return problem('slurm-missing', { tool: said.trim() || 'sbatch' })
	if (what === 'refused') return problem('slurm-refused', { said: said.trim() || 'nothing' })
	return what === 'silent' ? problem('slurm-silent', {}) : null
}

/** What Slurm's own words for waiting mean; its words are kept beside. */
const reasons: Record<string, string> = {
	Resources: 'for free resources',
	Priority: 'behind jobs of higher priority',
	JobHeldUser: 'held by its user',
	JobHeldAdmin: 'held by an administrator',
	BeginTime: 'for its time to begin',
	Dependency: 'for another job',
	DependencyNeverSatisfied: 'for another job, which will never let it',
	JobArrayTaskLimit: 'for a run of its series to end',
	PartitionConfig: 'for more than the partition has, so perhaps for ever',
	PartitionDown: 'for its partition to come back',
	PartitionTimeLimit: 'for longer than the partition allows, so perhaps for ever',
	QOSMaxJobsPerUserLimit: 'for others of the same user to end',
	AssocGrpGRES: 'for GPUs of its group to become free',
	AssocMaxJobsLimit: 'for others of the same account to end',
	NodeDown: 'for a node that is down',
	ReqNodeNotAvail: 'for nodes that are not available',
	Licenses: 'for a licence',
}

/** Slurm's reason in a few words, to follow "waits": `for free resources (Resources)`. */
export function reasonWords(reason: string): string {
	const [name = ''] = /^\w+/.exec(reason) ?? []
	const words = Object.hasOwn(reasons, name) ? reasons[name] : undefined
	if (reason === 'Silent') return 'for word of Slurm’s controller, which does not answer'
	if (words !== undefined) return `${words} (${reason})`
	return ['', 'None', 'Submitted'].includes(reason) ? 'in the queue' : reason
}
