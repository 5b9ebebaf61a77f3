import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { textOf } from '../../src/engine/remote/script.ts'

const shells = ['/bin/dash', '/bin/bash', '/bin/zsh'].filter(existsSync)

async function run(shell: string, script: string): Promise<{ stdout: string; stderr: string }> {
	const emulate = shell.endsWith('zsh') ? ['--emulate', 'sh'] : []
	const text = `${textOf(['lib'])}\n${script}`
	return await promisify(execFile)(shell, [...emulate, '-c', text], { timeout: 60_000 })
}

describe.each(shells)('limited in %s', (shell) => {
	test('gives what the command said and its code', async () => {
		const { stdout, stderr } = await run(shell, 'limited 9 sh -c "echo said; exit 3"; echo $?')
		expect({ stdout, stderr }).toEqual({ stdout: 'said\n3\n', stderr: '' })
	})

	test('ends what is late, with all that it started', async () => {
		const script = `said=$(limited 1 sh -c 'echo before; sleep 50 & sleep 50'); echo "$? $said"`
		expect((await run(shell, script)).stdout).toBe('124 before\n')
	})

	test('never waits for the rest of the time, though the script has a trap', async () => {
		const started = performance.now()
		// One in twenty did.
		const { stderr } = await run(
			shell,
			"trap 'exit 1' TERM; n=0; while [ $n -lt 200 ]; do n=$((n + 1)); limited 600 true; done",
		)
		expect(stderr).toBe('')
		expect(performance.now() - started).toBeLessThan(50_000)
	})
})
