import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Row } from './row.ts'

const folder = fileURLToPath(new URL('../../dist/renderer/assets/', import.meta.url))
const barKb = 250

/** All of the window's script as it is built, gzipped. */
export async function windowSizeRow(): Promise<Row> {
	const scripts = (await readdir(folder)).filter((name) => name.endsWith('.js'))
	let bytes = 0
	for (const name of scripts) bytes += gzipSync(await readFile(`${folder}${name}`)).length
	const kb = bytes / 1000
	return {
		name: 'window script, gzipped',
		ours: `${kb.toFixed(0)} kB`,
		plain: '',
		ratio: null,
		bar: `≤ ${barKb} kB`,
		met: bytes > 0 && kb <= barKb,
	}
}
