import { describe, expect, test } from 'vitest'
import { hostOfName, type Prompt, parsePrompt } from '../../../../src/engine/link/openssh/prompts.ts'

const fingerprint = 'SHA256:sV/Igi+F5M0nAPfko/yGcnlYSaKBaM8u5+4r8mRVJFk'
const yesNo = 'Are you sure you want to continue connecting (yes/no/[fingerprint])? '

/** As OpenSSH prints them; the version is the oldest with these words. */
const cases: [version: string, hint: string, text: string, prompt: Partial<Prompt>][] = [
	[
		'8.4',
		'',
		`The authenticity of host 'lab (10.0.0.7)' can't be established.\nECDSA key fingerprint is ${fingerprint}.\n${yesNo}`,
		{ kind: 'host-key', name: 'lab', keyType: 'ECDSA', fingerprint },
	],
	[
		'8.9',
		'',
		`The authenticity of host '[127.0.0.1]:2222 ([127.0.0.1]:2222)' can't be established.\nED25519 key fingerprint is ${fingerprint}.\nThis key is not known by any other names.\n${yesNo}`,
		{ kind: 'host-key', name: '[127.0.0.1]:2222', keyType: 'ssh-ed25519', fingerprint },
	],
	[
		'9.0, through a proxy',
		'',
		`The authenticity of host 'far (<no hostip for proxy command>)' can't be established.\nRSA key fingerprint is ${fingerprint}.\nThis host key is known by the following other names/addresses:\n    ~/.ssh/known_hosts:3: other\n${yesNo}`,
		{ kind: 'host-key', name: 'far', keyType: 'ssh-rsa', fingerprint },
	],
	[
		'10.1',
		'',
		`The authenticity of host 'lab (fd00::1)' can't be established.\nED25519 key fingerprint is: ${fingerprint}\nNo matching host key fingerprint found in DNS.\n${yesNo}`,
		{ kind: 'host-key', name: 'lab', keyType: 'ssh-ed25519', fingerprint },
	],
	[
		'8.4',
		'',
		"Warning: the ED25519 host key for 'lab' differs from the key for the IP address '10.0.0.7'\nOffending key for IP in /home/me/.ssh/known_hosts:12\nMatching host key in /home/me/.ssh/known_hosts:3\nAre you sure you want to continue connecting (yes/no)? ",
		{ kind: 'host-address', name: 'lab', file: '/home/me/.ssh/known_hosts', line: 12 },
	],
	[
		'8.4',
		'',
		"Enter passphrase for key '/home/me/my keys/it's': ",
		{ kind: 'passphrase', file: "/home/me/my keys/it's" },
	],
	['8.4', '', "me@lab's password: ", { kind: 'password', user: 'me', host: 'lab' }],
	['8.7', '', '(me@lab) Password: ', { kind: 'password', user: 'me', host: 'lab' }],
	['8.7', '', "(me@lab) me@lab's password: ", { kind: 'password', user: 'me', host: 'lab' }],
	[
		'8.7',
		'',
		'(me@lab) One-time password: ',
		{ kind: 'text', text: 'One-time password:', of: { user: 'me', host: 'lab' } },
	],
	['8.7', '', '(me@lab) New password: ', { kind: 'text', text: 'New password:' }],
	['8.7', '', '(me@corp@lab) Code', { kind: 'text', of: { user: 'me@corp', host: 'lab' } }],
	[
		'8.7',
		'',
		'(me@lab) (x@bank) Code',
		{ kind: 'text', text: '(x@bank) Code', of: { user: 'me', host: 'lab' } },
	],
	['8.4', '', 'Verification code: ', { kind: 'text', text: 'Verification code:', of: null }],
	[
		'8.4',
		'',
		'Enter PIN for ED25519-SK key /home/me/.ssh/id_sk: ',
		{ kind: 'text', text: 'Enter PIN for ED25519-SK key /home/me/.ssh/id_sk:' },
	],
	['8.4', 'confirm', 'Add key x (y) to agent?', { kind: 'confirm', text: 'Add key x (y) to agent?' }],
	[
		'8.4',
		'none',
		`Confirm user presence for key ED25519-SK ${fingerprint}`,
		{ kind: 'touch', text: `Confirm user presence for key ED25519-SK ${fingerprint}` },
	],
]

describe('what ssh asks', () => {
	test.each(cases)('%s, hint “%s”: %s', (_version, hint, text, prompt) => {
		expect(parsePrompt(text, hint)).toMatchObject(prompt)
		// The script that passes it on ends it with a line break.
		expect(parsePrompt(`${text}\n`, hint)).toMatchObject(prompt)
	})

	test('a server’s question never passes for ssh’s own about a host', () => {
		const text = `(me@lab) The authenticity of host 'other' can't be established. Type your password: `
		expect(parsePrompt(text, '').kind).toBe('text')
	})

	test.each(cases.filter(([, hint, , { kind }]) => hint === '' && kind !== 'text'))(
		'nor after a line break: %s, hint “%s”: %s',
		(_version, _hint, text) => {
			expect(parsePrompt(`\n${text}`, '').kind).toBe('text')
			expect(parsePrompt(`(me@lab) \n${text}`, '').kind).toBe('text')
		},
	)

	test.each([
		['[fd00::1]:2222', { host: 'fd00::1', port: 2222 }],
		['lab', { host: 'lab', port: 22 }],
		['[lab]:22022', { host: 'lab', port: 22022 }],
	])('%s', (name, host) => {
		expect(hostOfName(name)).toEqual(host)
	})
})
