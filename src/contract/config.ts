import { z } from 'zod'
import { directionSchema, runnerSchema } from './run.ts'

/** Shown in menus, used in paths of ours and typed on the command line. */
const nameSchema = z
	.string()
	.min(1)
	.max(64)
	.regex(/^[^\p{C}/\\]+$/u, 'must not hold control characters, / or \\')

/** A path on one side. `~` is that side's own home. Anything but a control character is data. */
export const pathSchema = z
	.string()
	.min(1)
	.regex(/^[^\u0000-\u001f]+$/u, 'must not hold a line break or a control character')

/** A git branch or remote name, checked further by git itself (`check-ref-format`). */
export const refSchema = z
	.string()
	.min(1)
	.max(255)
	.regex(/^[^\s\0~^:?*[\\\u0001-\u001f\u007f]+$/u, 'must be a name that git accepts')

const commandSchema = z
	.string()
	.min(1)
	.regex(/^[^\u0000-\u001f]+$/u, 'must be one line, without control characters')

/** A word of a command line. */
const editorWordSchema = z
	.string()
	.min(1)
	.regex(/^[^\u0000-\u001f]+$/u, 'must not hold a line break or a control character')

export const sshSchema = z.strictObject({
	/** A host alias of `~/.ssh/config`, a name or an address. */
	host: z
		.string()
		.min(1)
		.regex(/^[^\s-][^\s\0]*$/u, 'must be a host name, an address or an alias, not starting with -'),
	user: z.string().min(1).optional(),
	port: z.int().min(1).max(65535).optional(),
	identityFile: pathSchema.optional(),
	knownHostsFile: pathSchema.optional(),
	/** Read instead of `~/.ssh/config`, as `ssh -F` does. */
	configFile: pathSchema.optional(),
	/**
	 * What speaks SSH. `auto`: ssh2, and the system's own ssh for what that cannot do (hardware keys, user
	 * certificates, …).
	 */
	transport: z.enum(['auto', 'ssh2', 'openssh']).optional(),
	/** A line that says nothing is given up after so many seconds. Default: 10, or what ServerAlive… of ssh says. */
	deadAfter: z.int().min(3).max(600).optional(),
})

export const zerotierNetworkSchema = z
	.string()
	.regex(/^[0-9a-f]{16}$/, 'must be the 16 hexadecimal digits of a ZeroTier network')

export const zerotierSchema = z.strictObject({
	network: zerotierNetworkSchema.optional(),
	/** The workstation's address on that network; default: where its SSH host leads. */
	address: z.string().min(1).optional(),
	/** The workstation's node id; default: found by its address. */
	peer: z
		.string()
		.regex(/^[0-9a-f]{10}$/, 'must be the 10 hexadecimal digits of a ZeroTier node')
		.optional(),
	/** The local service's token, where it lies elsewhere than usual. */
	tokenFile: pathSchema.optional(),
})

/** An option of `sbatch`, such as `--partition=gpu`: one argument, never read by a shell. */
const sbatchOption = z
	.string()
	.regex(/^--?[A-Za-z][^\u0000-\u001f]*$/u, 'must be one option of sbatch, beginning with -')

export const slurmSchema = z.strictObject({
	partition: z.string().min(1).optional(),
	account: z.string().min(1).optional(),
	/** As `sbatch --gres` takes it: `gpu:1`, `gpu:a100:2`. */
	gres: z.string().min(1).optional(),
	/**
	 * How many runs of a series may go on at once. Default: 1, since they share one worktree and would write into each
	 * other's results. More is for commands that write each run's results to a place of its own (`$HAWSER_RUN`).
	 */
	atOnce: z.int().min(1).optional(),
	/** More options for `sbatch`, each `--name=value`. */
	options: z.array(sbatchOption).default([]),
})

/** Ended runs are let go on the workstation, oldest first, when they are older or all of them bigger than this. */
export const keepRunsSchema = z.strictObject({
	days: z.int().min(1).default(90),
	mebibytes: z.int().min(1).default(10_240),
})

export const workstationSchema = z.strictObject({
	name: nameSchema,
	ssh: sshSchema,
	zerotier: zerotierSchema.optional(),
	/** What runs are run by: tmux (without it there: detached), a process of its own, or the cluster it logs in to. */
	runner: runnerSchema.default('tmux'),
	slurm: slurmSchema.optional(),
	keepRuns: keepRunsSchema.prefault({}),
	/** Kept for the tunnels to come; not read yet. */
	tunnels: z.array(z.unknown()).default([]),
})

export const gitSchema = z.strictObject({
	/** The git remote both sides share, or `direct` to push and fetch over the link itself. */
	hub: refSchema.default('origin'),
	base: refSchema.default('master'),
	validation: refSchema.default('gpu-validation'),
	/** The laptop's worktree of the validation branch: `setup` makes it; up and back do not need it. */
	worktree: pathSchema.optional(),
	/** The workstation's worktree of the validation branch; default: the remote path with `-gpu`. */
	remoteWorktree: pathSchema.optional(),
	/**
	 * What becomes of results on the laptop: merged into the base branch; taken only where that is a fast-forward;
	 * rebased onto it; or kept on the validation branch, in the laptop's worktree where there is one.
	 */
	bringBack: z.enum(['merge', 'fast-forward', 'rebase', 'keep']).default('merge'),
	/** What `back` commits on the workstation, as git pathspec globs. */
	results: z.array(pathSchema).min(1).default(['results/**']),
})

/** A pattern as a line of .gitignore has it. */
const ignorePattern = z
	.string()
	.min(1)
	.regex(/^[^\u0000-\u001f]+$/u, 'must be one line, without control characters')

export const filesSchema = z.strictObject({
	/**
	 * Patterns of files that travel although git ignores them. On a git project nothing else travels as files: datasets,
	 * checkpoints.
	 */
	include: z.array(ignorePattern).default([]),
	/** Patterns of files that stay, beside what git ignores. `.git` always stays. */
	exclude: z.array(ignorePattern).default([]),
	/** What `back` brings. Default: `results/` on a files project, nothing on a git project. */
	results: z.array(ignorePattern).optional(),
	/** The laptop's folder that results go to, such as a backup. Default: the same place in the project. */
	into: pathSchema.optional(),
	/** What was deleted on one side is deleted on the other; kept in a backup there. */
	delete: z.boolean().default(false),
	/** The laptop's folder is watched, and `up` looks only at what was touched. */
	watch: z.boolean().default(true),
	/** Backups are let go, oldest first, when they are older or all of them bigger than this. */
	keep: z
		.strictObject({
			days: z.int().min(1).default(30),
			mebibytes: z.int().min(1).default(10_240),
		})
		.prefault({}),
})

const variableName = z
	.string()
	.regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'must be a name of letters, digits and _')
