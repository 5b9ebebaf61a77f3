import type { Keychain, Opened } from '../../src/engine/keychain.ts'

/**
 * Stands in for the system's keychain: it seals by a label and base64 instead of a cipher, so nothing that it
 * sealed is secret.
 */
export class StandInKeychain implements Keychain {
	/** What it was asked, in order. */
	readonly asked: string[] = []
	/** Another machine has another key. */
	key = 'key 1'
	/** Keys it had before: what they sealed still opens, and is sealed anew. */
	formerKeys: string[] = []
	there = true
	/** What a call waits for, by its name: it may reject, and may never settle. */
	readonly before: Partial<Record<keyof Keychain, () => Promise<unknown>>> = {}

	async available(): Promise<boolean> {
		this.asked.push('available')
		await this.before.available?.()
		return this.there
	}

	async seal(secret: string): Promise<string> {
		this.asked.push('seal')
		await this.before.seal?.()
		if (!this.there) throw new Error('there is no keychain')
		return Buffer.from(`sealed by ${this.key}: ${secret}`).toString('base64')
	}

	async open(sealed: string): Promise<Opened> {
		this.asked.push('open')
		await this.before.open?.()
		const text = Buffer.from(sealed, 'base64').toString()
		const [, key = '', secret = ''] = /^sealed by ([^:]*): (.*)$/s.exec(text) ?? []
		const former = this.formerKeys.includes(key)
		if (!this.there || !(key === this.key || former)) throw new Error('it does not open')
		return { secret, renewed: former ? await this.seal(secret) : null }
	}
}
