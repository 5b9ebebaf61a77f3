import type { ParentPort } from 'electron'
import ElectronStore from 'electron-store'
import { createEngine } from '../engine/engine.ts'
import { type Attachment, attachOrHost } from '../engine/rpc/host.ts'
import { keepHeapSmall } from '../engine/small-heap.ts'
import { createBuiltIn } from '../workstation/built-in.ts'
import { type EngineRequest, engineRequestSchema } from './engine-messages.ts'
import { keychainClient } from './keychain-client.ts'
import { ownCli } from './own-cli.ts'
import { portChannel } from './port-channel.ts'

/**
 * The engine's own process: `engine.mjs <data folder> <version>`. It hosts the engine, or joins the one
 * that a terminal started in the same data folder; when that one ends, so does this process, and the next
 * one hosts. Requests that come early wait, but the keychain's answers do not: the engine may need them to start.
 */
const [dataFolder = '', version = ''] = process.argv.slice(2)
// TypeScript's types of Node do not know it; in a utility process it is always there.
const parent = (process as NodeJS.Process & { parentPort: ParentPort }).parentPort

const keychain = keychainClient(parent)
const attaching = attachOrHost(dataFolder, async () => {
	keepHeapSmall()
	return await createEngine({
		dataFolder,
		version,
		ConfigStore: ElectronStore,
		builtIn: createBuiltIn(dataFolder),
		keychain,
		resident: true,
		cli: await ownCli(import.meta.dirname, process.env),
	})
})
parent.on('message', ({ data, ports }) => {
	const { success, data: request } = engineRequestSchema.safeParse(data)
	if (!success) return
	if (request.kind === 'keychain') keychain.hear(request)
	// Without an engine this process ends, by the `await` below.
	else attaching.then((engine) => answer(request, ports, engine)).catch(() => {})
})
const attachment = await attaching
if (!attachment.hosted) attachment.client.onClose(() => process.exit(0))

function answer(request: EngineRequest, ports: Electron.MessagePortMain[], engine: Attachment): void {
	const [port] = ports
	if (request.kind === 'face' && port) engine.serveFace(portChannel(port))
	if (request.kind === 'stop') {
		engine.close().then(
			() => process.exit(0),
			() => process.exit(1),
		)
	}
}
