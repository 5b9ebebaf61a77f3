import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeHostileBed, operate, temporaryFolder, writeProgram } from './hostile-bed.ts'
import { sshdMissing } from './sshd.ts'

/** Login shells of every kind: those that serve must serve wholly, the others must be told apart by words. */

const why = sshdMissing ? ` (skipped: ${sshdMissing})` : ''

describe.skipIf(sshdMissing)(`a workstation whose login shell is${why}`, () => {
	for (const shell of ['/usr/bin/fish', '/bin/csh', '/usr/bin/zsh']) {
		const missing = existsSync(shell) ? null : `there is no ${shell} on this machine`
		test.skipIf(missing)(`${shell}: the whole line${missing ? ` (skipped: ${missing})` : ''}`, async () => {
			const bed = await makeHostileBed({ env: { SHELL: shell } })
			await bed.repositories.commit('model.txt', 'two\n')
			const engine = await bed.start()
			expect(await operate(engine, 'go')).toMatchObject({
				status: 'succeeded',
				problem: null,
				metrics: { mase: 0.81 },
			})
			expect(engine.state().projects.nt?.pending).toMatchObject({
				status: 'read',
				remote: { resultFiles: [] },
			})
		})
	}

	test.each([
		['prints a greeting into every command', 'echo "Welcome to \\"lab\\"; $(date)"; echo "No mail." >&2'],
		['prints a greeting without a line break', 'printf "Last login: today "'],
		['prints 5 MB first', 'head -c 5000000 /dev/zero | tr "\\0" x; echo'],
	])('one that %s: the whole line', async (_name, greeting) => {
		const shell = await writeProgram(
			join(await temporaryFolder(), 'shell'),
			`case "$2" in git-*) ;; *) ${greeting} ;; esac\nexec /bin/sh "$@"`,
		)
		const bed = await makeHostileBed({ env: { SHELL: shell } })
		await bed.repositories.commit('model.txt', 'two\n')
		const engine = await bed.start()
		expect(await operate(engine, 'go')).toMatchObject({ status: 'succeeded', problem: null })
	})

	test.each([
		['ends at once', 'exit 0', 'remote-garbled'],
		['refuses', 'echo "This account is currently not available." >&2; exit 1', 'remote-garbled'],
		['never answers', 'exec sleep 1000', 'remote-timeout'],
		['prints without end', 'exec yes', 'remote-garbled'],
	])('one that %s: said in words, nothing hangs', async (_name, lines, code) => {
		const shell = await writeProgram(join(await temporaryFolder(), 'shell'), lines)
		const bed = await makeHostileBed({ env: { SHELL: shell } })
		const engine = await bed.start()
		const { holds, rungs } = await engine.call('check', {})
		expect(holds).toBe(false)
		expect(rungs.find((rung) => rung.id === 'tools')?.problem).toMatchObject({ code })
		expect(engine.state().summary).toMatchObject({ problem: { code }, workstation: 'lab' })
		// Each question to one that never answers takes its 20 s.
		if (code !== 'remote-timeout')
			expect(await operate(engine, 'up')).toMatchObject({
				status: 'failed',
				// On a busy machine the time may be over before it is too much.
				problem: { code: expect.stringMatching(`^(${code}|remote-timeout)$`) },
			})
	})
})
