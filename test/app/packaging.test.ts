import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { extractAll, extractFile, listPackage, statFile } from '@electron/asar'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { glyphs } from '../../src/contract/state.ts'
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
function filesNamedByBundles(asar: string, bundles: string[]): { name: string; before: string }[] {
	return bundles.flatMap((bundle) => {
		const text = extractFile(asar, bundle).toString()
		const found = text.matchAll(/new URL\(([`"'])(.*?)\1,\s*import\.meta\.url\)/g)
		return [...found].map(({ 2: path = '', index }) => ({
			name: join('/', bundle, '..', path),
			before: text.slice(index - 40, index),
		}))
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

	const bundles = ['dist/app/main.mjs', 'dist/app/engine.mjs', 'dist/app/preload.cjs']
	/** The names of all files under a folder of the repository, from there. */
	const filesUnder = (folder: string, wanted = /./) =>
		readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
			.filter((entry) => entry.isFile() && wanted.test(entry.name))
			.map((entry) => relative(join(root, folder), join(entry.parentPath, entry.name)))
	const packed = (folder: string) =>
		names
			.filter((name) => name.startsWith(`/${folder}/`) && 'size' in statFile(asar, name.slice(1)))
			.map((name) => name.slice(folder.length + 2))

	test('holds its entries, and the command for a terminal', () => {
		expect(names).toEqual(expect.arrayContaining(bundles.map((name) => `/${name}`)))
		expect(JSON.parse(extractFile(asar, 'package.json').toString()).main).toBe(bundles[0])
		expect(packed('dist/app').toSorted()).toEqual(['engine.mjs', 'main.mjs', 'preload.cjs'])
	})

	test('holds every script and every file of the demo, as they are in the sources, and no other', () => {
		const wanted = [
			...filesUnder('src/engine/remote', /\.(sh|py)$/).map((name) => `engine/remote/${name}`),
			...filesUnder('src/engine/link', /\.sh$/).map((name) => `engine/link/${name}`),
			'workstation/nvidia-smi.sh',
			...filesUnder('src/workstation/demo').map((name) => `workstation/demo/${name}`),
		]
		expect(wanted).toEqual(
			expect.arrayContaining(
				['run-wrapper', 'log-follow', 'git-up'].map((name) => `engine/remote/${name}.sh`),
			),
		)
		expect(packed('dist/files').toSorted()).toEqual(wanted.toSorted())
		for (const name of wanted) {
			const source = readFileSync(join(root, 'src', name))
			expect(extractFile(asar, `dist/files/${name}`).equals(source), name).toBe(true)
		}
	})

	test('holds every file that a bundle reads, and they only read it: nothing in an archive can be run', () => {
		const wanted = filesNamedByBundles(asar, bundles)
		expect(wanted.length).toBeGreaterThan(0)
		for (const { name, before } of wanted) {
			expect(before, name).toMatch(/\breadFile(Sync)?\($/)
			const pattern = new RegExp(
				`^${name
					.replaceAll(/\$\{[^}]*\}/g, '*')
					.replaceAll('.', '\\.')
					.replaceAll('*', '[^/]+')}$`,
			)
			expect(
				names.some((one) => pattern.test(one)),
				name,
			).toBe(true)
		}
	})

	test('holds the window with every file that its page asks for', () => {
		const page = extractFile(asar, 'dist/renderer/index.html').toString()
		const asked = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
		expect(asked.length).toBeGreaterThan(2)
		for (const name of asked) expect(names).toContain(join('/dist/renderer', name))
		// The policy allows no script in the page itself.
		expect(page).not.toMatch(/<script(?![^>]*\ssrc=)|\son[a-z]+="|<style/)
	})

	test('holds every glyph for both platforms at both sizes, and the icon', () => {
		const made = glyphs.flatMap((glyph) => [`${glyph}Template`, `${glyph}-light`, `${glyph}-dark`])
		const wanted = made.flatMap((name) => [`${name}.png`, `${name}@2x.png`])
		expect(packed('assets/generated').toSorted()).toEqual([...wanted, 'icon.png'].toSorted())
	})

	test('its engine works from where the package has it: the line holds, and the demo goes all the way', async () => {
		const unpacked = join(temp, 'unpacked')
		extractAll(asar, unpacked)
		const driver = fileURLToPath(new URL('./engine-process-driver.ts', import.meta.url))
		const { stdout } = await promisify(execFile)(
			process.execPath,
			[driver, join(unpacked, 'dist/app/engine.mjs'), join(temp, 'home'), 'go'],
			{ timeout: 110_000, env: { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: '/nonexistent' } },
		)
		expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({
			builtIn: [true],
			projects: 1,
			holds: true,
			outcome: 'succeeded',
		})
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
