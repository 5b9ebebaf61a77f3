/**
 * What ssh asks through SSH_ASKPASS, told apart by its words (OpenSSH 8.7 to 10: sshconnect.c, sshconnect2.c). What
 * a server asks starts with `(user@host) `, so nothing that is matched from the start of the text is a server's.
 */
export type Prompt =
	/** `name` as in known_hosts: `host` or `[host]:port`, of the workstation or of a jump host. */
	| { kind: 'host-key'; name: string; keyType: string; fingerprint: string }
	/** The name is known by this key, its address by another one (CheckHostIP). */
	| { kind: 'host-address'; name: string; file: string; line: number }
	/** ssh writes at most 100 characters of the path. */
	| { kind: 'passphrase'; file: string }
	/** ssh writes at most 30 characters of the user, where it asks by itself. */
	| { kind: 'password'; user: string; host: string }
	| { kind: 'confirm'; text: string }
	/** Nothing to answer: it waits for the button of a hardware key. */
	| { kind: 'touch'; text: string }
	/** Keyboard-interactive, a PIN, and whatever else wants text. `of`: whose server asks; null: it is ssh itself. */
	| { kind: 'text'; text: string; of: { user: string; host: string } | null }

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
		/^The authenticity of host '(\S+)(?: \(.*?\))?' can't be established[\s\S]*?\n(\S+) key fingerprint is:? (SHA256:[A-Za-z0-9+/]+)/
	const key = unknown.exec(text)
	if (key?.[1] && key[2] && key[3])
		return {
			kind: 'host-key',
			name: key[1],
			keyType: keyTypes[key[2]] ?? key[2],
			fingerprint: key[3],
		}
	const address =
		/^Warning: the \S+ host key for '(\S+)' differs from the key for the IP address[\s\S]*?\nOffending key for IP in (.+):(\d+)(?:\r?\n|$)/
	const other = address.exec(text)
	if (other?.[1] && other[2])
		return { kind: 'host-address', name: other[1], file: other[2], line: Number(other[3]) }
	if (hint === 'confirm') return { kind: 'confirm', text: shown }
	const passphrase = /^Enter passphrase for (?:key )?'?(.+?)'?:\s*$/.exec(text)
	if (passphrase?.[1]) return { kind: 'passphrase', file: passphrase[1] }
	const password = /^(\S+)@([^\s@]+)'s password:\s*$/.exec(text)
	if (password?.[1] && password[2]) return { kind: 'password', user: password[1], host: password[2] }
	const server = /^\((\S+)@([^\s@]+)\) ([\s\S]*)$/.exec(text)
	if (!server?.[1] || !server[2]) return { kind: 'text', text: shown, of: null }
	const of = { user: server[1], host: server[2] }
	// The same, asked by way of keyboard-interactive, as PAM does.
	if (/^(?:\S+'s )?password:\s*$/i.test(server[3] ?? '')) return { kind: 'password', ...of }
	return { kind: 'text', text: server[3]?.trim() ?? '', of }
}

/** A name of known_hosts as host and port. */
export function hostOfName(name: string): { host: string; port: number } {
	const match = /^\[(.+)\]:(\d+)$/.exec(name)
	return match?.[1] ? { host: match[1], port: Number(match[2]) } : { host: name, port: 22 }
}
