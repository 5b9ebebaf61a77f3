import { execFile, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle, entries } from '../../src/setup/bundle.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
let folder: string
let program: string

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'hawser-program-'))
	const dist = join(folder, 'dist')
	program = join(dist, 'cli.mjs')
	for (const entry of entries) if (entry.output.startsWith('cli')) await bundle(entry, dist)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
	code: number | null
	out: string
	err: string
}

function call(argv: string[], nodeOptions: string[] = []): Promise<Ended> {
	const env = { ...process.env, HAWSER_HOME: join(folder, 'home'), NODE_OPTIONS: '' }
	const args = [...nodeOptions, program, ...argv]
	return new Promise((resolve) => {
		const child = execFile(process.execPath, args, { env, timeout: 100_000 }, (_error, out, err) =>
			resolve({ code: child.exitCode, out, err }),
		)
	})
}

test('the built program goes the whole line', async () => {
	const { code, out, err } = await call(['demo', '--json'])
	expect(err).toBe('')
	expect(JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
		outcome: 'succeeded',
		run: { exitCode: 0 },
	})
	expect(code).toBe(0)
})

describe('under a Node that is too old', () => {
	const old = [
		'--import',
		"data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.9.0'})",
	]

	test('the built program says so where npm brought no other', async () => {
		const { code, out, err } = await call(['--version'], old)
		expect(err).toBe('Hawser needs Node 24 or newer; this is 20.9.0.\n')
		expect(out).toBe('')
		expect(code).toBe(1)
	})

	test('the built program runs on the Node that npm brought, and ends as it does', async () => {
		const bin = join(folder, 'node_modules', '.bin')
		mkdirSync(bin, { recursive: true })
		writeFileSync(join(bin, 'node'), '#!/bin/sh\nprintf "%s|" "$@"\nexit 3\n')
		chmodSync(join(bin, 'node'), 0o755)
		const { code, out } = await call(['go', 'a b', '--wait'], old)
		expect(out).toBe(`${join(folder, 'dist', 'cli-program.mjs')}|go|a b|--wait|`)
		expect(code).toBe(3)
	})
})

test('what ends npm ends what it started, cleanly', async () => {
	const env = { ...process.env, HAWSER_HOME: join(folder, 'served'), DISPLAY: '', WAYLAND_DISPLAY: '' }
	const child = spawn('npm', ['run', '--silent', 'hawser', '--', 'serve', '--no-open'], {
		cwd: root,
		env,
		stdio: ['ignore', 'pipe', 'inherit'],
	})
	const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
	// Ended when nobody holds the pipe any more: not npm, and nothing that it started.
	const gone = new Promise<void>((resolve) => child.stdout.once('close', resolve))
	let said = ''
	await new Promise<void>((resolve) => {
		child.stdout.on('data', (data: Buffer) => {
			said += data.toString()
			if (said.includes('?token=')) resolve()
		})
	})
	child.kill('SIGTERM')
	expect(await exit).toBe(0)
	await gone
})
