import { EventEmitter } from 'node:events'
import { registerHooks } from 'node:module'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { KeychainRequest } from '../../src/app/engine-messages.ts'
import { portChannel } from '../../src/app/port-channel.ts'
import { createClient, ProblemError } from '../../src/contract/client.ts'
import type { CommandInput, CommandName, CommandOutput } from '../../src/contract/commands.ts'
import type { State } from '../../src/contract/state.ts'

/**
 * `engine-process-driver.ts <engine bundle> <data folder> [go]`: what Electron's utility process would be to
 * the engine's bundle, in plain Node. Waits for the built-in workstation, checks the line, with `go` takes
 * the demo project through it once, says what came of it, and stops the engine.
 */
const [bundle = '', dataFolder = '', whole = ''] = process.argv.slice(2)

// A utility process has an electron module with almost nothing in it.
registerHooks({
	resolve: (specifier, context, next) =>
		specifier === 'electron'
			? { url: 'data:text/javascript,export default {}', shortCircuit: true }
			: next(specifier, context),
})

function electronPort(port: MessagePort) {
	const events = Object.assign(new EventEmitter(), {
		start: () => port.on('message', (data: unknown) => events.emit('message', { data, ports: [] })),
		postMessage: (message: unknown) => port.postMessage(message),
		close: () => port.close(),
	})
	port.on('close', () => events.emit('close'))
	return events as unknown as Parameters<typeof portChannel>[0]
}

// A main process without a keychain.
const parentPort = Object.assign(new EventEmitter(), {
	postMessage({ kind, id }: KeychainRequest) {
		queueMicrotask(() => parentPort.emit('message', { data: { kind, id, answer: { ok: false } }, ports: [] }))
	},
})
Object.assign(process, { parentPort })
process.argv = [process.execPath, bundle, dataFolder, '9.9.9']
await import(bundle)

const { port1, port2 } = new MessageChannel()
parentPort.emit('message', { data: { kind: 'face' }, ports: [electronPort(port1)] })
const client = createClient(portChannel(electronPort(port2)))
const connected = Promise.withResolvers<State>()
client.watch((state) => {
	const up = Object.values(state.workstations).some(({ link }) => link.status === 'up')
	if (up && Object.keys(state.projects).length > 0) connected.resolve(state)
})
const state = await connected.promise

/** What a command answers; a refusal ends this process with its words. */
async function ask<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>> {
	const answer = await client.command(name, input)
	if (!answer.ok) throw new ProblemError(answer.problem)
	return answer.output
}
const { holds } = await ask('check', {})
const outcome = whole === 'go' ? await ask('waitOperation', await ask('go', {})) : null
console.log(
	JSON.stringify({
		version: state.app.version,
		builtIn: Object.values(state.workstations).map((workstation) => workstation.builtIn),
		projects: Object.keys(state.projects).length,
		holds,
		outcome: outcome?.status ?? null,
	}),
)
parentPort.emit('message', { data: { kind: 'stop' }, ports: [] })
