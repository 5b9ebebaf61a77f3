import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { git } from './repositories.ts'
import { sshdMissing } from './sshd.ts'
import { agentBed, shows } from './stand-in-agent.ts'

if (sshdMissing) console.warn(`skipped: hawser agent, for want of a server: ${sshdMissing}`)

const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const execute = promisify(execFile)

describe.skipIf(sshdMissing)('hawser agent', () => {
	test('from its start to its work on the laptop, each by a process of its own', async () => {
		const bed = await agentBed()
		const hawser = async (...argv: string[]) => {
			const words = [mainFile, '--home', bed.dataFolder, 'agent', ...argv]
			const work = execute(process.execPath, words, { env: { ...process.env, NO_COLOR: '1' } })
			return await work.then(
				({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
				({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
					code,
					stdout,
					stderr,
				}),
			)
		}
		const found = await hawser()
		expect(found).toMatchObject({ code: 0, stderr: expect.stringContaining('not logged in') })
		expect(found.stdout).toContain('not running')
		expect(JSON.parse((await hawser('start', '--json')).stdout)).toMatchObject({
			agent: { status: 'running' },
		})
		await bed.type('commit one.txt')
		await shows(bed, 'wrote one.txt')
		expect((await hawser('status', 'nt')).stdout).toContain('agent in ~/nt-agent: 1 commit to bring')
		const plan = await hawser('bring', '--dry-run')
		expect(plan).toMatchObject({ code: 0, stdout: expect.stringContaining('Merge agent into master') })
		const [, id = ''] = /--plan (\w+)/.exec(plan.stdout) ?? []
		expect(await hawser('bring', '--plan', '0'.repeat(12))).toMatchObject({ code: 4 })
		expect(await hawser('bring', '--plan', id)).toMatchObject({ code: 0 })
		expect(await git(bed.laptop, 'log', '-1', '--format=%s')).toBe('Write one.txt')
		expect((await hawser('stop', 'nt')).stdout).toContain('not running')
		// Nobody is there to be attached.
		expect(await hawser('attach')).toMatchObject({ code: 1, stderr: expect.stringContaining('terminal') })
		expect(await hawser('start', 'other')).toMatchObject({ code: 2 })
	}, 120_000)
})
