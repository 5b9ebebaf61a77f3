// Called by electron-builder when an app is packed and not yet signed.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * electron-builder 26 writes NSAllowsArbitraryLoads over what the configuration says (configureLocalhostAts
 * in its electronMac.js). The app loads nothing from the network, so it is turned off again here.
 */
export async function afterPack({ electronPlatformName, appOutDir, packager }) {
	if (electronPlatformName !== 'darwin') return
	const file = join(appOutDir, `${packager.appInfo.productFilename}.app`, 'Contents', 'Info.plist')
	const text = readFileSync(file, 'utf8')
	const strict = text.replace(/(<key>NSAllowsArbitraryLoads<\/key>\s*)<true\/>/, '$1<false/>')
	if (strict === text) throw new Error(`${file} has no NSAllowsArbitraryLoads: this hook may go`)
	writeFileSync(file, strict)
}
