import { EventEmitter } from 'node:events'
import { registerHooks } from 'node:module'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { portChannel } from '../../src/app/port-channel.ts'
import { createClient } from '../../src/contract/client.ts'

/**
 * `engine-process-driver.ts <engine bundle> <data folder>`: what Electron's utility process would be to
 * the engine's bundle, in plain Node. Ends when the built-in workstation is connected and a stop was asked.
 */
const [bundle = '', dataFolder = ''] = process.argv.slice(2)

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

const parentPort = new EventEmitter()
Object.assign(process, { parentPort })
process.argv = [process.execPath, bundle, dataFolder, '9.9.9']
await import(bundle)

const { port1, port2 } = new MessageChannel()
parentPort.emit('message', { data: { kind: 'face' }, ports: [electronPort(port1)] })
const client = createClient(portChannel(electronPort(port2)))
client.watch((state) => {
	const up = Object.values(state.workstations).find(({ link }) => link.status === 'up')
	if (!up || Object.keys(state.projects).length === 0) return
	console.log(
		JSON.stringify({
			version: state.app.version,
			builtIn: up.builtIn,
			projects: Object.keys(state.projects).length,
		}),
	)
	parentPort.emit('message', { data: { kind: 'stop' }, ports: [] })
})
