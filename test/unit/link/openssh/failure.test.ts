import { describe, expect, test } from 'vitest'
import { type Failure, failureOf, lossOf } from '../../../../src/engine/link/openssh/failure.ts'
import { Progress } from '../../../../src/engine/link/openssh/progress.ts'

const party = { hostKeyAlias: null, userKnownHosts: ['/home/me/my hosts'], globalKnownHosts: [] }
const hop = { ...party, host: 'hop', port: 22, user: 'other' }
const wanted = {
	...party,
	host: 'lab',
	port: 2222,
	user: 'me',
	hops: [hop],
	identityFiles: ['/home/me/key'],
}
const at = { host: 'lab', port: 2222 }
const fingerprint = 'SHA256:sV/Igi+F5M0nAPfko/yGcnlYSaKBaM8u5+4r8mRVJFk'

const progress = `debug1: Reading configuration data /home/me/.ssh/config
debug1: Connecting to lab [10.0.0.7] port 2222.
debug1: Connection established.
debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2
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
const shaken = `${progress}debug1: SSH2_MSG_NEWKEYS received
`
const offered = `${shaken}debug1: Next authentication method: publickey
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

/** One login: what ssh logged, and before that what else was said on stderr. */
function progressOf(logged: string, heard = ''): Progress {
	const progress = new Progress()
	for (const line of logged.split('\n')) progress.logged(line)
	for (const line of heard.split('\n')) progress.heard(line)
	return progress
}

/** What ssh logged, and what it means. From OpenSSH 9.2 itself, or from its sources where that cannot be had here. */
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
	['ssh: Could not resolve hostname lab: Name or service not known', problem('host-not-found')],
	[
		'Connection timed out during banner exchange\nConnection to 10.0.0.7 port 2222 timed out',
		problem('port-silent', { seconds: 25 }),
	],
	[
		changed,
		{
			kind: 'host-key',
			of: wanted,
			key: {
				revoked: false,
				name: '[lab]:2222',
				keyType: 'ssh-ed25519',
				fingerprint,
				file: '/home/me/my hosts',
				line: 7,
			},
		},
	],
	[
		revoked,
		{
			kind: 'host-key',
			of: wanted,
			key: {
				revoked: true,
				name: '[lab]:2222',
				keyType: 'ssh-ed25519',
				fingerprint,
				file: null,
				line: null,
			},
		},
	],
	[
		`${offered}me@lab: Permission denied (publickey,password).`,
		{
			kind: 'refused',
			of: wanted,
			tried: ['/home/me/.ssh/my key (agent)', '/home/me/.ssh/id_rsa', 'password'],
		},
	],
	[
		`${offered}Received disconnect from 10.0.0.7 port 2222:2: Too many authentication failures\nDisconnected from 10.0.0.7 port 2222`,
		{
			kind: 'refused',
			of: wanted,
			tried: [
				'/home/me/.ssh/my key (agent)',
				'/home/me/.ssh/id_rsa',
				'password',
				'and then no more was allowed',
			],
		},
	],
	[
		`${shaken}Permissions 0644 for '/home/me/key' are too open.\nLoad key "/home/me/key": bad permissions\nme@lab: Permission denied (publickey).`,
		problem('login-key-unusable', { file: '/home/me/key', reason: 'bad permissions' }),
	],
	[
		`${shaken}Load key "/home/me/key": incorrect passphrase supplied to decrypt private key\nme@lab: Permission denied (publickey).`,
		{ kind: 'refused', of: wanted, tried: ['nothing. It allows publickey'] },
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

/** What a jump host or a proxy said on stderr before the last host answered. */
const onTheWay: [heard: string, failure: Failure][] = [
	[
		'ssh: connect to host hop port 22: Connection refused',
		tcp('ECONNREFUSED', 'Connection refused', 'hop', 22),
	],
	[
		'channel 0: open failed: connect failed: No route to host\nstdio forwarding failed',
		problem('port-unreachable', { reason: 'the jump host says: connect failed: No route to host' }),
	],
	[
		'ssh: Could not resolve hostname hop: nodename nor servname provided, or not known',
		problem('host-not-found', { host: 'hop' }),
	],
	[
		'other@hop: Permission denied (gssapi-keyex,publickey).',
		{ kind: 'refused', of: hop, tried: ['what its settings name. It allows gssapi-keyex, publickey'] },
	],
	['nobody home', problem('ssh-protocol', { reason: 'nobody home' })],
	...['me@lab: Permission denied (publickey).', 'other@bank: Permission denied (publickey).'].map(
		(said): [string, Failure] => [said, problem('ssh-protocol', { reason: said })],
	),
	...[
		'ssh: connect to host bank port 22: Connection refused',
		'ssh: connect to host hop port 99: Connection refused',
		'ssh: Could not resolve hostname bank: x',
		'/etc/x: line 3: Bad configuration option: foo',
	].map((said): [string, Failure] => [said, problem('ssh-protocol', { reason: said })]),
]
const lost =
	'kex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535'

describe('why a login of the system’s ssh failed', () => {
	test.each(cases)('%s', (said, failure) => {
		expect(failureOf(progressOf(said), wanted, 25_000)).toEqual(failure)
	})

	test.each(onTheWay)('on the way: %s', (heard, failure) => {
		const way = `debug1: Executing proxy command: exec ssh -W lab hop\n${lost}`
		expect(failureOf(progressOf(way, heard), wanted, 25_000)).toEqual(failure)
	})

	test('a changed key of a jump host: as ssh says it, and only of one that is on the way', () => {
		const way = `debug1: Executing proxy command: exec ssh -W lab hop\n${lost}`
		const hops = changed.slice(progress.length).replaceAll('[lab]:2222', 'hop')
		const key = { name: 'hop', file: '/home/me/my hosts', line: 7 }
		expect(failureOf(progressOf(way, hops), wanted, 0)).toMatchObject({ kind: 'host-key', of: hop, key })
		for (const name of ['[lab]:2222', 'bank.example.com'])
			expect(failureOf(progressOf(way, hops.replaceAll('hop has', `${name} has`)), wanted, 0).kind).toBe(
				'problem',
			)
	})

	test('a server’s banner is no failure', () => {
		const closed = `${shaken}Connection closed by 10.0.0.7 port 2222`
		const reason = 'Connection closed by 10.0.0.7 port 2222'
		const banners = [...cases, ...onTheWay].map(([said]) => said)
		for (const banner of banners)
			expect(failureOf(progressOf(closed, banner), wanted, 0)).toEqual(problem('ssh-protocol', { reason }))
	})

	test('a line that a server had logged after the keys were exchanged is no failure of before', () => {
		for (const said of [changed, revoked, 'ssh: connect to host bank port 22: Connection refused']) {
			const text = said.replace(progress, '')
			const late = failureOf(progressOf(`${shaken}debug1: Remote: x\n${text}`), wanted, 0)
			expect(late).toMatchObject({ kind: 'problem', code: 'ssh-protocol' })
		}
		const other = failureOf(progressOf(`${shaken}x@bank: Permission denied (publickey).`), wanted, 0)
		expect(other).toMatchObject({ kind: 'refused', of: { host: 'lab', user: 'me' } })
		const file = `${shaken}Load key "/etc/shadow": bad\nme@lab: Permission denied (publickey).`
		expect(failureOf(progressOf(file), wanted, 0).kind).toBe('refused')
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
