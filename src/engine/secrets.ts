import { type Keychain, keychainLimitMs, type Opened } from './keychain.ts'
import type { LoginSecrets, SecretName } from './link/login.ts'
import { type Kept, SecretFile } from './secret-file.ts'

/** A login without a kept secret waits no longer (ms) for whether there is a keychain. */
const availableLimitMs = 2000

/** One name of one workstation. */
interface Entry {
	readonly workstation: string
	readonly name: SecretName
	memory: string | null
	sealed: string | null
	/** One for all who ask meanwhile: the system asks the person once. */
	opening: Promise<string | null> | null
	/** The keychain did not open it: it is not asked again before the next connect. */
	refused: boolean
	/** Counts each `put` and `forget`: what was on its way into the file before has no say any more. */
	wish: number
	/** The same for memory, which `clearMemory` empties too. */
	round: number
}

/**
 * The secrets of all logins. In memory while their workstation is wanted; those a person asked to keep also lie
 * sealed in the data folder. The keychain is asked only when a login needs it. A kept secret that cannot be
 * opened (another machine's, a keychain that refuses or is silent) is as good as none: the person is asked.
 */
export class Secrets {
	readonly #file: SecretFile
	readonly #keychain: Keychain | null
	readonly #entries = new Map<string, Entry>()
	readonly #listeners = new Set<(workstation: string) => void>()
	readonly #ended = new AbortController()
	#available = false
	#asking: Promise<void> | null = null

	private constructor(file: SecretFile, keychain: Keychain | null, kept: readonly Kept[]) {
		this.#file = file
		this.#keychain = keychain
		for (const { workstation, name, sealed } of kept) this.#entry(workstation, name).sealed = sealed
	}

	/** `keychain` null: nothing can be kept or opened, but what is kept can still be forgotten. Never rejects. */
	static async open(dataFolder: string, keychain: Keychain | null): Promise<Secrets> {
		const file = new SecretFile(dataFolder)
		return new Secrets(file, keychain, await file.read())
	}

	of(workstation: string): LoginSecrets {
		const secrets = this
		return {
			/** Known once a `get` has settled: asking the keychain earlier could make it ask the person. */
			get mayKeep() {
				return secrets.#available
			},
			get: (name) => this.#get(this.#entry(workstation, name)),
			put: (name, secret, keep) => this.#put(this.#entry(workstation, name), secret, keep),
			// A wrong one that stays on the disk is tried once more by the next process, and asked for again.
			forget: (name) => this.#forget([this.#entry(workstation, name)]).catch(() => {}),
		}
	}

	/** Something of this workstation lies sealed in the data folder. */
	keeps(workstation: string): boolean {
		return this.#of(workstation).some(({ sealed }) => sealed !== null)
	}

	/** Called with the workstation whose `keeps` may have changed. Returns the disposer. */
	onChange(listener: (workstation: string) => void): () => void {
		this.#listeners.add(listener)
		return () => this.#listeners.delete(listener)
	}

	/** It is not wanted any more. What is kept stays kept. */
	clearMemory(workstation: string): void {
		for (const entry of this.#of(workstation)) {
			entry.memory = null
			entry.opening = null
			entry.refused = false
			entry.round += 1
		}
	}

	/**
	 * Memory and file.
	 * @throws the file system's error; then it is on the disk still, and only this process has forgotten it
	 */
	forget(workstation: string): Promise<void> {
		return this.#forget(this.#of(workstation))
	}

	/** Waits for no keychain any more; settles when nothing is being written. */
	async dispose(): Promise<void> {
		this.#ended.abort()
		await this.#file.flush()
	}

