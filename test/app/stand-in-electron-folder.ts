import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where a binary keeps its fuses: these bytes, a version, how many, and each as a digit. */
const sentinel = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX')
const fuseCount = 9
const binary = Buffer.concat([
	Buffer.from('stand-in\n'),
	sentinel,
	Buffer.from([1, fuseCount]),
	Buffer.from('101100011'),
	Buffer.from('\n'),
])

function put(file: string, data: string | Buffer, mode = 0o644): void {
	mkdirSync(dirname(file), { recursive: true })
	writeFileSync(file, data)
	chmodSync(file, mode)
}

/** A folder that electron-builder takes for Electron's Linux build. Nothing in it runs. */
export function linuxElectron(folder: string, version: string): string {
	put(join(folder, 'electron'), binary, 0o755)
	put(join(folder, 'chrome_crashpad_handler'), 'stand-in', 0o755)
	put(join(folder, 'version'), version)
	for (const name of ['LICENSE', 'LICENSES.chromium.html', 'locales/en-US.pak']) put(join(folder, name), '')
	mkdirSync(join(folder, 'resources'), { recursive: true })
	return folder
}

const plist = (name: string) => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>CFBundleExecutable</key><string>${name}</string>
<key>CFBundleName</key><string>${name}</string>
<key>CFBundleIdentifier</key><string>com.github.Electron</string>
</dict></plist>
`

/** The same for macOS. */
export function macElectron(folder: string, version: string): string {
	const app = join(folder, 'Electron.app', 'Contents')
	put(join(app, 'Info.plist'), plist('Electron'))
	put(join(app, 'MacOS/Electron'), binary, 0o755)
	put(join(app, 'Resources/electron.icns'), '')
	put(join(app, 'Frameworks/Electron Framework.framework/Electron Framework'), binary, 0o755)
	put(join(app, 'Frameworks/Electron Framework.framework/Versions/A/Resources/en.lproj/locale.pak'), '')
	for (const kind of ['', ' (Renderer)', ' (GPU)', ' (Plugin)']) {
		const helper = `Electron Helper${kind}`
		put(join(app, `Frameworks/${helper}.app/Contents/Info.plist`), plist(helper))
		put(join(app, `Frameworks/${helper}.app/Contents/MacOS/${helper}`), binary, 0o755)
	}
	put(join(folder, 'version'), version)
	for (const name of ['LICENSE', 'LICENSES.chromium.html']) put(join(folder, name), '')
	return folder
}
