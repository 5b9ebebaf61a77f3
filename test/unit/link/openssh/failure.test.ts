import { describe, expect, test } from 'vitest'
import { type Failure, failureOf, lossOf, nameOwner } from '../../../../src/engine/link/openssh/failure.ts'
import { refusalOf } from '../../../../src/engine/link/openssh/mux-process.ts'

const wanted = { host: 'lab', port: 2222, user: 'me' }
const at = { host: 'lab', port: 2222 }
const fingerprint = 'SHA256:sV/Igi+F5M0nAPfko/yGcnlYSaKBaM8u5+4r8mRVJFk'

const progress = `debug1: Reading configuration data /home/me/.ssh/config
debug1: Connecting to lab [10.0.0.7] port 2222.
debug1: Connection established.
debug1: Authenticating to lab:2222 as 'me'
debug1: Server host key: ssh-ed25519 ${fingerprint}
`
const changed = `${progress}@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
The fingerprint for the ED25519 key sent by the remote host is
${fingerprint}.
Please contact your system administrator.
Add correct host key in /home/me/.ssh/known_hosts to get rid of this message.
Offending ECDSA key in /home/me/my hosts:7
  remove with:
Host key for [lab]:2222 has changed and you have requested strict checking.
Host key verification failed.`
const revoked = `${progress}@       WARNING: REVOKED HOST KEY DETECTED!               @
The ED25519 host key for [lab]:2222 is marked as revoked.
ED25519 host key for [lab]:2222 was revoked and you have requested strict checking.
Host key verification failed.`
const offered = `${progress}debug1: Next authentication method: publickey
debug1: Offering public key: /home/me/.ssh/my key ED25519 ${fingerprint} explicit agent
debug1: Offering public key: /home/me/.ssh/id_rsa RSA ${fingerprint}
debug1: Next authentication method: password
`

const problem = (code: Extract<Failure, { kind: 'problem' }>['code'], facts: object = {}): Failure => ({
	kind: 'problem',
	code,
	facts: { ...at, ...facts },
})
const tcp = (code: string, reason: string, host = 'lab', port = 2222): Failure => ({
	kind: 'tcp',
	host,
	port,
	code,
	reason,
})