const oneLine = z
	.string()
	.max(4096)
	.regex(/^[^\u0000-\u001f]*$/u, 'must be one line, without control characters')

/** Pieces with a time unit: `90 s`, `45 min`, `2 h`, `1 d`. */
const durationSchema = z
	.string()
	.regex(/^\d{1,6} ?(s|min|h|d)$/, 'must be a number with s, min, h or d, such as 45 min')

const patternSchema = z
	.string()
	.min(1)
	.max(500)
	.refine((text) => {
		try {
			new RegExp(text, 'u')
			return true
		} catch {
			return false
		}
	}, 'must be a regular expression')

export const validationSchema = z.strictObject({
	/** A shell's line; each `{name}` of its parameters is replaced by the value as one word. */
	command: commandSchema,
	/** The parameters with the values they have when nothing else is asked for. */
	parameters: z.record(variableName, oneLine).default({}),
	/** Put into the run's environment. It lies in a file of the run on the workstation: no place for secrets. */
	environment: z.record(variableName, oneLine).default({}),
	/** The longest a run may take. */
	limit: durationSchema.optional(),
	/** JSON and CSV files the run writes; their numbers become metrics. */
	metrics: z.array(pathSchema).default(['results/*.json']),
	/** Which way a metric is better, where its name does not say it. */
	directions: z.record(z.string().min(1), directionSchema).default({}),
	/**
	 * How the log tells progress, where it is none of the known shapes: a regular expression with the groups `done` and
	 * `all`, or `percent`.
	 */
	progress: patternSchema.optional(),
	/** The Python that `probe` asks, as a command line: `conda run -n tirex python`. Default: what is found. */
	python: commandSchema.optional(),
})

export const agentConfigSchema = z.strictObject({
	/** What the agent's tmux session runs. */
	command: commandSchema.default('claude'),
	branch: refSchema.default('agent'),
	/** Its worktree on the workstation; default: the remote path with `-agent`. */
	worktree: pathSchema.optional(),
})

export const webhookSchema = z.strictObject({
	url: z.url({ protocol: /^https?$/ }),
	/** `json`: one JSON object a notice. `ntfy`: as ntfy's topics take it (title and tags as headers, body as text). */
	format: z.enum(['json', 'ntfy']).default('json'),
})

export const noticesSchema = z.strictObject({
	/** Notices are also sent there. Off when left out. */
	webhook: webhookSchema.optional(),
})

export const projectSchema = z.strictObject({
	name: nameSchema,
	workstation: nameSchema,
	strategy: z.enum(['git', 'files']).default('git'),
	local: pathSchema,
	remote: pathSchema,
	git: gitSchema.prefault({}),
	files: filesSchema.prefault({}),
	/** Instead of the workstation's. */
	runner: runnerSchema.optional(),
	/** Instead of the workstation's. */
	slurm: slurmSchema.optional(),
	validation: validationSchema,
	/** A coding agent on the workstation; `{}` is Claude Code. */
	agent: agentConfigSchema.optional(),
})

const unique = (items: { name: string }[]) => new Set(items.map((item) => item.name)).size === items.length

export const configSchema = z
	.strictObject({
		workstations: z.array(workstationSchema).default([]).refine(unique, 'names must differ'),
		projects: z.array(projectSchema).default([]).refine(unique, 'names must differ'),
		notices: noticesSchema.prefault({}),
		/** The terminal that shells open in. Default: the system's own, or $TERMINAL. */
		terminal: z.enum(['terminal', 'iterm2', 'ghostty', 'kitty', 'wezterm']).optional(),
		/** What opens a folder, word by word: `["code", "--new-window"]`. Default: what is found. */
		editor: z.array(editorWordSchema).min(1).optional(),
	})
	.check((context) => {
		const names = new Set(context.value.workstations.map((workstation) => workstation.name))
		names.add(builtInName)
		for (const [index, project] of context.value.projects.entries()) {
			const { agent, git } = project
			if (agent && (agent.branch === git.base || agent.branch === git.validation))
				context.issues.push({
					code: 'custom',
					input: agent.branch,
					path: ['projects', index, 'agent', 'branch'],
					message: 'must be a branch of its own, neither the base nor the validation branch',
				})
			if (names.has(project.workstation)) continue
			context.issues.push({
				code: 'custom',
				input: project.workstation,
				path: ['projects', index, 'workstation'],
				message: `must name a workstation: ${[...names].join(', ')}`,
			})
		}
	})

/** The workstation that needs no entry: a real SSH server on loopback, run by Hawser itself. */
export const builtInName = 'built-in'

export type Config = z.infer<typeof configSchema>
export type WorkstationConfig = z.infer<typeof workstationSchema>
export type ProjectConfig = z.infer<typeof projectSchema>
