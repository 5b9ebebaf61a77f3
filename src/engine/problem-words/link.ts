import { localNetworkSettings } from '../../contract/problem.ts'
import { copy, openConfig, retry } from '../next-steps.ts'
import { type Catalogue, waits } from './catalogue.ts'

/** Where OpenSSH's server keeps its public key of this type. */
const hostKeyFile = (keyType: string) =>
	`/etc/ssh/ssh_host_${/ed25519|ecdsa|rsa/.exec(keyType)?.[0] ?? '*'}_key.pub`

/** From the TCP port to the end of the login, and the connection after it. */
export const linkWords = {
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
			'Other connections work, this private one fails at once. Allow Hawser under System Settings → Privacy & Security → Local Network; if it is allowed there, switch it off and on again.',
		next: { kind: 'open-url', label: 'Open the setting', url: localNetworkSettings },
	}),
	'host-key-unknown': (f) => ({
		title: `${f('host')} has not been seen before`,
		meaning: `Its ${f('keyType')} key is ${f('fingerprint')}. Compare it with the workstation’s own before you accept it: there, ssh-keygen -lf ${hostKeyFile(f('keyType'))} shows it.`,
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
		meaning: `${f('reason')}. Name the right key file in the settings, or leave it out if the SSH agent holds the key.`,
		...waits,
	}),
	'login-key-locked': (f) => ({
		title: `The key ${f('file')} needs its passphrase`,
		meaning: 'Try again and type it, or add the key to the SSH agent once; Hawser then uses it from there.',
		next: copy('Copy the command that adds it', 'ssh-add', f('file')),
		...waits,
	}),
	'login-asks': (f) => ({
		...askedWords(f('host'), f('what')),
		next: { kind: 'answer-login', label: 'Answer' },
		...waits,
	}),
	'login-unanswered': (f) => ({
		title: `The login to ${f('host')} was not answered`,
		meaning: `It asked for ${f('what')}, and ${f('why')}. Nothing is tried until you do: every try may send another code.`,
		next: retry,
		...waits,
	}),
	'openssh-missing': (f) => ({
		title: 'This login needs the system’s own ssh',
		meaning: `${f('why')}, which only OpenSSH 8.7 or newer can do; here it is ${f('found')}. Install it.`,
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
} satisfies Catalogue

/** A passphrase is no business of the host's: it never leaves this laptop. */
function askedWords(host: string, what: string) {
	const key = /^the passphrase of (.+)$/s.exec(what)?.[1]
	if (key === undefined)
		return {
			title: `${host} asks for ${what}`,
			meaning: 'It is needed to log in. Nothing is tried until it is given.',
		}
	return {
		title: `The key ${key} needs its passphrase`,
		meaning: `It unlocks the key on this laptop, to log in to ${host}, and is sent nowhere. Nothing is tried until it is given.`,
	}
}
