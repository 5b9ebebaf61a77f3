import { fileURLToPath } from 'node:url'
import Conf from 'conf'
import open from 'open'
import { createEngine } from '../engine/engine.ts'
import { runInTerminal } from '../engine/process/terminal.ts'
import { attachOrHost } from '../engine/rpc/host.ts'
import { keepHeapSmall } from '../engine/small-heap.ts'
import { createBuiltIn } from '../workstation/built-in.ts'
import type { Doors } from './session.ts'

/** Joins the terminal to the engine: the only file here that knows how one is made. `program`: this one's file. */
export function realDoors(version: string, program: string): Doors {
	return {
		version,
		openEngine: (dataFolder, resident) =>
			attachOrHost(dataFolder, () => {
				keepHeapSmall()
				return createEngine({
					dataFolder,
					version,
					ConfigStore: Conf,
					builtIn: createBuiltIn(dataFolder),
					// The keychain is Electron’s: the app holds it.
					keychain: null,
					resident,
					cli: [process.execPath, program],
				})
			}),
		openBrowser: async (url) => {
			const child = await open(url)
			child.on('error', () => {})
		},
		runInTerminal,
		// Beside the built program, and from the sources.
		rendererFolders: ['./renderer', '../../dist/renderer'].map((folder) =>
			fileURLToPath(new URL(folder, import.meta.url)),
		),
	}
}
