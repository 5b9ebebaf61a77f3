import type { KeepAlive } from '../connection.ts'
import type { DialTimes } from '../dial.ts'
import { expandHome, type Settings, type SshConfig } from '../settings.ts'

/** A path as the value of an option: ssh splits values at blanks and expands `%`. */
function pathValue(path: string): string {
	return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`
}

const options = (values: readonly string[]) => values.flatMap((value) => ['-o', value])

export interface MasterWish {
	ssh: SshConfig
	settings: Settings
	home: string
	socket: string
	/** Where it writes its log to. */
	log: string
	keepAlive: KeepAlive
	times: DialTimes
}

/**
 * The arguments of the one ssh that holds the connection. What is explicit in our settings wins, as it does over ssh2;
 * everything else is as `ssh_config` says, but for what would make it more or less than one plain connection.
 */
export function masterArguments({
	ssh,
	settings,
	home,
	socket,
	log,
	keepAlive,
	times,
}: MasterWish): string[] {
	const args = ['-M', '-N', '-T', '-E', log]
	if (ssh.configFile !== undefined) args.push('-F', expandHome(ssh.configFile, home))
	if (ssh.port !== undefined) args.push('-p', String(ssh.port))
	if (ssh.user !== undefined) args.push('-l', ssh.user)
	args.push(
		...options([
			`ControlPath=${pathValue(socket)}`,
			'ControlPersist=no',
			'ForkAfterAuthentication=no',
			'RemoteCommand=none',
			'PermitLocalCommand=no',
			'ClearAllForwardings=yes',
			'ForwardX11=no',
			'Tunnel=no',
			'BatchMode=no',
			'StrictHostKeyChecking=ask',
			'UpdateHostKeys=no',
			'FingerprintHash=sha256',
			'VisualHostKey=no',
			// What it says is how its progress is told. It is kept in memory, and only the end of it.
			'LogLevel=DEBUG1',
			`ConnectTimeout=${Math.max(1, Math.ceil((times.tcpMs + times.handshakeMs) / 1000))}`,
			// A second net under our own questions: it ends when this app hangs.
			`ServerAliveInterval=${Math.max(1, Math.ceil(keepAlive.intervalMs / 1000))}`,
			`ServerAliveCountMax=${keepAlive.count + 2}`,
		]),
	)
	if (ssh.identityFile !== undefined)
		args.push(...options(settings.identityFiles.map((path) => `IdentityFile=${pathValue(path)}`)))
	if (ssh.knownHostsFile !== undefined)
		args.push('-o', `UserKnownHostsFile=${pathValue(expandHome(ssh.knownHostsFile, home))}`)
	return [...args, '--', ssh.host]
}
