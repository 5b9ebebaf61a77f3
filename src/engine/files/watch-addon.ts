import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createWrapper } from '@parcel/watcher/wrapper.js'

/** What watches whole trees: paths are absolute, as text. */
export type WatchAddon = Pick<ReturnType<typeof createWrapper>, 'subscribe'>

/** Where a bundle keeps the native parts, from its root or from a folder in it: see `src/setup/bundle.ts`. */
export const addonFolder = 'addons'

let loaded: WatchAddon | { failure: string } | null = null

/** What watches trees; or what kept it from being loaded: then they are not watched. */
export function watchAddon(): WatchAddon | { failure: string } {
	loaded ??= load()
	return loaded
}

function load(): WatchAddon | { failure: string } {
	const require = createRequire(import.meta.url)
	const kind = `${process.platform}-${process.arch}`
	const names = (process.platform === 'linux' ? [`${kind}-glibc`, `${kind}-musl`] : [kind]).map(
		(name) => `watcher-${name}`,
	)
	const beside = [import.meta.dirname, join(import.meta.dirname, '..')]
	const places = names.flatMap((name) => [
		...beside.map((folder) => join(folder, addonFolder, `${name}.node`)),
		`@parcel/${name}`,
	])
	let failure = 'there is none'
	for (const place of places) {
		try {
			return createWrapper(require(place) as object)
		} catch (error) {
			const { code, message } = error as NodeJS.ErrnoException
			if (code !== 'MODULE_NOT_FOUND') failure = message.split('\n')[0] ?? ''
		}
	}
	return { failure }
}