	async #get(entry: Entry): Promise<string | null> {
		if (entry.memory !== null) return entry.memory
		if (this.#keychain && entry.sealed !== null && !entry.refused) {
			entry.opening ??= this.#open(entry, this.#keychain, entry.sealed)
			return await entry.opening
		}
		await this.#within(availableLimitMs, this.#askAvailable()).catch(() => {})
		return entry.memory
	}

	async #open(entry: Entry, keychain: Keychain, sealed: string): Promise<string | null> {
		const { round } = entry
		const opened = await this.#within(keychainLimitMs, keychain.open(sealed)).catch((): Opened | null => null)
		if (opened) this.#available = true
		// What a person then types may be kept again, if only the seal was bad.
		else await this.#within(availableLimitMs, this.#askAvailable()).catch(() => {})
		if (entry.round !== round) return entry.memory
		entry.opening = null
		if (!opened) {
			entry.refused = true
			return null
		}
		entry.memory = opened.secret
		if (opened.renewed !== null) {
			entry.sealed = opened.renewed
			// The old one still opens; the next time brings the next try.
			await this.#write().catch(() => {})
		}
		return opened.secret
	}

	/** Settles when memory has it and, with `keep`, when it lies on the disk or cannot; `keeps` tells which. */
	async #put(entry: Entry, secret: string, keep: boolean): Promise<void> {
		const wish = renew(entry)
		const before = entry.sealed
		entry.memory = secret
		if (!keep || !this.#keychain) return
		const sealed = await this.#within(keychainLimitMs, this.#keychain.seal(secret)).catch(() => null)
		if (sealed === null || entry.wish !== wish) return
		entry.sealed = sealed
		try {
			await this.#write()
		} catch {
			if (entry.wish === wish) entry.sealed = before
		}
		this.#tell(entry.workstation)
	}

	async #forget(entries: readonly Entry[]): Promise<void> {
		const kept = entries.filter(({ sealed }) => sealed !== null)
		for (const entry of entries) {
			renew(entry)
			entry.memory = null
			entry.sealed = null
		}
		if (kept.length === 0) return
		for (const workstation of new Set(kept.map((entry) => entry.workstation))) this.#tell(workstation)
		await this.#write()
	}

	#askAvailable(): Promise<void> {
		if (this.#available || !this.#keychain) return Promise.resolve()
		this.#asking ??= this.#within(keychainLimitMs, this.#keychain.available())
			.then(
				(available) => {
					this.#available = available
				},
				() => {},
			)
			.finally(() => {
				this.#asking = null
			})
		return this.#asking
	}

	/** Rejects when it takes longer, and at the end; what it comes to after that is dropped. */
	async #within<T>(ms: number, promise: Promise<T>): Promise<T> {
		const { signal } = this.#ended
		let end = () => {}
		const limit = new Promise<never>((_, reject) => {
			const stop = () => reject(signal.reason)
			const timer = setTimeout(() => reject(new Error(`nothing after ${ms} ms`)), ms)
			signal.addEventListener('abort', stop)
			if (signal.aborted) stop()
			end = () => {
				clearTimeout(timer)
				signal.removeEventListener('abort', stop)
			}
		})
		return await Promise.race([promise, limit]).finally(end)
	}

	#write(): Promise<void> {
		return this.#file.write(() =>
			[...this.#entries.values()].flatMap(({ workstation, name, sealed }) =>
				sealed === null ? [] : [{ workstation, name, sealed }],
			),
		)
	}

	#tell(workstation: string): void {
		for (const listener of this.#listeners) listener(workstation)
	}

	#of(workstation: string): Entry[] {
		return [...this.#entries.values()].filter((entry) => entry.workstation === workstation)
	}

	#entry(workstation: string, name: SecretName): Entry {
		const what = name.kind === 'passphrase' ? [name.file] : [name.user, name.host, name.port]
		const key = JSON.stringify([workstation, name.kind, ...what])
		const known = this.#entries.get(key)
		if (known) return known
		const entry: Entry = {
			workstation,
			name,
			memory: null,
			sealed: null,
			opening: null,
			refused: false,
			wish: 0,
			round: 0,
		}
		this.#entries.set(key, entry)
		return entry
	}
}

/** Answers the wish that counts from now on. */
function renew(entry: Entry): number {
	entry.opening = null
	entry.refused = false
	entry.round += 1
	entry.wish += 1
	return entry.wish
}
