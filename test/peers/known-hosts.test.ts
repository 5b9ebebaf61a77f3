import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linesAbout, lookupName } from '../../src/engine/link/known-hosts.ts'
import { run } from '../../src/engine/process/process.ts'

/** The same file, read by us and by the real `ssh-keygen -F`. */

let folder = ''
const keys: Record<string, string> = {}
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'hawser-known-'))
	for (const type of ['ed25519', 'ecdsa', 'rsa']) {
		const file = join(folder, type)
		await run({ file: 'ssh-keygen', args: ['-q', '-t', type, '-N', '', '-C', '', '-f', file] })
		keys[type] = (await readFile(`${file}.pub`, 'utf8')).trim()
	}
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The lines that ssh-keygen finds, by their numbers. */
async function keygenLines(file: string, name: string): Promise<number[]> {
	const args = ['-F', name, '-f', file]
	const { stdout } = await run({ file: 'ssh-keygen', args, expected: [0, 1] })
	return [...stdout.matchAll(/^# Host .* found: line (\d+)/gm)].map(([, line]) => Number(line))
}

const ed = () => keys.ed25519 ?? ''
const files: [name: string, lines: () => string[]][] = [
	[
		'plain names',
		() => [`lab ${ed()}`, `LAB.example,10.1.2.3 ${keys.ecdsa}`, `lab ${keys.rsa} comment`, `lab2 ${ed()}`],
	],
	[
		'wildcards and negations',
		() => [
			`*.example ${ed()}`,
			`*.example,!lab.example ${keys.rsa}`,
			`l?b ${ed()}`,
			`!lab ${ed()}`,
			`* ${ed()}`,
		],
	],
	[
		'ports and IPv6',
		() => [`[lab]:2222 ${ed()}`, `[*]:2222 ${ed()}`, `[::1]:2222,::1 ${ed()}`, `fe80::1%eth0 ${ed()}`],
	],
	[
		'markers',
		() => [`@revoked lab ${ed()}`, `@cert-authority *.example,lab ${keys.rsa}`, `@other lab ${ed()}`],
	],
	[
		'comments, blanks, CRLF and broken lines',
		() => [
			'# lab',
			'',
			`   lab ${ed()}\r`,
			`\tlab\t${ed().replace(' ', '\t')}`,
			'lab',
			'lab ssh-ed25519',
			`#lab ${ed()}`,
			`lab ${ed()}`,
		],
	],
]
const names = ['lab', 'lab.example', '10.1.2.3', '[lab]:2222', '::1', '[::1]:2222', 'fe80::1%eth0', 'nobody']

describe('the same lines as ssh-keygen -F', () => {
	test.each(files)('%s, as they are and hashed', async (_name, lines) => {
		const file = join(folder, 'known')
		const text = `${lines().join('\n')}\n`
		await writeFile(file, text)
		await compare(file)
		await run({ file: 'ssh-keygen', args: ['-H', '-f', file], expected: [0, 1, 255] })
		await compare(file)
	})

	test('a key that is cut off makes nobody known', async () => {
		const file = join(folder, 'cut')
		const text = `lab ${ed().slice(0, 40)}\nlab ssh-rsa ${ed().split(' ')[1]}\n`
		await writeFile(file, text)
		expect(await linesAbout(['lab'], text, file)).toEqual([])
	})

	test('the name is the one ssh looks for', () => {
		expect([lookupName('::1', 22), lookupName('::1', 2222)]).toEqual(['::1', '[::1]:2222'])
	})
})

async function compare(file: string): Promise<void> {
	const text = await readFile(file, 'utf8')
	for (const name of names) {
		const ours = (await linesAbout([name], text, file)).map(({ line }) => line)
		expect([name, ours]).toEqual([name, await keygenLines(file, name)])
	}
}
