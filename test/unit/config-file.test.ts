import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Conf from 'conf'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigFile, parseConfig } from '../../src/engine/config-file.ts'

const minimal = {
	workstations: [{ name: 'lab', ssh: { host: 'zerotier-remote' } }],
	projects: [
		{
			name: 'nt',
			workstation: 'lab',
			local: '~/eon/nt',
			remote: '~/eon/nt',
			validation: { command: 'python -m sage.tirex_validation' },
		},
	],
}

let folder: string
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'hawser-config-'))
})
afterEach(async () => {
	await rm(folder, { recursive: true })
})

const write = (text: string) => writeFile(join(folder, 'config.json'), text)

describe('the config', () => {
	test('what may be left out has its defaults', () => {
		const parsed = parseConfig(minimal, 'config.json')
		expect(parsed).toMatchObject({
			config: {
				workstations: [{ runner: 'tmux', tunnels: [] }],
				projects: [
					{
						strategy: 'git',
						git: { hub: 'origin', base: 'master', validation: 'gpu-validation', results: ['results/**'] },
						validation: { metrics: ['results/*.json'] },
					},
				],
			},
		})
	})

	const project = minimal.projects[0]
	test.each([
		['projects[0].git.base', { ...minimal, projects: [{ ...project, git: { base: 3 } }] }],
		['workstations[0].ssh.port', { workstations: [{ name: 'lab', ssh: { host: 'h', port: 70000 } }] }],
		['workstations[0].ssh.host', { workstations: [{ name: 'lab', ssh: { host: '-oProxyCommand=x' } }] }],
		['projects[0].workstation', { ...minimal, workstations: [] }],
		['projects[0].local', { ...minimal, projects: [{ ...project, local: 'a\nb' }] }],
		['workstations', { workstations: [minimal.workstations[0], minimal.workstations[0]] }],
		['the top level', { workstation: [] }],
	])('a mistake names its path: %s', (path, raw) => {
		expect(parseConfig(raw, 'config.json')).toMatchObject({
			problem: { code: 'config-invalid', facts: { path } },
		})
	})

	test('without a file there is an empty config and no problem, and no file is made', async () => {
		const reading = await new ConfigFile(folder, Conf).read()
		expect(reading).toEqual({ config: { workstations: [], projects: [], notices: {} }, problem: null })
		await expect(readFile(join(folder, 'config.json'))).rejects.toThrow('ENOENT')
	})

	test.each([
		['not JSON', '{ "workstations": [', 'config-unreadable'],
		['a wrong value', '{ "workstations": "lab" }', 'config-invalid'],
	])(
		'%s: the last good config stays, also after a restart, and the file is not touched',
		async (_name, bad, code) => {
			await write(JSON.stringify(minimal))
			const file = new ConfigFile(folder, Conf)
			expect((await file.read()).problem).toBeNull()
			await write(bad)
			for (const reader of [file, new ConfigFile(folder, Conf)]) {
				const reading = await reader.read()
				expect(reading.problem?.code).toBe(code)
				expect(reading.config.workstations[0]?.name).toBe('lab')
			}
			expect(await readFile(join(folder, 'config.json'), 'utf8')).toBe(bad)
		},
	)

	test('a change of the file is heard', async () => {
		const heard = Promise.withResolvers<void>()
		const stop = new ConfigFile(folder, Conf).onChange(() => heard.resolve())
		await write('{}')
		await heard.promise
		stop()
	})
})

test.each([
	[{ workstations: [{ name: 'lab' }] }, 'It is missing; an object in { … } is expected'],
	[{ workstations: 'lab' }, 'It must be a list'],
	[{ workstations: [{ name: 'lab', ssh: { host: 5 } }] }, 'It must be text in quotes'],
])('a mistake is worded for people: %j', (raw, words) => {
	const result = parseConfig(raw, '/c')
	expect('problem' in result && result.problem.facts.message).toBe(words)
})
