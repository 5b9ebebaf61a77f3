import { createWrapper } from '@parcel/watcher/wrapper.js'
import { loadAddon } from '../native-addon.ts'

/** What watches whole trees: paths are absolute, as text. */
export type WatchAddon = Pick<ReturnType<typeof createWrapper>, 'subscribe'>

let loaded: WatchAddon | { failure: string } | null = null

/** What watches trees on macOS; or what kept it from being loaded: then they are not watched. */
export function watchAddon(): WatchAddon | { failure: string } {
	loaded ??= load()
	return loaded
}

function load(): WatchAddon | { failure: string } {
	const kind = `${process.platform}-${process.arch}`
	const names = (process.platform === 'linux' ? [`${kind}-glibc`, `${kind}-musl`] : [kind]).map(
		(name) => `watcher-${name}`,
	)
	const found = loadAddon(names.map((name) => ({ file: `${name}.node`, module: `@parcel/${name}` })))
	return 'failure' in found ? found : createWrapper(found.addon)
}
