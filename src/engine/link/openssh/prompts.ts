/**
 * What ssh asks through SSH_ASKPASS, told apart by its words (OpenSSH 8.4 to 10: sshconnect.c, sshconnect2.c). `plain`:
 * as it was said, for what a server could have said as well.
 */
export type Prompt =
	/** `name` as in known_hosts: `host` or `[host]:port`, of the workstation or of a jump host. */
	| { kind: 'host-key'; name: string; keyType: string; fingerprint: string; plain: string }
	/** The name is known by this key, its address by another one (CheckHostIP). */
	| { kind: 'host-address'; name: string; file: string; line: number; plain: string }
	/** ssh writes at most 100 characters of the path. */
	| { kind: 'passphrase'; file: string; plain: string }
	| { kind: 'password'; user: string; host: string }
	| { kind: 'confirm'; text: string }
	/** Nothing to answer: it waits for the button of a hardware key. */
	| { kind: 'touch'; text: string }
	/** Keyboard-interactive, a PIN, and whatever else wants text. */
	| { kind: 'text'; text: string }

const keyTypes: Record<string, string> = {
	ED25519: 'ssh-ed25519',
	RSA: 'ssh-rsa',
	DSA: 'ssh-dss',
	'ED25519-SK': 'sk-ssh-ed25519@openssh.com',
	'ECDSA-SK': 'sk-ecdsa-sha2-nistp256@openssh.com',
}

/** `hint`: the value of SSH_ASKPASS_PROMPT. */
export function parsePrompt(text: string, hint: string): Prompt {
	const shown = text.trim()
	if (hint === 'none') return { kind: 'touch', text: shown }
	const unknown =
		/^The authenticity of host '(\S+)(?: \(.*?\))?' can't be established[\s\S]*?^(\S+) key fingerprint is:? (SHA256:[A-Za-z0-9+/]+)/m
	const key = unknown.exec(text)
	if (key?.[1] && key[2] && key[3])
		return {
			kind: 'host-key',
			name: key[1],
			keyType: keyTypes[key[2]] ?? key[2],
			fingerprint: key[3],
			plain: shown,
		}
	const address =
		/^Warning: the \S+ host key for '(\S+)' differs from the key for the IP address[\s\S]*?^Offending key for IP in (.+):(\d+)$/m
	const other = address.exec(text)
	if (other?.[1] && other[2])
		return { kind: 'host-address', name: other[1], file: other[2], line: Number(other[3]), plain: shown }
	if (hint === 'confirm') return { kind: 'confirm', text: shown }
	const passphrase = /^Enter passphrase for (?:key )?'?(.+?)'?:\s*$/.exec(text)
	if (passphrase?.[1]) return { kind: 'passphrase', file: passphrase[1], plain: shown }
	const password = /^([^\s@]+)@(\S+)'s password:\s*$/.exec(text)
	if (password?.[1] && password[2]) return { kind: 'password', user: password[1], host: password[2] }
	// The same, asked by way of keyboard-interactive, as PAM does.
	const asked = /^\(([^\s@]+)@(\S+?)\) (?:\S+'s )?password:\s*$/i.exec(text)
	if (asked?.[1] && asked[2]) return { kind: 'password', user: asked[1], host: asked[2] }
	return { kind: 'text', text: shown }
}

/** A name of known_hosts as host and port. */
export function hostOfName(name: string): { host: string; port: number } {
	const match = /^\[(.+)\]:(\d+)$/.exec(name)
	return match?.[1] ? { host: match[1], port: Number(match[2]) } : { host: name, port: 22 }
}
