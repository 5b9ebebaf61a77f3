import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Conf from 'conf'
import { describe, expect, test } from 'vitest'
import { ConfigFile } from '../../src/engine/config-file.ts'
import { startEngine } from './engine.ts'
import { temporaryFolder } from './hostile-bed.ts'

/** A settings file in every bad shape: named in words, never written, and the last good one stays in use. */

const good = {
	workstations: [{ name: 'lab', ssh: { host: '127.0.0.1', port: 1 } }],
	projects: [
		{ name: 'nt', workstation: 'lab', local: '/nowhere', remote: '~/nt', validation: { command: 'true' } },
	],
}

async function folderWith(text: string | Buffer) {
	const dataFolder = await temporaryFolder()
	const file = join(dataFolder, 'config.json')
	await writeFile(file, text)
	return { dataFolder, file, read: () => new ConfigFile(dataFolder, Conf).read() }
}

/** Every field with values that it must refuse. */
const wrong: [path: string, values: unknown[]][] = [
	['workstations', [{}, 'lab', 5, null]],
	['workstations[0]', [null, 'lab', []]],
	['workstations[0].name', ['', 5, null, 'a/b', 'a\nb', 'x'.repeat(65)]],
	['workstations[0].ssh', [null, 'host', []]],
	['workstations[0].ssh.host', ['', '-oProxyCommand=x', 'a b', 5, null, 'a\0b']],
	['workstations[0].ssh.port', [0, -1, 65536, 22.5, '22', null]],
	['workstations[0].ssh.user', ['', 5, null]],
	['workstations[0].ssh.identityFile', ['', 5, 'a\nb']],
	['workstations[0].ssh.knownHostsFile', ['', 5, 'a\nb']],
	['workstations[0].ssh.configFile', ['', 5, 'a\nb']],
	['workstations[0].zerotier', [5, null, 'x']],
	['workstations[0].zerotier.network', ['', 'zz', 5, '0123456789ABCDEF']],
	['workstations[0].zerotier.address', ['', 5]],
	['workstations[0].runner', ['screen', 5, null]],
	['workstations[0].tunnels', [{}, 'x', null]],
	['projects', [{}, 'x', null]],
	['projects[0]', [null, 'x', []]],
	['projects[0].name', ['', 5, 'a\tb']],
	['projects[0].workstation', ['other', '', 5]],
	['projects[0].strategy', ['svn', null, 5]],
	['projects[0].local', ['', 5, null, 'a\nb']],
	['projects[0].remote', ['', 5, null, 'a\nb']],
	['projects[0].git', [5, null, 'x']],
	['projects[0].git.hub', ['', 'a b', 'a:b', 5]],
	['projects[0].git.base', ['', 'a b', 'a..^b', 5]],
	['projects[0].git.validation', ['', 'a*', 5]],
	['projects[0].git.worktree', ['', 5, 'a\nb']],
	['projects[0].git.remoteWorktree', ['', 5, 'a\nb']],
	['projects[0].git.results', [[], 'x', null]],
	['projects[0].git.results[0]', ['', 5, 'a\nb']],
	['projects[0].validation', [null, 'x', 5]],
	['projects[0].validation.command', ['', 5, 'a\nb', null]],
	['projects[0].validation.metrics', ['x', null]],
	['projects[0].validation.metrics[0]', ['', 5]],
]

/** The good config with one value put at a path such as `projects[0].git.hub`. */
function withValue(path: string, value: unknown): unknown {
	const root = structuredClone(good) as Record<string, unknown>
	const keys = path.replaceAll(/\[(\d+)\]/g, '.$1').split('.')
	let at = root
	for (const [index, key] of keys.slice(0, -1).entries()) {
		at[key] ??= /^\d+$/.test(keys[index + 1] ?? '') ? [] : {}
		at = at[key] as Record<string, unknown>
	}
	at[keys.at(-1) ?? ''] = value
	return root
}

