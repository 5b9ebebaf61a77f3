import Conf from 'conf'
import { createEngine } from '../../src/engine/engine.ts'
import { attachOrHost } from '../../src/engine/rpc/host.ts'

/** A process of `run-kills.test.ts`: the app without a face of its own. Says `up` when faces can come. */
const [dataFolder = ''] = process.argv.slice(2)
const attachment = await attachOrHost(dataFolder, () =>
	createEngine({
		dataFolder,
		version: '0.0.0',
		ConfigStore: Conf,
		builtIn: null,
		keychain: null,
		resident: true,
	}),
)
process.stdout.write(attachment.hosted ? 'up\n' : 'there is another\n')
process.stdin.on('end', () => void attachment.close().then(() => process.exit(0)))
process.stdin.resume()
