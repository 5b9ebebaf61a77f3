import ssh2, { type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2'

/** The bare signature, or null: this key cannot be used after all. `hash` is for RSA keys. */
export type Signer = (data: Buffer, hash: string | undefined) => Promise<Buffer | null>

/**
 * Offers one key. ssh2 asks it for a signature only after the server has said that it would take the key: so a
 * locked key is known to be the right one before anybody is bothered for its passphrase.
 */
export class OneKey extends ssh2.BaseAgent<ParsedKey> {
	readonly #key: ParsedKey
	readonly #sign: Signer

	constructor(key: ParsedKey, sign: Signer) {
		super()
		this.#key = key
		this.#sign = sign
	}

	getIdentities(callback: (error?: Error | null, keys?: ParsedKey[]) => void): void {
		callback(null, [this.#key])
	}

	sign(
		_key: ParsedKey,
		data: Buffer,
		options: SigningRequestOptions | SignCallback,
		last?: SignCallback,
	): void {
		const callback = (typeof options === 'function' ? options : last) ?? (() => {})
		const hash = typeof options === 'function' ? undefined : options.hash
		const refuse = () => callback(new Error('no signature'))
		void this.#sign(data, hash).then((signature) => {
			if (!signature) return refuse()
			try {
				callback(null, signature)
			} catch {
				// ssh2 throws at a signature that it cannot take apart: an agent gave rubbish.
				refuse()
			}
		}, refuse)
	}
}
