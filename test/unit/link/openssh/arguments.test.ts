import { describe, expect, test } from 'vitest'
import { standardTimes } from '../../../../src/engine/link/dial.ts'
import { masterArguments } from '../../../../src/engine/link/openssh/arguments.ts'
import { isAtLeast, needed, opensshVersion } from '../../../../src/engine/link/openssh/version.ts'
import { settingsFrom } from '../../../../src/engine/link/settings.ts'
import { problem } from '../../../../src/engine/problems.ts'

const around = { home: '/home/me', user: 'me', env: {} }

function made(ssh: Parameters<typeof settingsFrom>[0]) {
	const settings = settingsFrom(ssh, 'identityfile ~/.ssh/id_ed25519\n', around)
	const keepAlive = { intervalMs: 1500, count: 2 }
	return masterArguments({
		ssh,
		settings,
		home: around.home,
		socket: '/tmp/a%b/s',
		log: '/tmp/a%b/log',
		keepAlive,
		times: standardTimes,
	})
}

describe('the arguments of the master', () => {
	test('what is explicit wins; the rest is left to ssh’s own settings', () => {
		const plain = made({ host: 'lab' })
		expect(plain.slice(0, 5)).toEqual(['-M', '-N', '-T', '-E', '/tmp/a%b/log'])
		expect(plain.slice(-2)).toEqual(['--', 'lab'])
		expect(plain).toContain('ControlPath="/tmp/a%%b/s"')
		expect(plain).toContain('ServerAliveInterval=2')
		expect(plain.join(' ')).not.toMatch(/IdentityFile|UserKnownHostsFile|-F|-l|-p /)
		const full = made({
			host: '-oProxyCommand=bad',
			user: 'you',
			port: 2222,
			identityFile: '~/my "keys"/100%',
			knownHostsFile: '~/known',
			configFile: '~/config',
		})
		expect(full.slice(-2)).toEqual(['--', '-oProxyCommand=bad'])
		expect(full).toEqual(
			expect.arrayContaining([
				'-F',
				'/home/me/config',
				'2222',
				'you',
				'IdentityFile="/home/me/my \\"keys\\"/100%%"',
				'IdentityFile="/home/me/.ssh/id_ed25519"',
				'UserKnownHostsFile="/home/me/known"',
			]),
		)
	})
})

test.each([
	['OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026', [9, 2], true],
	['OpenSSH_8.7p1, OpenSSL 3.0.1', [8, 7], true],
	['OpenSSH_10.0p2, LibreSSL 3.3.6', [10, 0], true],
	['OpenSSH_8.4p1, LibreSSL 2.7.3', [8, 4], false],
	['OpenSSH_7.9p1', [7, 9], false],
	['Sun_SSH_2.2', null, false],
])('%s', (printed, version, enough) => {
	const found = opensshVersion(printed)
	expect(found).toEqual(version)
	expect(found !== null && isAtLeast(found, needed)).toBe(enough)
})

test('the words name the version that is needed', () => {
	const { meaning } = problem('openssh-missing', { why: 'The settings ask for it', found: '8.4' })
	expect(meaning).toContain(`OpenSSH ${needed.join('.')} or newer`)
})
