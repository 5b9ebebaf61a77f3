import { attachOrHost } from '../../src/engine/rpc/host.ts'
import { FakeEngine } from '../unit/rpc/fake-engine.ts'

/**
 * A process of `rpc.test.ts`: attaches to the engine of a data folder or hosts it, tells which it was
 * and what state it sees, and ends with its input. The state says which process the engine lives in.
 */
const [folder = ''] = process.argv.slice(2)
const attachment = await attachOrHost(folder, async () => {
	// Long enough for the other processes to come in while the engine is being made.
	await new Promise((resolve) => setTimeout(resolve, 150))
	const engine = new FakeEngine({
		pause: ({ until }) => {
			engine.say(`paused ${until}`)
			return {}
		},
	})
	engine.say(`engine of ${process.pid}`)
	return engine
})
const tell = (line: string) => void process.stdout.write(`${line}\n`)
tell(attachment.hosted ? 'hosted' : 'attached')
attachment.client.watch((state) => tell(state.summary.line))
attachment.client.onClose(() => tell('gone'))
process.stdin.on('end', () => {
	attachment.close().then(() => process.exit(0), tell)
})
process.stdin.resume()
