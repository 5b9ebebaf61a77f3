import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FakeEngine } from '../rpc/fake-engine.ts'
import { type CallOptions, call, finished } from './call.ts'
import { state } from './states.ts'

let folder: string
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'hawser-serve-'))
	await writeFile(join(folder, 'index.html'), '<title>Hawser</title>')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function serving(argv: string[], options: CallOptions = {}) {
	const opened: string[] = []
	const running = call(new FakeEngine({}, state()), ['serve', ...argv], {
		...options,
		doors: {
			rendererFolders: [join(folder, 'missing'), folder],
			openBrowser: async (url) => void opened.push(url),
		},
	})
	return { running, opened }
}

test('one line with the address, the window behind it, until Ctrl-C', async () => {
	const { running, opened } = serving([], { env: { DISPLAY: ':0' } })
	await vi.waitFor(() => expect(running.out()).toContain('\n'))
	const url = running.out().trimEnd()
	expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/)
	await vi.waitFor(() => expect(opened).toEqual([url]))
	const entered = await fetch(url, { redirect: 'manual' })
	const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? ''
	expect(await (await fetch(new URL('/', url), { headers: { cookie } })).text()).toContain('Hawser')
	running.interrupt()
	expect(await running.done).toBe(0)
	expect(running.attachment.closed).toBe(true)
	await expect(fetch(url)).rejects.toThrow()
})

test('--no-open and a machine without a screen open nothing', async () => {
	for (const [argv, env] of [
		[['--no-open'], { DISPLAY: ':0' }],
		[['--json'], { SSH_CONNECTION: 'x' }],
	] as const) {
		const { running, opened } = serving([...argv], { env })
		await vi.waitFor(() => expect(running.out()).toContain('\n'))
		running.interrupt()
		expect(await running.done).toBe(0)
		expect(opened).toEqual([])
		if (argv[0] === '--json') expect(JSON.parse(running.out())).toMatchObject({ port: expect.any(Number) })
	}
})

test('a window that was not built, and a port that is taken, are said in words', async () => {
	const missing = await finished(new FakeEngine({}, state()), ['serve'], {
		doors: { rendererFolders: [join(folder, 'missing')] },
	})
	expect(missing.code).toBe(1)
	expect(missing.error).toContain('npm run build')

	const first = serving(['--json', '--no-open'])
	await vi.waitFor(() => expect(first.running.out()).toContain('\n'))
	const { port } = JSON.parse(first.running.out()) as { port: number }
	const { running } = serving(['--no-open', '--port', String(port)])
	expect(await running.done).toBe(1)
	expect(running.err()).toContain(`Port ${port} cannot be used`)
	first.running.interrupt()
	await first.running.done
})
