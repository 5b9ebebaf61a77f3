import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Conf from 'conf'
import { ProblemError } from '../../src/contract/client.ts'
import type { CommandInput, CommandName, CommandOutput, PtyChunk } from '../../src/contract/commands.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { CommandParsed, Face, HostedEngine } from '../../src/engine/rpc/served-engine.ts'
import { cleanups, server } from './linked.ts'
import { until } from './run-home.ts'
import type { Sshd, SshdOptions } from './sshd.ts'

/** A real engine whose workstation `lab` is a real sshd, for one test, and faces that open terminals on it. */
export interface TerminalBed {
	engine: HostedEngine
	sshd: Sshd
	dataFolder: string
	face(options?: { slow?: true }): TestFace
}

export async function terminalBed(
	options: SshdOptions & { projects?: Record<string, unknown>[]; cli?: readonly string[] } = {},
): Promise<TerminalBed> {
	const sshd = await server(options)
	const dataFolder = await mkdtemp(join(tmpdir(), 'hawser terminals '))
	cleanups.push(() => rm(dataFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }))
	const projects = (options.projects ?? []).map((project) => ({
		workstation: 'lab',
		local: join(dataFolder, 'none'),
		validation: { command: 'true' },
		...project,
	}))
	const config = { workstations: [{ name: 'lab', ssh: sshd.ssh }], projects }
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
	const engine = await createEngine({
		dataFolder,
		version: '0.0.0',
		ConfigStore: Conf,
		builtIn: null,
		keychain: null,
		resident: false,
		cli: options.cli ?? null,
	})
	cleanups.push(() => engine.dispose())
	return { engine, sshd, dataFolder, face: (how) => new TestFace(engine, how?.slow ?? false) }
}

/** One that is slow takes no more than 32 KiB a turn, and says when it has room. */
const slowBytes = 32 * 1024

export class TestFace implements Face {
	readonly #engine: HostedEngine
	readonly #slow: boolean
	readonly #ends = new Set<() => void>()
	#chunks: PtyChunk[] = []
	#untaken = 0
	#isGone = false
	#taking: Promise<void> | null = null
	mostUntaken = 0

	constructor(engine: HostedEngine, slow: boolean) {
		this.#engine = engine
		this.#slow = slow
	}

	log(): void {}

	pty(chunk: PtyChunk): void {
		if (this.#isGone) throw new Error('it was told something after it had gone')
		this.#chunks.push(chunk)
		this.#untaken += chunk.data.length
		this.mostUntaken = Math.max(this.mostUntaken, this.#untaken)
	}

	async ready(): Promise<void> {
		this.#taking ??= this.#take()
		if (this.#slow) await this.#taking
	}

	/** One at a time, however many wait for it. */
	async #take(): Promise<void> {
		while (!this.#isGone && this.#untaken > 0) {
			await new Promise((resolve) => setTimeout(resolve, 1))
			this.#untaken = Math.max(0, this.#untaken - slowBytes)
		}
		this.#taking = null
	}

	onClose(listener: () => void): () => void {
		if (this.#isGone) queueMicrotask(listener)
		else this.#ends.add(listener)
		return () => this.#ends.delete(listener)
	}

	leave(): void {
		this.#isGone = true
		for (const end of [...this.#ends]) end()
	}

	/** Listeners that a terminal left behind. */
	get listeners(): number {
		return this.#ends.size
	}

	call<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>> {
		return this.#engine.command(name, input as CommandParsed<N>, this)
	}

	async open(more: Partial<CommandInput<'openPty'>> = {}): Promise<TestPty> {
		const { pty } = await this.call('openPty', {
			what: 'shell',
			term: 'xterm',
			columns: 100,
			rows: 30,
			...more,
		})
		return new TestPty(this, pty)
	}

	of(pty: string): PtyChunk[] {
		return this.#chunks.filter((chunk) => chunk.pty === pty)
	}
}

export class TestPty {
	readonly face: TestFace
	readonly id: string

	constructor(face: TestFace, id: string) {
		this.face = face
		this.id = id
	}

	async type(data: string | Buffer): Promise<void> {
		await this.face.call('writePty', { pty: this.id, data: Buffer.from(data).toString('base64') })
	}

	bytes(): Buffer {
		return Buffer.concat(this.face.of(this.id).map(({ data }) => Buffer.from(data, 'base64')))
	}

	text(): string {
		return this.bytes().toString()
	}

	async says(words: string | RegExp): Promise<void> {
		await until(() => (typeof words === 'string' ? this.text().includes(words) : words.test(this.text())))
	}

	async end(): Promise<NonNullable<PtyChunk['exit']>> {
		await until(() => this.face.of(this.id).some(({ exit }) => exit !== null))
		const chunks = this.face.of(this.id)
		const last = chunks.at(-1)
		if (chunks.filter(({ exit }) => exit !== null).length !== 1 || !last?.exit)
			throw new Error('its end was not the last that was told')
		return last.exit
	}
}

export const problemOf = (work: Promise<unknown>) =>
	work.then(
		() => null,
		(error: unknown) => {
			if (error instanceof ProblemError) return error.problem
			throw error
		},
	)
