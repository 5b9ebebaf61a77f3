import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildAll } from './bundle.ts'
import { electronBinary, fetchElectron } from './electron-binary.ts'
import { isStale } from './stale.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What `npm start` runs, and the line to say before it. */
interface Launch {
	file: string
	args: string[]
	say: string | null
}

/** Why the app itself cannot be shown here; null: nothing known. */
function whyNoScreen(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string | null {
	if (platform !== 'linux' || env.DISPLAY || env.WAYLAND_DISPLAY) return null
	return 'There is no screen for Electron here'
}

const instead = 'The same window is served to a browser instead.'

/** Decides what to start. `args` are what came after `npm start --`. */
async function chooseLaunch(args: readonly string[]): Promise<Launch> {
	const rest = args.filter((arg) => arg !== '--web')
	const web = (say: string | null): Launch => ({
		file: process.execPath,
		args: [join(root, 'src/cli/main.ts'), 'serve', ...rest],
		say,
	})
	if (rest.length < args.length) return web(null)
	const blind = whyNoScreen(process.env, process.platform)
	if (blind) return web(`${blind}. ${instead}`)
	const binary = electronBinary(root) ?? (await fetchElectron(root))
	if (!binary) return web(`The Electron binary is not here and cannot be fetched. ${instead}`)
	const asRoot = process.platform === 'linux' && process.getuid?.() === 0
	return {
		file: binary,
		// Chromium refuses to run its sandbox as root.
		args: [...(asRoot ? ['--no-sandbox'] : []), root, ...rest.filter((arg) => arg !== '--no-open')],
		say: asRoot ? 'You are root, so the window runs without Chromium’s sandbox.' : null,
	}
}

function start({ file, args }: Launch): void {
	let asked = false
	// Before the child is there: a signal in between would end this process and leave the child behind.
	// Ctrl-C reaches the child by the terminal; what is sent to this process alone is handed on.
	process.on('SIGINT', () => {
		asked = true
	})
	process.on('SIGTERM', () => {
		asked = true
		child.kill('SIGTERM')
	})
	const child = spawn(file, args, { cwd: root, stdio: 'inherit' })
	child.on('error', (error) => {
		console.error(`Hawser could not be started: ${error.message}`)
		process.exit(1)
	})
	child.on('exit', (code) => process.exit(asked ? 0 : (code ?? 1)))
}

if (isStale(root)) {
	console.log('Building Hawser')
	await buildAll()
}
const launch = await chooseLaunch(process.argv.slice(2))
if (launch.say) console.log(launch.say)
start(launch)
