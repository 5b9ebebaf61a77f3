import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../src/engine/process/process.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The room a file stands in, what it imports, and whether the linter must refuse that. */
const cases: [room: string, specifier: string, refused: boolean][] = [
	['src/contract/x.ts', 'react', true],
	['src/contract/x.ts', '../engine/store.ts', true],
	['src/engine/x.ts', 'electron', true],
	['src/engine/x.ts', 'ssh2', true],
	['src/engine/x.ts', 'execa', true],
	['src/engine/x.ts', 'node:child_process', true],
	['src/engine/x.ts', '../cli/main.ts', true],
	['src/engine/x.ts', '../workstation/server.ts', true],
	['src/engine/link/x.ts', 'node:child_process', true],
	['src/engine/link/x.ts', 'electron', true],
	['src/engine/process/x.ts', 'ssh2', true],
	['src/cli/x.ts', 'electron', true],
	['src/cli/x.ts', 'ssh2', true],
	['src/web/x.ts', 'node:child_process', true],
	['src/workstation/x.ts', 'electron', true],
	['src/workstation/x.ts', '../app/main.ts', true],
	['src/app/x.ts', 'react', true],
	['src/app/x.ts', 'ipcMain of electron', true],
	['renderer/x.tsx', 'electron', true],
	['renderer/x.tsx', 'node:fs', true],
	['renderer/x.tsx', '../src/engine/store.ts', true],
	['src/contract/x.ts', 'zod', false],
	['src/contract/x.ts', './problem.ts', false],
	['src/engine/x.ts', '../contract/state.ts', false],
	['src/engine/link/x.ts', 'ssh2', false],
	['src/engine/process/x.ts', 'execa', false],
	['src/workstation/x.ts', 'ssh2', false],
	['src/app/x.ts', 'electron', false],
	['src/app/ipc.ts', 'ipcMain of electron', false],
	['renderer/x.tsx', 'react', false],
	['renderer/x.tsx', '../src/contract/state.ts', false],
]

let folder: string
const refusals = new Set<string>()

/** One file a case, so that one run of the linter answers them all. */
function fileOf(index: number): string {
	const room = cases[index]?.[0] ?? ''
	return room.replace('/x.', `/x${index}.`)
}

beforeAll(async () => {
	folder = await realpath(await mkdtemp(join(tmpdir(), 'hawser-walls-')))
	await copyFile(join(root, 'biome.json'), join(folder, 'biome.json'))
	for (const [index, [, specifier]] of cases.entries()) {
		const path = join(folder, fileOf(index))
		const [name, from] = specifier.includes(' of ') ? specifier.split(' of ') : ['thing', specifier]
		await mkdir(dirname(path), { recursive: true })
		await writeFile(path, `import { ${name} } from '${from}'\nexport const all = [${name}]\n`)
	}
	const { stdout, stderr } = await run({
		file: join(root, 'node_modules/.bin/biome'),
		args: ['lint', '--vcs-enabled=false', '--colors=off', '--max-diagnostics=none', '--reporter=github', '.'],
		cwd: folder,
		expected: [0, 1],
	})
	for (const line of `${stdout}\n${stderr}`.split('\n')) {
		const file = /title=lint\/style\/noRestrictedImports,file=([^,]+)/.exec(line)?.[1]
		if (file) refusals.add(relative(folder, file))
	}
})
afterAll(async () => {
	await rm(folder, { recursive: true })
})

describe('the walls between the rooms', () => {
	test.each(cases.map((entry, index) => [...entry, index] as const))(
		'%s importing %s: refused is %s',
		(_room, _specifier, refused, index) => {
			expect(refusals.has(fileOf(index))).toBe(refused)
		},
	)
})
