import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import type { Plugin } from 'rolldown'

/** `new URL('./x.sh', import.meta.url)`, also with `${…}` for a part of the file's name. */
const fileUrl =
	/new URL\(\s*(?:'(\.\.?\/[^']+)'|"(\.\.?\/[^"]+)"|`(\.\.?\/[^`]+)`)\s*,\s*import\.meta\.url\s*,?\s*\)/g

/**
 * Modules name the files they read by their place beside the module. A bundle is another place: so the
 * files come along into `folder` of the output, laid out as in `root`, and the addresses point there.
 *
 * `fromEntry` is the way from the bundle's folder to `folder`, such as `../files`.
 * @throws Error when a module names a file that is not there
 */
export function fileUrls(options: { root: string; folder: string; fromEntry: string }): Plugin {
	return {
		name: 'file-urls',
		transform: {
			filter: { code: 'import.meta.url', id: { exclude: /node_modules/ } },
			handler(code, id) {
				const here = dirname(id)
				const changed = code.replaceAll(fileUrl, (all: string, ...groups: (string | undefined)[]) => {
					const [single, double, template] = groups
					const path = single ?? double ?? template ?? ''
					// Another module, or a folder, is no file to read: left as it is, so that it shows.
					if (/\.[cm]?[jt]sx?$/.test(path) || path.endsWith('/')) return all
					const found = globSync(path.replaceAll(/\$\{[^}]*\}/g, '*'), { cwd: here })
					if (found.length === 0) throw new Error(`${id} names ${path}, which is not there`)
					const names = found.map((file) => join(here, file))
					for (const file of names)
						this.emitFile({
							type: 'asset',
							fileName: join(options.folder, relative(options.root, file)),
							source: readFileSync(file),
						})
					const folder = relative(options.root, dirname(names[0] ?? here))
					return `new URL(\`${[options.fromEntry, folder, basename(path)].filter(Boolean).join('/')}\`, import.meta.url)`
				})
				return changed === code ? null : { code: changed }
			},
		},
	}
}
