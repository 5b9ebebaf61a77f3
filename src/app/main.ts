import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { app, powerMonitor } from 'electron'
import { dataFolder } from '../engine/rpc/data-folder.ts'
import { createActions } from './actions.ts'
import { setAppMenu } from './app-menu.ts'
import { followEngine } from './engine-face.ts'
import { superviseEngine } from './engine-supervisor.ts'
import { relayPages } from './ipc.ts'
import { serveKeychain } from './keychain-server.ts'
import { loginEnvironment } from './login-environment.ts'
import { showNotices } from './notifications.ts'
import { safeKeychain } from './safe-keychain.ts'
import { createTray } from './tray.ts'
import { wakeWith } from './wake.ts'
import { createAppWindow, registerPageScheme } from './window.ts'

/** The menu-bar app: everything it shows is drawn from the engine's state, which lives in its own process. */

const { values } = parseArgs({
	options: { home: { type: 'string' }, hidden: { type: 'boolean' } },
	strict: false,
	allowPositionals: true,
})
const home = dataFolder(typeof values.home === 'string' ? values.home : undefined)
const chromium = join(home, 'electron')
// Electron takes no folder that is not there yet.
mkdirSync(chromium, { recursive: true, mode: 0o700 })
// The lock below is kept in `userData`: one app per data folder. What Chromium keeps has a place of its own.
app.setPath('userData', home)
app.setPath('sessionData', chromium)
registerPageScheme()

if (app.requestSingleInstanceLock()) app.whenReady().then(start, fail)
else app.quit()

function start(): void {
	if (process.platform === 'darwin') app.setActivationPolicy('accessory')
	const built = app.getAppPath()
	const keychain = safeKeychain()
	const engineProcess = superviseEngine({
		entry: join(built, 'dist/app/engine.mjs'),
		args: [home, app.getVersion()],
		// A login shell may take its time: the bar and the window do not wait for it.
		env: loginEnvironment(),
		serve: (engine) => serveKeychain(engine, keychain),
	})
	const engine = followEngine(engineProcess.open)
	const window = createAppWindow(
		{
			page: join(built, 'dist/renderer'),
			preload: join(built, 'dist/app/preload.cjs'),
			icon: join(built, 'assets/generated/icon.png'),
		},
		(url) => perform({ do: 'open-url', url }),
	)
	const perform = createActions(engine, window)
	const tray = createTray(join(built, 'assets/generated'), perform)
	const disposers = [
		relayPages(engineProcess.open),
		engine.watch((state) => tray.show(state)),
		showNotices(engine, (place) => window.open(place)),
		wakeWith(powerMonitor, engine),
		() => tray.dispose(),
	]
	setAppMenu(perform)

	app.on('second-instance', () => window.open())
	// A status item can be hidden by the system: opening the app again always shows the window.
	app.on('activate', () => window.open())
	// The window is not the app.
	app.on('window-all-closed', () => {})
	quitAfter(async () => {
		for (const dispose of disposers) dispose()
		await engineProcess.stop()
	})
	if (values.hidden !== true) window.open()
}

/** Runs on workstations go on; what is in this process is ended in order, once. */
function quitAfter(end: () => Promise<void>): void {
	let ended = false
	const finish = () => {
		ended = true
		end().then(
			() => app.quit(),
			() => app.exit(1),
		)
	}
	app.on('before-quit', (event) => {
		if (ended) return
		event.preventDefault()
		finish()
	})
	// A quit that is held back would cancel a logout or shutdown on macOS, so then it is not.
	powerMonitor.on('shutdown', () => {
		if (!ended) finish()
	})
}

function fail(error: unknown): void {
	console.error('Hawser could not start:', error)
	app.exit(1)
}
