import {
	chmodSync,
	copyFileSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Plugin, rolldown } from 'rolldown'
import { build as buildPage } from 'vite'
import { addonFolder } from '../engine/native-addon.ts'
import { fileUrls } from './file-urls.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Entry {
	/** The module, from the root of the repository. */
	input: string
	/** The bundle, from `dist`. */
	output: string
	format: 'esm' | 'cjs'
	/** Can be started by its name. */
	executable?: true
}

export const entries: readonly Entry[] = [
	{ input: 'src/app/main.ts', output: 'app/main.mjs', format: 'esm' },
	{ input: 'src/app/engine-process.ts', output: 'app/engine.mjs', format: 'esm' },
	// A sandboxed preload can only be one CommonJS file that requires nothing but electron.
	{ input: 'src/preload.ts', output: 'app/preload.cjs', format: 'cjs' },
	{ input: 'src/setup/launch.mjs', output: 'cli.mjs', format: 'esm', executable: true },
	{ input: 'src/cli/main.ts', output: 'cli-program.mjs', format: 'esm' },
]

const ownPlace = { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' }

/**
 * ssh2 looks for its addons and does without them. One built for another Node would not load, so there
 * are none: each of these requires fails, and it goes on in JavaScript. (The one that watches trees is asked for by its
 * place: see `copyAddons`.)
 */
const withoutAddons: Plugin = {
	name: 'without-addons',
	resolveId: {
		filter: { id: /\.node$|^cpu-features$/ },
		handler: () => ({ id: '\0no-addon', moduleSideEffects: true }),
	},
	load: {
		filter: { id: /^\0no-addon$/ },
		handler: () => "throw new Error('Hawser uses no native addons')",
	},
}

/** Bundles one entry into `dist`; only electron and Node's own modules stay outside. */
export async function bundle(entry: Entry, dist: string, base = root): Promise<void> {
	const up = '../'.repeat(entry.output.split('/').length - 1)
	const bundled = await rolldown({
		input: join(base, entry.input),
		cwd: base,
		platform: entry.format === 'cjs' ? 'browser' : 'node',
		external: ['electron'],
		plugins: [
			withoutAddons,
			fileUrls({ root: join(base, 'src'), folder: 'files', fromEntry: up === '' ? './files' : `${up}files` }),
		],
		// What a CommonJS package calls its own place has other names in a module.
		transform: entry.format === 'esm' ? { define: ownPlace } : {},
		checks: { eval: false },
		logLevel: 'warn',
	})
	await bundled.write({
		dir: dist,
		format: entry.format,
		entryFileNames: entry.output,
		codeSplitting: false,
		comments: { legal: true, annotation: false, jsdoc: false },
	})
	await bundled.close()
	if (entry.executable) makeExecutable(join(dist, entry.output))
}

function makeExecutable(file: string): void {
	const text = readFileSync(file, 'utf8')
	// The bundler keeps the first line of a source that has one.
	if (!text.startsWith('#!')) writeFileSync(file, `#!/usr/bin/env node\n${text}`)
	chmodSync(file, 0o755)
}

/**
 * Puts the native parts that watch trees beside the bundles, each by the system that it is for. npm installs that of the
 * machine it runs on: an app that is built for another kind of machine has none, and looks through whole trees.
 */
export function copyAddons(dist: string): void {
	const to = join(dist, addonFolder)
	const packages = join(root, 'node_modules')
	const named = (scope: string, kind: RegExp) =>
		readdirSync(join(packages, scope)).filter((name) => kind.test(name))
	mkdirSync(to, { recursive: true })
	for (const name of named('@parcel', /^watcher-darwin-/))
		copyFileSync(join(packages, '@parcel', name, 'watcher.node'), join(to, `${name}.node`))
	for (const name of named('@koromix', /^koffi-linux-(?:x64|arm64)$/)) {
		const [, , machine] = name.split('-')
		for (const [libc, folder] of [
			['glibc', `linux_${machine}`],
			['musl', `musl_${machine}`],
		])
			copyFileSync(
				join(packages, '@koromix', name, folder ?? '', 'koffi.node'),
				join(to, `${name}-${libc}.node`),
			)
	}
}

/** A `dist` without this file is not whole, one with an older file than its sources is stale. */
export const stamp = '.built'

/** Builds everything anew, aside first: an app that runs from `dist` keeps its files until all are there. */
export async function buildAll(dist = join(root, 'dist')): Promise<void> {
	const cache = join(root, 'node_modules', '.cache')
	mkdirSync(cache, { recursive: true })
	const aside = mkdtempSync(join(cache, 'hawser-build-'))
	try {
		await buildPage({
			configFile: join(root, 'vite.config.ts'),
			root: join(root, 'renderer'),
			build: { outDir: join(aside, 'renderer'), emptyOutDir: true, chunkSizeWarningLimit: 1000 },
			logLevel: 'warn',
		})
		for (const entry of entries) await bundle(entry, aside)
		copyAddons(aside)
		writeFileSync(join(aside, stamp), '')
		chmodSync(aside, 0o755)
		rmSync(dist, { recursive: true, force: true })
		renameSync(aside, dist)
	} finally {
		rmSync(aside, { recursive: true, force: true })
	}
}

if (import.meta.main) await buildAll()
