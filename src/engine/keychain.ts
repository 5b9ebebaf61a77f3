/** How long a keychain may take (ms): the system may be asking the person whether it may be used. */
export const keychainLimitMs = 60_000

/**
 * The system's keychain: it holds the key that text is sealed with, so that sealed text may lie in a file. Any
 * call may make the system ask the person to allow it, and may then take as long as they do.
 */
export interface Keychain {
	/** False where the system has none, or would seal with a key that anybody knows. */
	available(): Promise<boolean>
	/** Answers base64. Rejects when the keychain cannot be used. */
	seal(secret: string): Promise<string>
	/** Rejects when the keychain cannot be used, and for what it has not sealed (another machine's, garbage). */
	open(sealed: string): Promise<Opened>
}

export interface Opened {
	secret: string
	/** The same sealed anew, when the keychain's key has changed: it belongs in the old one's place. Else null. */
	renewed: string | null
}
