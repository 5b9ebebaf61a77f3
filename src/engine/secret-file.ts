import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'
import type { SecretName } from './link/login.ts'
import { readPlainFile } from './plain-file.ts'

const nameSchema = z.discriminatedUnion('kind', [
	z.object({ kind: z.literal('passphrase'), file: z.string() }),
	z.object({ kind: z.literal('password'), user: z.string(), host: z.string(), port: z.int() }),
]) satisfies z.ZodType<SecretName>

/** One secret, sealed by the keychain: the file holds no plain text. */
const keptSchema = z.object({ workstation: z.string(), name: nameSchema, sealed: z.base64() })
export type Kept = z.infer<typeof keptSchema>
const fileSchema = z.object({ version: z.literal(1), kept: z.array(keptSchema) })

/** Far more than any number of logins needs. */
const mostBytes = 1024 * 1024

/** `secrets.json` of the data folder, mode 0600: what a person asked to keep, sealed. */
export class SecretFile {
	readonly #path: string
	#last: Promise<void> = Promise.resolve()

	constructor(dataFolder: string) {
		this.#path = join(dataFolder, 'secrets.json')
	}

	/** Nothing when it is missing, unreadable or not understood. */
	async read(): Promise<Kept[]> {
		await this.#sweep()
		try {
			return fileSchema.parse(JSON.parse(String(await readPlainFile(this.#path, mostBytes)))).kept
		} catch {
			return []
		}
	}

	/**
	 * Writes what `kept` answers when its turn has come: whole or not at all, one after another.
	 * @throws the file system's error
	 */
	write(kept: () => Kept[]): Promise<void> {
		const writing = this.#last.then(async () => {
			const now = kept()
			// An empty file would say no more, and removing works on a full disk too.
			if (now.length === 0) return await rm(this.#path, { force: true })
			const text = `${JSON.stringify({ version: 1, kept: now })}\n`
			await writeFileAtomic(this.#path, text, { mode: 0o600 })
		})
		this.#last = writing.catch(() => {})
		return writing
	}

	/** Settles when nothing is being written. */
	flush(): Promise<void> {
		return this.#last
	}

	/** A write that was killed leaves its unfinished copy, and what is forgotten must be gone from there too. */
	async #sweep(): Promise<void> {
		const folder = dirname(this.#path)
		const names = await readdir(folder).catch(() => [])
		for (const name of names.filter((name) => /^secrets\.json\.\d+$/.test(name)))
			await rm(join(folder, name), { force: true }).catch(() => {})
	}
}
