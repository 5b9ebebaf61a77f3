import { z } from 'zod'

/**
 * Every way something can go wrong, by name. The engine's `problems.ts` words each one; faces only
 * show the words. A code is stable: scripts read it from `--json`.
 */
export const problemCodes = [
	// what a person typed or wrote
	'config-invalid',
	'config-unreadable',
	'workstation-unknown',
	'project-unknown',
	'project-ambiguous',
	'run-unknown',
	'input-invalid',
	// the way to the workstation
	'network-down',
	'network-no-route',
	'captive-portal',
	'zerotier-not-installed',
	'zerotier-not-running',
	'zerotier-token-missing',
	'zerotier-token-unreadable',
	'zerotier-token-wrong',
	'zerotier-garbled',
	'zerotier-offline',
	'zerotier-not-joined',
	'zerotier-requesting',
	'zerotier-denied',
	'zerotier-not-found',
	'zerotier-port-error',
	'zerotier-client-too-old',
	'zerotier-authentication',
	'zerotier-no-address',
	'zerotier-peer-silent',
	'zerotier-restart-failed',
	'zerotier-join-failed',
	'host-not-found',
	'port-refused',
	'port-silent',
	'port-unreachable',
	'local-network-denied',
	'host-key-unknown',
	'host-key-changed',
	'host-key-revoked',
	'known-hosts-unreadable',
	'known-hosts-unwritable',
	'login-refused',
	'login-key-unusable',
	'login-key-locked',
	'login-asks',
	'login-unanswered',
	'openssh-missing',
	'ssh-protocol',
	'ssh-settings-unreadable',
	'link-lost',
	'link-off',
	'link-closed',
	'channel-refused',
	// the workstation itself
	'remote-timeout',
	'remote-failed',
	'remote-garbled',
	'tool-missing',
	'tool-old',
	'gpu-no-tool',
	'gpu-no-driver',
	'gpu-none',
	'gpu-unreadable',
	'disk-low',
	'clock-skew',
	// moving code
	'repository-missing',
	'repository-unreadable',
	'repository-busy',
	'repository-shallow',
	'worktree-missing',
	'branch-missing',
	'hub-missing',
	'hub-unreachable',
	'tree-dirty',
	'merge-in-progress',
	'diverged',
	'conflict',
	'moved-meanwhile',
	'plan-moved',
	'nothing-to-undo',
	'undo-moved',
	'undone-on-hub',
	'worktree-in-use',
	'git-old',
	'lfs-missing',
	'lfs-damaged',
	'not-on-branch',
	'identity-missing',
	'commit-too-big',
	'folder-in-the-way',
	'hub-url-secret',
	'unsafe-name',
	'git-missing',
	'git-failed',
	'strategy-unsupported',
	'results-too-big',
	// runs
	'run-in-progress',
	'run-failed',
	'run-killed',
	'run-lost',
	'run-cancelled',
	'run-timed-out',
	'run-not-started',
	'run-going',
	'log-out-ends-runs',
	'parameter-unknown',
	'parameter-missing',
	'runner-cannot',
	'slurm-missing',
	'slurm-refused',
	'slurm-silent',
	// the probe
	'python-missing',
	'python-failed',
	'torch-missing',
	'torch-cpu-only',
	'torch-driver-old',
	'torch-driver-mismatch',
	'torch-no-capability',
	'torch-wrong-result',
	'torch-failed',
	'tirex-missing',
	'tirex-failed',
	'tirex-not-finite',
	// coding agents
	'agent-unset',
	'agent-missing',
	'agent-login',
	'agent-no-tmux',
	'agent-going',
	'agent-idle',
	// terminals and messages
	'folder-missing',
	'terminal-unknown',
	'pty-unknown',
	'webhook-failed',
	// this program
	'operation-cancelled',
	'operation-busy',
	'engine-unreachable',
	'port-taken',
	'window-missing',
	'terminal-missing',
	'editor-missing',
	'editor-terminal',
	'editor-remote',
	'editor-failed',
	'process-failed',
	'process-silent',
	'internal',
] as const

export const problemCodeSchema = z.enum(problemCodes)
export type ProblemCode = z.infer<typeof problemCodeSchema>

export const factSchema = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])
export type Facts = Record<string, z.infer<typeof factSchema>>

/** What a person can do next: a command to copy, a place to open, or a button of ours. */
export const nextStepSchema = z.discriminatedUnion('kind', [
	z.object({ kind: z.literal('copy'), label: z.string(), text: z.string() }),
	z.object({ kind: z.literal('retry'), label: z.string() }),
	z.object({ kind: z.literal('accept-host-key'), label: z.string() }),
	z.object({ kind: z.literal('answer-login'), label: z.string() }),
	z.object({ kind: z.literal('restart-zerotier'), label: z.string() }),
	/** A page, or a pane of the system's settings. Faces open only the addresses that `isSafeUrl` lets through. */
	z.object({ kind: z.literal('open-url'), label: z.string(), url: z.string() }),
	z.object({ kind: z.literal('open'), label: z.string(), target: z.enum(['config', 'run', 'project']) }),
])
export type NextStep = z.infer<typeof nextStepSchema>

export { isSafeUrl, localNetworkSettings } from './safe-url.ts'

/**
 * A failure as data and in words. `title` says what is so, `meaning` what it means and what to do.
 * Made only by the engine's `problems.ts`.
 */
export const problemSchema = z.object({
	code: problemCodeSchema,
	facts: z.record(z.string(), factSchema),
	title: z.string(),
	meaning: z.string(),
	next: nextStepSchema.nullable(),
	/** True when only a person can get further: nothing retries by itself. */
	needsPerson: z.boolean(),
})
export type Problem = z.infer<typeof problemSchema>