/** What ssh printed, and what it means. From OpenSSH 9.2 itself, or from its sources where that cannot be had here. */
const cases: [said: string, failure: Failure][] = [
	['ssh: connect to host lab port 2222: Connection refused', tcp('ECONNREFUSED', 'Connection refused')],
	['ssh: connect to host lab port 2222: Connection timed out', tcp('ETIMEDOUT', 'Connection timed out')],
	['ssh: connect to host lab port 2222: Operation timed out', tcp('ETIMEDOUT', 'Operation timed out')],
	['ssh: connect to host lab port 2222: No route to host', tcp('EHOSTUNREACH', 'No route to host')],
	[
		'ssh: connect to host lab port 2222: Network is unreachable',
		tcp('ENETUNREACH', 'Network is unreachable'),
	],
	[
		"ssh: connect to host lab port 2222: Can't assign requested address",
		tcp('EADDRNOTAVAIL', "Can't assign requested address"),
	],
	['ssh: connect to host lab port 2222: failure', tcp('', 'failure')],
	[
		// A jump host's ssh says it, then ours ends.
		'ssh: connect to host hop port 22: Connection refused\nkex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535',
		tcp('ECONNREFUSED', 'Connection refused', 'hop', 22),
	],
	[
		'channel 0: open failed: connect failed: No route to host\nstdio forwarding failed\nConnection closed by UNKNOWN port 65535',
		problem('port-unreachable', { reason: 'the jump host says: connect failed: No route to host' }),
	],
	['ssh: Could not resolve hostname lab: Name or service not known', problem('host-not-found')],
	[
		'ssh: Could not resolve hostname hop: nodename nor servname provided, or not known\nConnection closed by UNKNOWN port 65535',
		problem('host-not-found', { host: 'hop' }),
	],
	[
		'Connection timed out during banner exchange\nConnection to 10.0.0.7 port 2222 timed out',
		problem('port-silent', { seconds: 25 }),
	],
	[
		changed,
		{
			kind: 'host-key',
			revoked: false,
			name: '[lab]:2222',
			keyType: 'ssh-ed25519',
			fingerprint,
			file: '/home/me/my hosts',
			line: 7,
		},
	],
	[
		revoked,
		{
			kind: 'host-key',
			revoked: true,
			name: '[lab]:2222',
			keyType: 'ssh-ed25519',
			fingerprint,
			file: null,
			line: null,
		},
	],
	[
		`${offered}me@lab: Permission denied (publickey,password).`,
		{
			kind: 'refused',
			user: 'me',
			host: 'lab',
			tried: ['/home/me/.ssh/my key (agent)', '/home/me/.ssh/id_rsa', 'password'],
		},
	],
	[
		`${progress}other@hop: Permission denied (gssapi-keyex,publickey).`,
		{ kind: 'refused', user: 'other', host: 'hop', tried: ['nothing. It allows gssapi-keyex, publickey'] },
	],
	[
		`${offered}Received disconnect from 10.0.0.7 port 2222:2: Too many authentication failures\nDisconnected from 10.0.0.7 port 2222`,
		{
			kind: 'refused',
			user: 'me',
			host: 'lab',
			tried: [
				'/home/me/.ssh/my key (agent)',
				'/home/me/.ssh/id_rsa',
				'password',
				'and then no more was allowed',
			],
		},
	],
	[
		`${progress}Permissions 0644 for '/home/me/key' are too open.\nLoad key "/home/me/key": bad permissions\nme@lab: Permission denied (publickey).`,
		problem('login-key-unusable', { file: '/home/me/key', reason: 'bad permissions' }),
	],
	[
		`${progress}Load key "/home/me/key": incorrect passphrase supplied to decrypt private key\nme@lab: Permission denied (publickey).`,
		{ kind: 'refused', user: 'me', host: 'lab', tried: ['nothing. It allows publickey'] },
	],
	[
		'Unable to negotiate with 10.0.0.7 port 2222: no matching key exchange method found. Their offer: a,b',
		problem('ssh-protocol', { reason: 'There is no key exchange method that both know. It offers a, b' }),
	],
	[
		'Unable to negotiate with 10.0.0.7 port 2222: no matching host key type found. Their offer: ssh-rsa',
		problem('ssh-protocol', { reason: 'There is no host key type that both know. It offers ssh-rsa' }),
	],
	[
		'kex_exchange_identification: read: Connection reset by peer\nConnection reset by 10.0.0.7 port 2222',
		problem('ssh-protocol', {
			reason:
				'kex_exchange_identification: read: Connection reset by peer; Connection reset by 10.0.0.7 port 2222',
		}),
	],
	[
		'nobody home\nkex_exchange_identification: write: Broken pipe\nbanner exchange: Connection to UNKNOWN port 65535: Broken pipe\nConnection closed by UNKNOWN port 65535',
		problem('ssh-protocol', { reason: 'nobody home' }),
	],
	[
		'/home/me/.ssh/config: line 3: Bad configuration option: foo\n/home/me/.ssh/config: terminating, 1 bad configuration options',
		problem('ssh-settings-unreadable', {
			reason: '/home/me/.ssh/config: line 3: Bad configuration option: foo',
		}),
	],
	[
		'Bad owner or permissions on /home/me/.ssh/config',
		problem('ssh-settings-unreadable', { reason: 'Bad owner or permissions on /home/me/.ssh/config' }),
	],
	[progress, problem('ssh-protocol', { reason: 'ssh ended with 255 and said nothing' })],
	['', problem('ssh-protocol', { reason: 'ssh ended with 255 and said nothing' })],
]

describe('why a login of the system’s ssh failed', () => {
	test.each(cases)('%s', (said, failure) => {
		expect(failureOf(said.split('\n'), wanted, 25_000)).toEqual(failure)
	})

	test('whose a name is', () => {
		expect(nameOwner('Alias', 'alias', wanted)).toEqual(at)
		expect(nameOwner('[hop]:22', null, wanted)).toEqual({ host: 'hop', port: 22 })
		expect(nameOwner('', null, wanted)).toEqual(at)
	})
})

describe('why a connection was lost', () => {
	test.each([
		['Timeout, server 10.0.0.7 not responding.', 'The server did not answer'],
		['client_loop: send disconnect: Broken pipe', 'client_loop: send disconnect: Broken pipe'],
		[
			'Connection to lab closed by remote host.\r\nTransferred: sent 3, received 4\nBytes per second: sent 1.0, received 2.0',
			'Connection to lab closed by remote host',
		],
		['channel 3: open failed: connect failed: refused', 'The system’s ssh ended'],
		['', 'The system’s ssh ended'],
	])('%s', (said, reason) => {
		expect(lossOf(said.split('\n'))).toBe(reason)
	})
})

describe('why a session was refused', () => {
	test.each([
		[
			'mux_client_request_session: session request failed: Session open refused by peer\r\ndebug1: Executing proxy command: exec false',
			'Session open refused by peer',
		],
		['Stdio forwarding request failed: Session open refused by peer\n', 'Session open refused by peer'],
		[
			'Control socket connect(/tmp/x/s): Connection refused\ndebug1: x\nConnection closed by UNKNOWN port 65535',
			'Connection refused',
		],
		['debug1: x\n', 'ssh said nothing'],
	])('%s', (said, reason) => {
		expect(refusalOf(said)).toBe(reason)
	})
})
