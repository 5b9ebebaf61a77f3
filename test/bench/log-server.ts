// The engine and the web face in a process of their own, as `hawser serve` has them, over a window that was built for this:
//   node log-server.ts DATA_FOLDER WINDOW_FOLDER
// Prints the address as a line; every line on its input starts a run; ends with its input.
import { createInterface } from 'node:readline'
import Conf from 'conf'
import { createEngine } from '../../src/engine/engine.ts'
import { serveEngine } from '../../src/engine/rpc/serve.ts'
import { serveWeb } from '../../src/web/server.ts'

const [dataFolder = '', rendererFolder = ''] = process.argv.slice(2)
const engine = await createEngine({
	dataFolder,
	version: '0.0.0',
	ConfigStore: Conf,
	builtIn: null,
	keychain: null,
	resident: true,
})
const server = await serveWeb({
	serveFace: (channel) => void serveEngine(engine, channel),
	port: 0,
	rendererFolder,
})
const nobody = { log: () => {}, pty: () => {}, ready: async () => {}, onClose: () => () => {} }
await new Promise<void>((done) => {
	const look = () => {
		if (engine.state().workstations.lab?.link.status === 'up') done()
	}
	engine.onChanges(look)
	look()
})
console.log(server.url)
for await (const _ of createInterface(process.stdin)) await engine.command('run', {}, nobody)
await server.close()
await engine.dispose()
