import { homedir } from 'node:os'
import type { WorkstationConfig } from '../contract/config.ts'
import { expandHome } from './link/settings.ts'

/** Pure: a workstation's settings as an `ssh` command line; what is not set, ssh finds as it always does. */
export function shellCommand(ssh: WorkstationConfig['ssh'], home = homedir()): string[] {
	const path = (value: string) => expandHome(value, home)
	return [
		'ssh',
		...(ssh.configFile ? ['-F', path(ssh.configFile)] : []),
		...(ssh.port ? ['-p', String(ssh.port)] : []),
		...(ssh.user ? ['-l', ssh.user] : []),
		...(ssh.identityFile ? ['-i', path(ssh.identityFile)] : []),
		// ssh splits this option at blanks; a path with one has to be quoted for it.
		...(ssh.knownHostsFile ? ['-o', `UserKnownHostsFile="${path(ssh.knownHostsFile)}"`] : []),
		// After two unanswered questions ssh ends at the third interval.
		...(ssh.deadAfter
			? ['-o', `ServerAliveInterval=${Math.floor(ssh.deadAfter / 3)}`, '-o', 'ServerAliveCountMax=2']
			: []),
		'--',
		ssh.host,
	]
}
