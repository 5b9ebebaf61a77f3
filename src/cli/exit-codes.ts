import type { Problem, ProblemCode } from '../contract/problem.ts'
import type { OperationOutcome } from '../contract/state.ts'

/** What scripts may rely on; listed in `--help`. */
export const exitCodes = {
	done: 0,
	failed: 1,
	wrongUse: 2,
	notReachable: 3,
	waitsForPerson: 4,
	interrupted: 130,
} as const

export const exitCodeHelp = `
Exit codes:
  0    done
  1    failed
  2    wrong use: an unknown command, option, project, workstation or run
  3    the workstation is not reachable
  4    it waits for a person: an unknown host key, a passphrase, a conflict, …
  130  interrupted with Ctrl-C`

const wrongUse = new Set<ProblemCode>([
	'workstation-unknown',
	'project-unknown',
	'project-ambiguous',
	'run-unknown',
	'input-invalid',
])

const notReachable = new Set<ProblemCode>([
	'network-down',
	'network-no-route',
	'zerotier-not-running',
	'zerotier-offline',
	'zerotier-requesting',
	'zerotier-port-error',
	'zerotier-no-address',
	'zerotier-peer-silent',
	'host-not-found',
	'port-refused',
	'port-silent',
	'port-unreachable',
	'local-network-denied',
	'ssh-protocol',
	'link-lost',
	'link-off',
	'link-closed',
	'remote-timeout',
])

export const isWrongUse = ({ code }: Problem) => wrongUse.has(code)

export function exitCodeOf(problem: Problem): number {
	if (isWrongUse(problem)) return exitCodes.wrongUse
	if (notReachable.has(problem.code)) return exitCodes.notReachable
	return problem.needsPerson ? exitCodes.waitsForPerson : exitCodes.failed
}

export function exitCodeOfOutcome({ status, problem }: OperationOutcome): number {
	if (status === 'succeeded') return exitCodes.done
	if (status === 'cancelled') return exitCodes.failed
	if (problem && notReachable.has(problem.code)) return exitCodes.notReachable
	return status === 'stopped' ? exitCodes.waitsForPerson : exitCodes.failed
}
