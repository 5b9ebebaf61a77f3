import Conf from 'conf'
import type { CommandInput, CommandName, CommandOutput, LogChunk } from '../../src/contract/commands.ts'
import type { State } from '../../src/contract/state.ts'
import type { BuiltIn } from '../../src/engine/built-in.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Keychain } from '../../src/engine/keychain.ts'
import type { CommandParsed, Face } from '../../src/engine/rpc/served-engine.ts'

/** A real engine in this process, with one face: the test. */
export interface EngineUnderTest {
	state(): State
	call<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>>
	/** Settles with what `pick` gives once that is neither null nor undefined nor false. */
	until<T>(pick: (state: State) => T | null | undefined | false): Promise<T>
	/** What was pushed of the logs this face follows. */
	log: LogChunk[]
	dispose(): Promise<void>
}

export async function startEngine(options: {
	dataFolder: string
	builtIn?: BuiltIn | null
	keychain?: Keychain | null
	resident?: boolean
}): Promise<EngineUnderTest> {
	const engine = await createEngine({
		dataFolder: options.dataFolder,
		version: '0.0.0',
		ConfigStore: Conf,
		builtIn: options.builtIn ?? null,
		keychain: options.keychain ?? null,
		resident: options.resident ?? false,
	})
	const log: LogChunk[] = []
	const face: Face = {
		log: (chunk) => log.push(chunk),
		pty: () => {},
		ready: async () => {},
		onClose: () => () => {},
	}
	return {
		log,
		state: () => engine.state(),
		call: (name, input) => engine.command(name, input as CommandParsed<typeof name>, face),
		until: async (pick) => {
			const done = Promise.withResolvers<NonNullable<ReturnType<typeof pick>>>()
			const look = () => {
				const found = pick(engine.state())
				if (found !== null && found !== undefined && found !== false) done.resolve(found as never)
			}
			const stop = engine.onChanges(look)
			look()
			try {
				return (await done.promise) as never
			} finally {
				stop()
			}
		},
		dispose: () => engine.dispose(),
	}
}
