import { describe, expect, test } from 'vitest'
import {
	parseJump,
	parseSshG,
	type Surroundings,
	settingsFrom,
	shownPath,
} from '../../../src/engine/link/settings.ts'

const around: Surroundings = {
	home: '/home/me',
	user: 'me',
	env: { SSH_AUTH_SOCK: '/run/agent', OTHER: '/run/other' },
}
const from = (lines: string[], ssh = {}) => settingsFrom({ host: 'lab', ...ssh }, lines.join('\n'), around)

describe('what ssh -G prints', () => {
	test('keywords may come more than once and keep their blanks', () => {
		expect(parseSshG('HostName lab\nidentityfile ~/a b\r\nidentityfile c\nempty\n')).toEqual(
			new Map([
				['hostname', ['lab']],
				['identityfile', ['~/a b', 'c']],
			]),
		)
	})

	test('everything is taken over', () => {
		const settings = from([
			'hostname 10.1.2.3',
			'user gpu',
			'port 2222',
			'identityfile ~/.ssh/id_rsa',
			'identityfile ~/keys/my lab',
			'identityagent ~/Library/agent.sock',
			'identitiesonly yes',
			'userknownhostsfile /k/a b ~/c /d',
			'globalknownhostsfile /etc/x',
			'hashknownhosts yes',
			'hostkeyalias real-lab',
			'serveraliveinterval 7',
			'serveralivecountmax 4',
			'proxyjump a@b:3,[::1]:4',
			'gssapiauthentication yes',
			'certificatefile ~/my cert',
			'pkcs11provider /lib/card.so',
			'knownhostscommand /bin/hosts %H',
			'revokedhostkeys /etc/ssh/revoked keys',
		])
		expect(settings).toEqual({
			host: '10.1.2.3',
			user: 'gpu',
			port: 2222,
			identityFiles: ['/home/me/.ssh/id_rsa', '/home/me/keys/my lab'],
			named: ['/home/me/keys/my lab'],
			agent: '/home/me/Library/agent.sock',
			identitiesOnly: true,
			userKnownHosts: ['/k/a b', '/home/me/c', '/d'],
			globalKnownHosts: ['/etc/x'],
			hashKnownHosts: true,
			hostKeyAlias: 'real-lab',
			aliveInterval: 7,
			aliveCount: 4,
			jumps: ['a@b:3', '[::1]:4'],
			proxyCommand: null,
			methods: ['publickey', 'keyboard-interactive', 'password'],
			gssapi: true,
			certificateFiles: ['/home/me/my cert'],
			pkcs11Provider: '/lib/card.so',
			knownHostsCommand: '/bin/hosts %H',
			revokedHostKeys: '/etc/ssh/revoked keys',
		})
	})

	test.each([
		[[], ['publickey', 'keyboard-interactive', 'password']],
		[['passwordauthentication no', 'pubkeyauthentication false'], ['keyboard-interactive']],
		[['preferredauthentications password,gssapi-with-mic,publickey'], ['publickey', 'password']],
	])('the ways to log in of %j are %j', (lines, expected) => {
		expect(from(lines).methods).toEqual(expected)
	})

	test('what is explicit wins', () => {
		const lines = ['hostname 10.1.2.3', 'user gpu', 'port 2222', 'identityfile ~/k', 'userknownhostsfile ~/h']
		const explicit = { user: 'root', port: 22, identityFile: '~/mine', knownHostsFile: '~/hosts' }
		expect(from(lines, explicit)).toMatchObject({
			host: '10.1.2.3',
			user: 'root',
			port: 22,
			identityFiles: ['/home/me/mine', '/home/me/k'],
			named: ['/home/me/mine', '/home/me/k'],
			userKnownHosts: ['/home/me/hosts'],
		})
	})

	test('without ssh there are its defaults', () => {
		expect(from([])).toMatchObject({
			host: 'lab',
			user: 'me',
			port: 22,
			identityFiles: ['/home/me/.ssh/id_rsa', '/home/me/.ssh/id_ecdsa', '/home/me/.ssh/id_ed25519'],
			named: [],
			agent: '/run/agent',
			jumps: [],
			proxyCommand: null,
		})
	})

	test.each([
		[[], '/run/agent'],
		[['identityagent none'], null],
		[['identityagent SSH_AUTH_SOCK'], '/run/agent'],
		[['identityagent $OTHER'], '/run/other'],
		[['identityagent $'.concat('{OTHER}')], '/run/other'],
		[['identityagent $NOT_SET'], null],
		[['identityagent ~/a b/agent.sock'], '/home/me/a b/agent.sock'],
	])('the agent of %j is %s', (lines, expected) => {
		expect(from(lines).agent).toBe(expected)
	})
})

test.each([
	['hop', { host: 'hop' }],
	['me@hop', { host: 'hop', user: 'me' }],
	['me@hop:2222', { host: 'hop', user: 'me', port: 2222 }],
	['[fe80::1]:24', { host: 'fe80::1', port: 24 }],
	['ssh://me@hop:1', { host: 'hop', user: 'me', port: 1 }],
])('the jump %s', (jump, expected) => {
	expect(parseJump(jump)).toEqual(expected)
})

test('a path below home is shown with ~', () => {
	expect(['/home/me/.ssh/id', '/home/me2/id', '/home/me'].map((path) => shownPath(path, '/home/me'))).toEqual(
		['~/.ssh/id', '/home/me2/id', '/home/me'],
	)
})
