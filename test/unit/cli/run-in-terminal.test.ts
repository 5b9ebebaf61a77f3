import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { runInTerminal } from '../../../src/engine/process/terminal.ts'

const module = fileURLToPath(new URL('../../../src/engine/process/terminal.ts', import.meta.url))
const scriptProgram = '/usr/bin/script'
const noScript = process.platform !== 'linux' || !existsSync(scriptProgram)
if (noScript) console.warn('skipped: a program on a real terminal, for want of util-linux’s script')

test.skipIf(noScript)('a program gets the terminal itself, and our environment for it', async () => {
	const inner = `stty size; test -t 0 && test -t 1 && test -t 2 && echo "all $NAMED"; read line; echo "got $line"; exit 5`
	const argv = JSON.stringify(['sh', '-c', inner])
	const source = `import { runInTerminal } from '${module}'
		process.exitCode = await runInTerminal(${argv}, { ...process.env, NAMED: 'three' })`
	const env = { ...process.env, SOURCE: source, SHELL: '/bin/sh' }
	const command = `stty cols 91 rows 17; '${process.execPath}' --input-type=module-typescript -e "$SOURCE"`
	const { promise, resolve } = Promise.withResolvers<{ code: unknown; out: string }>()
	const child = execFile(
		scriptProgram,
		['-qec', command, '/dev/null'],
		{ env, timeout: 9000 },
		(error, out) => resolve({ code: error?.code ?? 0, out }),
	)
	child.stdout?.on('data', (data: string) => {
		if (data.includes('all three')) child.stdin?.write('hello\r')
	})
	const { code, out } = await promise
	expect(out).toContain('17 91')
	expect(out).toContain('got hello')
	expect(code).toBe(5)
})

describe('its end', () => {
	test.each([
		['exit 7', 7],
		['kill -TERM $$', 143],
	])('%s', async (script, expected) => {
		expect(await runInTerminal(['sh', '-c', script], process.env)).toBe(expected)
	})

	test('what cannot be started is a problem', async () => {
		await expect(runInTerminal(['/nowhere/ssh', 'lab'], process.env)).rejects.toMatchObject({
			problem: { code: 'process-failed', facts: { program: '/nowhere/ssh' } },
		})
	})
})
