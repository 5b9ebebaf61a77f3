import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { bundle, copyAddons, entries } from '../../src/setup/bundle.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folders: string[] = []
afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A little repository with these files; its dependencies are ours. */
function repository(files: Record<string, string>): string {
	const folder = mkdtempSync(join(tmpdir(), 'hawser-bundle-'))
	folders.push(folder)
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, name)), { recursive: true })
		writeFileSync(join(folder, name), text)
	}
	return folder
}

async function runBundle(file: string): Promise<string> {
	const { stdout } = await promisify(execFile)(process.execPath, [file])
	return stdout
}

const reader = `
import { readFileSync } from 'node:fs'
export const one = readFileSync(new URL('./one.sh', import.meta.url), 'utf8')
const named = (name: string) => readFileSync(new URL(\`./\${name}-part.txt\`, import.meta.url), 'utf8')
export const parts = named('first') + named('second')
export const above = readFileSync(new URL("../above.txt", import.meta.url), 'utf8')
`
const files = {
	'src/main.ts': `import { above, one, parts } from './deep/reader.ts'\nconsole.log(one + parts + above)\n`,
	'src/deep/reader.ts': reader,
	'src/deep/one.sh': 'one ',
	'src/deep/first-part.txt': 'first ',
	'src/deep/second-part.txt': 'second ',
	'src/deep/other.md': 'not asked for',
	'src/above.txt': 'above',
}

test('files named by their place beside a module come along and are found, at any depth of the bundle', async () => {
	const base = repository(files)
	const dist = join(base, 'dist')
	await bundle({ input: 'src/main.ts', output: 'top.mjs', format: 'esm', executable: true }, dist, base)
	await bundle({ input: 'src/main.ts', output: 'app/below.mjs', format: 'esm' }, dist, base)
	rmSync(join(base, 'src'), { recursive: true })

	expect(await runBundle(join(dist, 'top.mjs'))).toBe('one first second above\n')
	expect(await runBundle(join(dist, 'app/below.mjs'))).toBe('one first second above\n')
	expect(readFileSync(join(dist, 'top.mjs'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
	expect(readdirSync(join(dist, 'files/deep')).toSorted()).toEqual([
		'first-part.txt',
		'one.sh',
		'second-part.txt',
	])
})

test('a module that names a file which is not there cannot be bundled', async () => {
	const base = repository({ ...files, 'src/deep/one.sh': '' })
	rmSync(join(base, 'src/deep/one.sh'))
	const made = bundle({ input: 'src/main.ts', output: 'top.mjs', format: 'esm' }, join(base, 'dist'), base)
	await expect(made).rejects.toThrow(/one\.sh, which is not there/)
})

test('what watches trees comes along with its native part, and without it says so', async () => {
	const base = repository({
		'src/main.ts': `
			import { writeFileSync } from 'node:fs'
			import { watchTree } from '${join(root, 'src/engine/files/tree-watch.ts')}'
			const heard = []
			const listener = { touched: (paths) => heard.push(...paths), lost() {} }
			try {
				const watch = await watchTree(process.cwd(), listener)
				writeFileSync('touched', '')
				await watch.caughtUp()
				console.log([...new Set(heard)].join())
				await watch.close()
			} catch (error) {
				console.log(error.message)
			}
		`,
	})
	const dist = join(base, 'dist')
	const input = join(base, 'src/main.ts')
	await bundle({ input, output: 'app/below.mjs', format: 'esm' }, dist, '/')
	await bundle({ input, output: 'top.mjs', format: 'esm' }, dist, '/')
	const tree = join(base, 'tree')
	mkdirSync(tree)
	const say = async (file: string) =>
		(await promisify(execFile)(process.execPath, [join(dist, file)], { cwd: tree })).stdout.trim()
	expect(await say('app/below.mjs')).toBe('there is none')
	copyAddons(dist)
	expect(await say('app/below.mjs')).toBe('touched')
	expect(await say('top.mjs')).toBe('touched')
})

test('ssh2 is bundled without its addons and loads', async () => {
	const base = repository({
		'src/main.ts': `import ssh2 from 'ssh2'\nconsole.log(typeof ssh2.Client, typeof ssh2.Server)\n`,
	})
	writeFileSync(join(base, 'package.json'), '{"type":"module"}')
	const { symlinkSync } = await import('node:fs')
	symlinkSync(join(root, 'node_modules'), join(base, 'node_modules'))
	await bundle({ input: 'src/main.ts', output: 'top.mjs', format: 'esm' }, join(base, 'dist'), base)
	rmSync(join(base, 'node_modules'))
	expect(await runBundle(join(base, 'dist/top.mjs'))).toBe('function function\n')
})

test('the preload is one CommonJS file that requires nothing but electron', async () => {
	const entry = entries.find(({ input }) => input === 'src/preload.ts')
	if (!entry) throw new Error('there is no preload entry')
	const dist = repository({})
	await bundle(entry, dist)
	const text = readFileSync(join(dist, entry.output), 'utf8')
	const required = [...text.matchAll(/\brequire\(\s*["'`]([^"'`]+)["'`]/g)].map((match) => match[1])
	expect([...new Set(required)]).toEqual(['electron'])
	expect(text).not.toMatch(/^\s*(import|export)\b/m)
	expect(readdirSync(join(dist, 'app'))).toEqual(['preload.cjs'])
	expect(existsSync(join(dist, 'files'))).toBe(false)
})
