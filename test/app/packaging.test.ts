import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { extractFile, listPackage } from '@electron/asar'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildAll } from '../../src/setup/bundle.ts'
import { isStale } from '../../src/setup/stale.ts'
import { linuxElectron, macElectron } from './stand-in-electron-folder.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const config = join(root, 'electron-builder.yml')
const electronVersion: string = JSON.parse(
	readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8'),
).version
const temp = mkdtempSync(join(tmpdir(), 'hawser-packaging-'))

beforeAll(async () => {
	if (isStale(root)) await buildAll()
})
afterAll(() => rmSync(temp, { recursive: true, force: true }))

/** Packs the app over a stand-in for Electron, offline. Returns the output folder. */
async function pack(platform: 'linux' | 'mac', arch: 'x64' | 'arm64'): Promise<string> {
	const output = join(temp, platform)
	const make = platform === 'linux' ? linuxElectron : macElectron
	const electronDist = make(join(temp, `electron-${platform}`), electronVersion)
	const builder = join(root, 'node_modules/electron-builder/cli.js')
	const args = [
		builder,
		`--${platform}`,
		'dir',
		`--${arch}`,
		`-c.electronDist=${electronDist}`,
		`-c.electronVersion=${electronVersion}`,
		`-c.directories.output=${output}`,
		...(platform === 'mac' ? ['-c.mac.identity=null'] : []),
		'--publish=never',
	]
	await promisify(execFile)(process.execPath, args, {
		cwd: root,
		env: { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: '/nonexistent' },
		timeout: 90_000,
	})
	return output
}

/** What the app's entries read at run time, from the files of the build itself. */
function filesNamedByBundles(asar: string, bundles: string[]): string[] {
	return bundles.flatMap((bundle) => {
		const text = extractFile(asar, bundle).toString()
		return [...text.matchAll(/new URL\([`"']((?:\.\.?\/)+files\/[^`"']+)[`"'], import\.meta\.url\)/g)].map(
			(match) => join('/', bundle, '..', match[1] ?? ''),
		)
	})
}

describe('the configuration', () => {
	test('is valid, and a mistake in it would be found', async () => {
		const require = createRequire(createRequire(import.meta.url).resolve('electron-builder'))
		const { getConfig, validateConfiguration } = require('app-builder-lib/out/util/config/config')
		const { DebugLogger } = require('builder-util')
		const validate = async (file: string) =>
			await validateConfiguration(await getConfig(root, file, null), new DebugLogger(false))
		await validate(config)
		const wrong = join(temp, 'wrong.yml')
		writeFileSync(wrong, `${readFileSync(config, 'utf8')}\nnpmRebuilt: false\n`)
		await expect(validate(wrong)).rejects.toThrow(/npmRebuilt/)
	})
})

describe('the packed app for Linux', () => {
	let asar: string
	let names: string[]
	let app: string
	beforeAll(async () => {
		app = join(await pack('linux', 'x64'), 'linux-unpacked')
		asar = join(app, 'resources/app.asar')
		names = listPackage(asar, { isPack: false })
	})

	test('holds its entries, the window, the glyphs and every file that a bundle reads', () => {
		const bundles = ['dist/app/main.mjs', 'dist/app/engine.mjs', 'dist/app/preload.cjs']
		expect(names).toEqual(expect.arrayContaining(bundles.map((name) => `/${name}`)))
		expect(JSON.parse(extractFile(asar, 'package.json').toString()).main).toBe(bundles[0])
		expect(names).toContain('/dist/renderer/index.html')
		for (const glyph of ['ok', 'down']) {
			expect(names).toContain(`/assets/generated/${glyph}Template@2x.png`)
			expect(names).toContain(`/assets/generated/${glyph}-dark.png`)
		}
		const wanted = filesNamedByBundles(asar, bundles)
		expect(wanted.length).toBeGreaterThan(0)
		for (const name of wanted) {
			const pattern = new RegExp(
				`^${name
					.replaceAll(/\$\{[^}]*\}/g, '*')
					.replaceAll('.', '\\.')
					.replaceAll('*', '[^/]+')}$`,
			)
			expect(
				names.some((packed) => pattern.test(packed)),
				name,
			).toBe(true)
		}
	})

	test('needs no package: its bundles import electron and Node alone', async () => {
		const { builtinModules } = await import('node:module')
		const inside = new Set(['electron', ...builtinModules, ...builtinModules.map((name) => `node:${name}`)])
		for (const bundle of ['dist/app/main.mjs', 'dist/app/engine.mjs']) {
			const text = extractFile(asar, bundle).toString()
			const imports = [...text.matchAll(/^import\s[^;]*?from\s*["']([^"']+)["'];?$/gm)].map(
				(match) => match[1] ?? '',
			)
			expect(imports.length).toBeGreaterThan(3)
			expect(imports.filter((name) => !inside.has(name) && !name.startsWith('node:'))).toEqual([])
		}
		expect(names.filter((name) => name.includes('node_modules'))).toEqual([])
	})

	test('holds nothing of the tests or the sources', () => {
		const folders = new Set(names.map((name) => name.split('/')[1]))
		expect([...folders].toSorted()).toEqual(['assets', 'dist', 'package.json'])
		expect(names.filter((name) => /\.(ts|tsx|map)$|\/test\//.test(name))).toEqual([])
	})

	test('has its fuses set', async () => {
		const wire = await getCurrentFuseWire(join(app, 'hawser'))
		const { ENABLE, DISABLE } = FuseState
		expect(wire[FuseV1Options.RunAsNode]).toBe(DISABLE)
		expect(wire[FuseV1Options.EnableCookieEncryption]).toBe(ENABLE)
		expect(wire[FuseV1Options.EnableNodeOptionsEnvironmentVariable]).toBe(DISABLE)
		expect(wire[FuseV1Options.EnableNodeCliInspectArguments]).toBe(DISABLE)
		expect(wire[FuseV1Options.EnableEmbeddedAsarIntegrityValidation]).toBe(ENABLE)
		expect(wire[FuseV1Options.OnlyLoadAppFromAsar]).toBe(ENABLE)
		expect(wire[FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]).toBe(DISABLE)
		expect(wire[FuseV1Options.GrantFileProtocolExtraPrivileges]).toBe(DISABLE)
	})
})

describe('the packed app for macOS', () => {
	test('lives in the menu bar, may ask for the local network, loads nothing unencrypted, is sealed', async () => {
		const output = await pack('mac', 'arm64')
		const app = join(output, 'mac-arm64/Hawser.app/Contents')
		const info = readFileSync(join(app, 'Info.plist'), 'utf8').replaceAll(/>\s+</g, '><')
		expect(info).toContain('<key>LSUIElement</key><true/>')
		expect(info).toMatch(/<key>NSLocalNetworkUsageDescription<\/key><string>[^<]{40,}</)
		expect(info).toContain('<key>NSAllowsArbitraryLoads</key><false/>')
		expect(info).not.toContain('<key>NSAllowsArbitraryLoads</key><true/>')
		expect(info).toContain('<string>public.app-category.developer-tools</string>')
		expect(info).toMatch(/<key>ElectronAsarIntegrity<\/key><dict><key>Resources\/app\.asar<\/key>/)
		expect(listPackage(join(app, 'Resources/app.asar'), { isPack: false })).toContain('/dist/app/main.mjs')
	})
})
