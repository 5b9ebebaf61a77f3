import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'

const program = fileURLToPath(new URL('./interrupt-program.ts', import.meta.url))

test('one Ctrl-C is heard once, also where the process is slow and a library sends the signal again', async () => {
	const child = spawn(process.execPath, [program])
	try {
		let out = ''
		child.stdout.on('data', (data: Buffer) => {
			out += data.toString()
		})
		const ended = new Promise((settle) => child.once('close', settle))
		const says = (words: string) =>
			vi.waitFor(() => expect(out).toContain(words), { timeout: 8000, interval: 10 })
		await says('ready')
		child.kill('SIGINT')
		await says('heard 1')
		child.kill('SIGINT')
		await ended
		expect(out).toBe('ready\nheard 1\nheard 2\n')
	} finally {
		child.kill('SIGKILL')
	}
})
