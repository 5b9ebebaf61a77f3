import { existsSync, mkdirSync, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { type Config, configSchema } from '../contract/config.ts'
import type { Problem } from '../contract/problem.ts'
import { problem } from './problems.ts'

/** What reads the file: `conf`, or electron-store (which extends it) in Electron. */
export type ConfigStore = new (options: {
	cwd: string
	configName: string
	accessPropertiesByDotNotation: boolean
	deserialize: (text: string) => Record<string, unknown>
}) => { readonly store: Record<string, unknown> }

export interface ConfigReading {
	/** The file as it is, or the last good one when it has a mistake. */
	config: Config
	problem: Problem | null
}

/** `['projects', 0, 'git']` as people write it: `projects[0].git`. */
function pathText(path: readonly PropertyKey[]): string {
	const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
	return text.replace(/^\./, '') || 'the top level'
}

/**
 * Pure. The store takes anything but an object for an empty one, which would close all there is.
 * @throws Error with the words for what is wrong
 */
export function parseText(text: string): Record<string, unknown> {
	let value: unknown
	try {
		// Some editors begin every file with a byte order mark.
		value = JSON.parse(text.replace(/^\uFEFF/, ''))
	} catch (error) {
		if (text.trim() === '') throw new Error('It is empty; the least it may hold is {}')
		const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ').slice(0, 200) : ''
		throw new Error(`It is not valid JSON: ${reason}`)
	}
	if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
	const what = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`
	throw new Error(`It holds ${what} where { … } is expected`)
}

const kinds: Record<string, string> = {
	array: 'a list',
	boolean: 'true or false',
	int: 'a whole number',
	number: 'a number',
	object: 'an object in { … }',
	string: 'text in quotes',
}

/** What the schema says of a mistake, for people. */
function mistakeText(message = 'It was not understood'): string {
	const [, expected = '', received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? []
	if (received === undefined) return message.charAt(0).toUpperCase() + message.slice(1)
	const kind = kinds[expected] ?? expected
	return received === 'undefined' ? `It is missing; ${kind} is expected` : `It must be ${kind}`
}

/** Pure: what was read from the file as a config, or the first mistake by its path. */
export function parseConfig(raw: unknown, file: string): { config: Config } | { problem: Problem } {
	const parsed = configSchema.safeParse(raw)
	if (parsed.success) return { config: parsed.data }
	const issue = parsed.error.issues[0]
	const path = pathText(issue?.path ?? [])
	return { problem: problem('config-invalid', { path, message: mistakeText(issue?.message), file }) }
}

/**
 * `config.json` of the data folder. Only ever read: nothing here writes or repairs it. A good reading is
 * also kept as `last-good-config.json`, which serves while the file has a mistake, also after a restart.
 */
export class ConfigFile {
	readonly path: string
	readonly #folder: string
	readonly #Store: ConfigStore
	#lastGood: Config | null = null

	constructor(dataFolder: string, Store: ConfigStore) {
		this.#folder = dataFolder
		this.path = join(dataFolder, 'config.json')
		this.#Store = Store
	}

	async read(): Promise<ConfigReading> {
		const result = this.#parse()
		if ('config' in result) {
			this.#lastGood = result.config
			// Not to be kept is no reason not to be used: a full disk must not stop what is there.
			if (existsSync(this.path)) await this.#keep(result.config).catch(() => {})
			return { config: result.config, problem: null }
		}
		this.#lastGood ??= await this.#kept()
		return { config: this.#lastGood, problem: result.problem }
	}

	/** Calls back when the file may have changed. Returns the disposer. */
	onChange(listener: () => void): () => void {
		let timer: NodeJS.Timeout | undefined
		mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
		// The folder is watched, not the file: editors replace the file, and it may not be there yet.
		const watcher = watch(this.#folder, (_event, name) => {
			if (name !== null && name !== 'config.json') return
			clearTimeout(timer)
			timer = setTimeout(listener, 100)
		})
		watcher.on('error', () => watcher.close())
		return () => {
			clearTimeout(timer)
			watcher.close()
		}
	}

	#parse(): { config: Config } | { problem: Problem } {
		try {
			const { store } = new this.#Store({
				cwd: this.#folder,
				configName: 'config',
				accessPropertiesByDotNotation: false,
				deserialize: parseText,
			})
			return parseConfig({ ...store }, this.path)
		} catch (error) {
			const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
			return { problem: problem('config-unreadable', { reason, file: this.path }) }
		}
	}

	get #keptPath(): string {
		return join(this.#folder, 'last-good-config.json')
	}

	async #keep(config: Config): Promise<void> {
		await writeFileAtomic(this.#keptPath, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
	}

	async #kept(): Promise<Config> {
		try {
			return configSchema.parse(JSON.parse(await readFile(this.#keptPath, 'utf8')))
		} catch {
			return configSchema.parse({})
		}
	}
}