describe('a wrong value names its path', () => {
	test.each(wrong)('%s', async (path, values) => {
		for (const value of values) {
			const { read } = await folderWith(JSON.stringify(withValue(path, value)))
			const { problem } = await read()
			expect(problem, JSON.stringify(value)).toMatchObject({ code: 'config-invalid', needsPerson: true })
			expect(problem?.title, JSON.stringify(value)).toBe(`The settings have a mistake at ${path}`)
			expect(problem?.meaning, JSON.stringify(value)).not.toMatch(/unknown|undefined|\.\.|\n/)
		}
	})

	test.each([
		['', { ...good, workstation: [] }, /workstation/],
		['workstations[0].ssh', withValue('workstations[0].ssh.hostname', 'x'), /hostname/],
		['projects[0].git', withValue('projects[0].git.hubb', 'x'), /hubb/],
		['workstations', { ...good, workstations: [good.workstations[0], good.workstations[0]] }, /differ/],
	])('a key that is not known, or comes twice, at “%s”', async (path, config, words) => {
		const { read } = await folderWith(JSON.stringify(config))
		const { problem } = await read()
		expect(problem?.title).toBe(`The settings have a mistake at ${path || 'the top level'}`)
		expect(problem?.meaning).toMatch(words)
	})
})

describe('a file that is no config', () => {
	const shapes: [string, string | Buffer][] = [
		['empty', ''],
		['blank', ' \n'],
		['half a file', JSON.stringify(good).slice(0, 60)],
		['a list', '[{"name": "lab"}]'],
		['an empty list', '[]'],
		['text', '"workstations"'],
		['a number', '5'],
		['null', 'null'],
		['bytes', Buffer.from([0xff, 0xfe, 0, 1, 2])],
		['deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
		['deep in a field', `{"workstations": ${'['.repeat(5000)}${']'.repeat(5000)}}`],
		['10 MB', `{"workstations": [], "x": "${'x'.repeat(10_000_000)}"}`],
		['a comment', `// mine\n${JSON.stringify(good)}`],
		['__proto__', '{"__proto__": {"workstations": 5}, "constructor": 5}'],
	]
	test.each(shapes)('%s: said, not written, the last good one stays', async (_name, text) => {
		const { file, read, dataFolder } = await folderWith(JSON.stringify(good))
		const config = new ConfigFile(dataFolder, Conf)
		expect((await config.read()).problem).toBeNull()
		await writeFile(file, text)
		const second = await config.read()
		expect(second.problem).toMatchObject({ needsPerson: true })
		expect(second.problem?.meaning.length).toBeLessThan(1000)
		expect(second.config.projects.map(({ name }) => name)).toEqual(['nt'])
		expect((await readFile(file)).equals(Buffer.from(text))).toBe(true)
		// The same after a restart.
		expect((await read()).config.projects.map(({ name }) => name)).toEqual(['nt'])
	})

	test('a byte order mark is no mistake', async () => {
		const { read } = await folderWith(`\ufeff${JSON.stringify(good)}`)
		expect(await read()).toMatchObject({ problem: null, config: { projects: [{ name: 'nt' }] } })
	})

	test('a folder in its place', async () => {
		const dataFolder = await temporaryFolder()
		await mkdir(join(dataFolder, 'config.json'))
		const { problem } = await new ConfigFile(dataFolder, Conf).read()
		expect(problem).toMatchObject({ code: 'config-unreadable' })
	})
})

describe('while the engine runs', () => {
	test('replaced 50 times quickly, broken, removed and made again: the last good one is in use and nothing leaks', async () => {
		const { dataFolder, file } = await folderWith(JSON.stringify(good))
		const engine = await startEngine({ dataFolder })
		for (let round = 0; round < 50; round++) {
			await writeFile(
				`${file}.new`,
				JSON.stringify(withValue('workstations[0].name', `lab${round}`)).replaceAll(
					'"workstation":"lab"',
					`"workstation":"lab${round}"`,
				),
			)
			await rename(`${file}.new`, file)
		}
		await engine.until((state) => state.workstations.lab49 && Object.keys(state.workstations).length === 1)
		await writeFile(file, '{')
		await engine.until((state) => state.config.problem)
		expect(Object.keys(engine.state().workstations)).toEqual(['lab49'])
		expect(engine.state().summary.problem?.code).toBe('config-unreadable')
		await rm(file)
		await engine.until(
			(state) => state.config.problem === null && Object.keys(state.workstations).length === 0,
		)
		await writeFile(file, JSON.stringify(good))
		await engine.until((state) => state.workstations.lab && state.projects.nt)
		await engine.dispose()
	})

	test('a data folder that cannot be written to: the config is used all the same', async () => {
		const { dataFolder } = await folderWith(JSON.stringify(good))
		await mkdir(join(dataFolder, 'last-good-config.json'))
		const engine = await startEngine({ dataFolder })
		await engine.until((state) => state.workstations.lab)
		await engine.call('pause', { until: null })
		await engine.dispose()
	})
})
