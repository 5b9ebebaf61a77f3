import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Where a bundle keeps the native parts, from its root or from a folder in it: see `src/setup/bundle.ts`. */
export const addonFolder = 'addons'

/** One build of a native part. */
export interface AddonBuild {
	/** In `addonFolder`. */
	file: string
	/** What `require` finds it by where nothing is bundled. */
	module: string
}

/** The first of these that can be loaded; or what kept the last from it. */
export function loadAddon(builds: readonly AddonBuild[]): { addon: object } | { failure: string } {
	const require = createRequire(import.meta.url)
	const beside = [import.meta.dirname, join(import.meta.dirname, '..')]
	const places = builds.flatMap(({ file, module }) => [
		...beside.map((folder) => join(folder, addonFolder, file)),
		module,
	])
	let failure = 'there is none'
	for (const place of places) {
		try {
			return { addon: require(place) as object }
		} catch (error) {
			const { code, message } = error as NodeJS.ErrnoException
			if (code !== 'MODULE_NOT_FOUND') failure = message.split('\n')[0] ?? ''
		}
	}
	return { failure }
}
