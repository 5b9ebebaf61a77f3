import { z } from 'zod'

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

export const workstationSchema = z.strictObject({
	name: nameSchema,
	ssh: sshSchema,
	zerotier: zerotierSchema.optional(),
	runner: z.enum(['tmux', 'detached']).default('tmux'),
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

export const validationSchema = z.strictObject({
	command: commandSchema,
	/** JSON files the run writes; their top-level numbers become metrics. */
	metrics: z.array(pathSchema).default(['results/*.json']),
})

export const projectSchema = z.strictObject({
	name: nameSchema,
	workstation: nameSchema,
	strategy: z.enum(['git', 'files']).default('git'),
	local: pathSchema,
	remote: pathSchema,
	git: gitSchema.prefault({}),
	validation: validationSchema,
})

const unique = (items: { name: string }[]) => new Set(items.map((item) => item.name)).size === items.length

export const configSchema = z
	.strictObject({
		workstations: z.array(workstationSchema).default([]).refine(unique, 'names must differ'),
		projects: z.array(projectSchema).default([]).refine(unique, 'names must differ'),
	})
	.check((context) => {
		const names = new Set(context.value.workstations.map((workstation) => workstation.name))
		names.add(builtInName)
		for (const [index, project] of context.value.projects.entries()) {
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
