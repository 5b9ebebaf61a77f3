import { ProblemError } from '../contract/client.ts'
import type { Facts, NextStep, Problem, ProblemCode } from '../contract/problem.ts'
import { factText } from './fact-text.ts'
import { copy, openConfig, retry } from './next-steps.ts'

interface Words {
	title: string
	meaning: string
	next?: NextStep
	needsPerson?: true
}

const waits = { needsPerson: true } as const

/**
 * The only place that words a failure: first what is so, then what it means and what to do. Facts are
 * named in each entry; they may come from the outside, so they are shown and never interpreted.
 */
const catalogue: Record<ProblemCode, (f: (name: string) => string) => Words> = {
	'config-invalid': (f) => ({
		title: `The settings have a mistake at ${f('path')}`,
		meaning: `${f('message')}. The last good settings, if any, stay in use; ${f('file')} was not changed.`,
		next: openConfig,
		...waits,
	}),
	'config-unreadable': (f) => ({
		title: 'The settings file cannot be read',
		meaning: `${f('reason')}. The last good settings, if any, stay in use; ${f('file')} was not changed.`,
		next: openConfig,
		...waits,
	}),
	'workstation-unknown': (f) => ({
		title: `There is no workstation named ${f('name')}`,
		meaning: `The settings know: ${f('known')}.`,
	}),
	'project-unknown': (f) => ({
		title: `There is no project named ${f('name')}`,
		meaning: `The settings know: ${f('known')}.`,
	}),
	'project-ambiguous': (f) => ({
		title: 'Which project is meant is not clear',
		meaning: `There is more than one: ${f('known')}. Name one of them.`,
	}),
	'run-unknown': (f) => ({
		title: `There is no run ${f('run')}`,
		meaning: 'It may have been removed from the workstation. The list of runs shows those that are there.',
	}),
	'input-invalid': (f) => ({
		title: 'That request was not understood',
		meaning: `${f('command')}: ${f('message')}.`,
	}),

	'network-down': () => ({
		title: 'This laptop has no network',
		meaning: 'There is no route to anywhere. It connects by itself when there is one.',
	}),
	'zerotier-not-running': (f) => ({
		title: 'ZeroTier is not running on this laptop',
		meaning: `Nothing answers on 127.0.0.1:${f('port')}. Start ZeroTier; the workstation is reached through it.`,
		next: retry,
	}),
	'zerotier-offline': () => ({
		title: 'ZeroTier is offline',
		meaning: 'Its service runs, but reaches none of its roots. Check this laptop’s own network first.',
		next: retry,
	}),
	'host-not-found': (f) => ({
		title: `No address was found for ${f('host')}`,
		meaning: 'The name is not known to the network this laptop is on. Check the host in the settings.',
		next: openConfig,
	}),
	'port-refused': (f) => ({
		title: `${f('host')} refuses SSH on port ${f('port')}`,
		meaning:
			'The machine is there, but no SSH server listens on that port. Start it there, or check the port.',
		next: retry,
	}),
	'port-silent': (f) => ({
		title: `${f('host')} does not answer on port ${f('port')}`,
		meaning: `Nothing came back within ${f('seconds')} s. The workstation may be off or asleep, or the network between is broken.`,
		next: retry,
	}),
	'port-unreachable': (f) => ({
		title: `There is no way to ${f('host')}`,
		meaning: `The system says: ${f('reason')}. Check this laptop’s network and ZeroTier.`,
		next: retry,
	}),
	'local-network-denied': (f) => ({
		title: `macOS may be keeping Hawser from ${f('host')}`,
		meaning:
			'Other connections work, this private one fails at once. Allow Hawser under System Settings → Privacy & Security → Local Network.',
		next: retry,
	}),
	'host-key-unknown': (f) => ({
		title: `${f('host')} has not been seen before`,
		meaning: `Its ${f('keyType')} key is ${f('fingerprint')}. Compare it with the workstation’s own before you accept it.`,
		next: { kind: 'accept-host-key', label: 'Accept this key' },
		...waits,
	}),
	'host-key-changed': (f) => ({
		title: `The host key of ${f('host')} has changed`,
		meaning: `It shows ${f('fingerprint')}; ${f('file')} holds ${f('known')}. Either the workstation was set up anew, or somebody is in between. Ask who runs it. Nothing connects until the old line is removed from that file.`,
		next: copy('Copy the command that removes it', 'ssh-keygen', '-R', f('lookup'), '-f', f('file')),
		...waits,
	}),
	'host-key-revoked': (f) => ({
		title: `The host key of ${f('host')} is marked as revoked`,
		meaning: `${f('file')} says this key must not be trusted. Ask who runs the workstation.`,
		...waits,
	}),
	'known-hosts-unreadable': (f) => ({
		title: 'The file of known hosts cannot be read',
		meaning: `${f('file')}: ${f('reason')}. Without it no host can be told from another, so nothing connects.`,
		next: retry,
		...waits,
	}),
	'known-hosts-unwritable': (f) => ({
		title: 'The accepted key could not be kept',
		meaning: `${f('file')}: ${f('reason')}. Mend that, then accept the key of ${f('host')} again.`,
		next: retry,
		...waits,
	}),
	'login-refused': (f) => ({
		title: `${f('host')} did not let ${f('user')} in`,
		meaning: `Tried: ${f('tried')}. Add this laptop’s public key to ~/.ssh/authorized_keys there, or check user and key in the settings.`,
		next: copy(
			'Copy the command that adds the key',
			'ssh-copy-id',
			'-p',
			f('port'),
			`${f('user')}@${f('host')}`,
		),
		...waits,
	}),
	'login-key-unusable': (f) => ({
		title: `The key ${f('file')} cannot be used`,
		meaning: `${f('reason')}. Name another key file, or add this one to the SSH agent.`,
		...waits,
	}),
	'login-key-locked': (f) => ({
		title: `The key ${f('file')} needs its passphrase`,
		meaning: 'Add it to the SSH agent once; Hawser then uses it from there.',
		next: copy('Copy the command that adds it', 'ssh-add', f('file')),
		...waits,
	}),
	'ssh-protocol': (f) => ({
		title: `${f('host')} and this laptop could not agree on SSH`,
		meaning: `${f('reason')}. What answers on port ${f('port')} may be no SSH server, or one that is overloaded.`,
		next: retry,
	}),
	'ssh-settings-unreadable': (f) => ({
		title: 'The SSH settings cannot be read',
		meaning: `ssh -G ${f('host')} said: ${f('reason')}.`,
		next: openConfig,
		...waits,
	}),
	'link-lost': (f) => ({
		title: `The connection to ${f('host')} was lost`,
		meaning: `${f('reason')}. What runs there goes on; Hawser connects again by itself.`,
		next: retry,
	}),
	'link-off': (f) => ({
		title: `${f('host')} is not connected`,
		meaning: 'Connect it first.',
		next: retry,
	}),
	'link-closed': (f) => ({
		title: `The connection to ${f('host')} was closed`,
		meaning: 'It was switched off here. What runs there goes on.',
	}),
	'channel-refused': (f) => ({
		title: `The workstation refused ${f('what')}`,
		meaning: `It said: ${f('reason')}. Its SSH server may not allow this, or allow too few sessions on one connection (MaxSessions).`,
	}),

	'remote-timeout': (f) => ({
		title: 'The workstation took too long to answer',
		meaning: `It was asked for “${f('script')}” and said nothing for ${f('seconds')} s. It may be very busy, or its disk may hang.`,
		next: retry,
	}),
	'remote-failed': (f) => ({
		title: 'A step on the workstation failed',
		meaning: `“${f('script')}” ended with ${f('code')}: ${f('stderr')}`,
	}),
	'remote-garbled': (f) => ({
		title: 'The workstation’s answer could not be read',
		meaning: `“${f('script')}” came back as something else. Its login shell may print text or end early: ${f('stderr')}`,
	}),
	'tool-missing': (f) => ({
		title: `The workstation has no ${f('tool')}`,
		meaning: `Without it, ${f('disables')}. Install it there.`,
		...waits,
	}),
	'gpu-no-tool': () => ({
		title: 'No nvidia-smi on the workstation',
		meaning: 'Nothing can be read from a GPU. Either it has none, or NVIDIA’s driver is not installed.',
	}),
	'gpu-no-driver': (f) => ({
		title: 'The GPU’s driver does not answer',
		meaning: `nvidia-smi says: ${f('reason')}. A restart of the workstation usually helps after a driver update.`,
	}),
	'gpu-none': () => ({
		title: 'The workstation has no GPU that its driver can see',
		meaning: 'nvidia-smi runs, but lists no device.',
	}),
	'gpu-unreadable': (f) => ({
		title: 'The GPU’s readings could not be understood',
		meaning: `nvidia-smi answered: ${f('reason')}.`,
	}),
	'disk-low': (f) => ({
		title: 'The workstation’s disk is almost full',
		meaning: `${f('free')} are free where ${f('path')} lies.`,
	}),
	'clock-skew': (f) => ({
		title: 'The workstation’s clock is off',
		meaning: `It differs from this laptop’s by ${f('seconds')} s.`,
	}),

	'repository-missing': (f) => ({
		title: `There is no git repository at ${f('path')}`,
		meaning: `${f('side')} has none there. Clone it, or correct the path in the settings.`,
		...waits,
	}),
	'repository-unreadable': (f) => ({
		title: `The repository at ${f('path')} cannot be read`,
		meaning: `git said: ${f('reason')}.`,
		...waits,
	}),
	'repository-busy': (f) => ({
		title: `The repository at ${f('path')} is locked`,
		meaning: `${f('side')} has ${f('lock')}: another git may be at work. When none is, remove that file.`,
		...waits,
	}),
	'repository-shallow': (f) => ({
		title: `${f('side')} holds only a part of the history`,
		meaning: `The clone at ${f('path')} was cut off when it was made, so what it has in common with the other side cannot be found. Nothing was changed. Fetch the rest once.`,
		next: copy('Copy the command', 'git', '-C', f('path'), 'fetch', '--unshallow'),
		...waits,
	}),
	'worktree-missing': (f) => ({
		title: `There is no worktree at ${f('path')}`,
		meaning: `The workstation needs one with the branch ${f('branch')}, but ${f('reason')}. In its clone run the command.`,
		next: copy('Copy the command', 'git', 'worktree', 'add', f('path'), f('branch')),
		...waits,
	}),
	'branch-missing': (f) => ({
		title: `There is no branch ${f('branch')}`,
		meaning: `${f('side')} does not have it. Make it, or correct its name in the settings.`,
		...waits,
	}),
	'hub-missing': (f) => ({
		title: `There is no remote named ${f('hub')}`,
		meaning: `${f('side')} does not have it. Add it with git remote add, or correct its name in the settings.`,
		...waits,
	}),
	'hub-unreachable': (f) => ({
		title: `${f('side')} cannot reach the hub`,
		meaning: `git said: ${f('reason')}. Check the address and the login of the remote ${f('hub')} there.`,
		...waits,
	}),
	'tree-dirty': (f) => ({
		title: `${f('side')} has changes that are not committed`,
		meaning: `${f('files')}. Nothing was changed. Commit or stash them, then start again.`,
		...waits,
	}),
	'merge-in-progress': (f) => ({
		title: `${f('side')} is in the middle of a ${f('what')}`,
		meaning: `Finish or abort it at ${f('path')}. Nothing was changed.`,
		...waits,
	}),
	diverged: (f) => ({
		title: `${f('branch')} has gone two ways`,
		meaning: `${f('side')} and ${f('other')} each have commits that the other lacks. Nothing was changed. Bring them together with git, then start again.`,
		...waits,
	}),
	conflict: (f) => ({
		title: `Merging ${f('from')} into ${f('into')} would conflict`,
		meaning: `In ${f('files')}. Nothing was changed. Resolve it with git, then start again.`,
		...waits,
	}),
	'moved-meanwhile': (f) => ({
		title: `${f('what')} moved while this was under way`,
		meaning: 'Somebody else changed it in between. What was done stays; start again to go on from there.',
		...waits,
	}),
	'unsafe-name': (f) => ({
		title: 'A name cannot be used',
		meaning: `${f('name')} holds a line break or a control character, or git does not accept it.`,
		...waits,
	}),
	'git-missing': (f) => ({
		title: `${f('side')} has no usable git`,
		meaning: `${f('reason')}. Git 2.38 or newer is needed.`,
		...waits,
	}),
	'git-failed': (f) => ({
		title: `git could not ${f('what')}`,
		meaning: `${f('side')} said: ${f('reason')}.`,
	}),
	'strategy-unsupported': (f) => ({
		title: `${f('strategy')} projects cannot be synced yet`,
		meaning: 'This version moves code with git. Set "strategy": "git", or leave it out.',
		...waits,
	}),
	'results-too-big': (f) => ({
		title: 'A result file is too big for git',
		meaning: `${f('files')}. Files over ${f('limit')} are not committed. Narrow the result globs, or move them another way.`,
		...waits,
	}),

	'run-in-progress': (f) => ({
		title: 'A run of this project is still going',
		meaning: `${f('run')} runs on the workstation. Wait for its end or cancel it; nothing was changed.`,
		...waits,
	}),
	'run-failed': (f) => ({
		title: `The run failed with exit code ${f('exitCode')}`,
		meaning: `Its last line: ${f('lastLine')}`,
	}),
	'run-killed': (f) => ({
		title: `The run was killed by ${f('signal')}`,
		meaning: `Something on the workstation ended it; KILL is often memory running out. Its last line: ${f('lastLine')}`,
	}),
	'run-lost': (f) => ({
		title: 'The run is gone and left no exit code',
		meaning: `${f('reason')}. Its log up to then is kept.`,
	}),
	'run-cancelled': () => ({
		title: 'The run was cancelled',
		meaning: 'Its log and what it wrote are still on the workstation.',
	}),
	'run-not-started': (f) => ({
		title: 'The run could not be started',
		meaning: `The workstation said: ${f('reason')}.`,
	}),

	'operation-cancelled': () => ({
		title: 'Cancelled',
		meaning: 'What was done up to then stays; starting again goes on from there.',
	}),
	'operation-busy': (f) => ({
		title: `${f('project')} is busy`,
		meaning: `“${f('operation')}” is under way. Wait for it, or cancel it.`,
	}),
	'engine-unreachable': (f) => ({
		title: 'Hawser’s engine does not answer',
		meaning: `${f('reason')}. Start Hawser again.`,
	}),
	'port-taken': (f) => ({
		title: `Port ${f('port')} cannot be used on this laptop`,
		meaning: `The system says: ${f('reason')}. Leave the port out to have one picked.`,
	}),
	'window-missing': (f) => ({
		title: 'The window has not been built',
		meaning: `There is no ${f('file')}. Build it once.`,
		next: copy('Copy the command', 'npm', 'run', 'build'),
	}),
	'terminal-missing': () => ({
		title: 'A shell needs a terminal',
		meaning: 'Its input or output is a file or a pipe here. Start it in a terminal window.',
	}),
	'process-failed': (f) => ({
		title: `${f('program')} failed`,
		meaning: `It ended with ${f('reason')}: ${f('stderr')}`,
	}),
	'process-silent': (f) => ({
		title: `${f('program')} took too long`,
		meaning: 'It was ended. Nothing is left half done; start again.',
	}),
	internal: (f) => ({
		title: 'Something went wrong inside Hawser',
		meaning: `${f('message')}. Please report it.`,
	}),
}

/** Makes a problem and its words from a code and what is known. */
export function problem(code: ProblemCode, facts: Facts): Problem {
	const words = catalogue[code]((name) => factText(facts[name]))
	return {
		code,
		facts,
		title: words.title,
		// What a tool said often ends in a full stop of its own.
		meaning: words.meaning.replaceAll(/([\p{L}\p{N})\]'"”])\.\.(?=\s|$)/gu, '$1.'),
		next: words.next ?? null,
		needsPerson: words.needsPerson ?? false,
	}
}

/** Any thrown value as a problem: one of ours as it is, anything else as `internal`. */
export function problemOf(error: unknown): Problem {
	if (error instanceof ProblemError) return error.problem
	return problem('internal', { message: error instanceof Error ? error.message : String(error) })
}
