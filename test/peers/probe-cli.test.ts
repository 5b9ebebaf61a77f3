import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { probeSchema } from '../../src/contract/probe.ts'
import { cleanups, server } from './linked.ts'
import { freshHome, modules, smiPath } from './probe-bed.ts'
import { sshdMissing } from './sshd.ts'

/** `hawser probe` as a person starts it, with an engine of its own, over a real sshd. */

const execute = promisify(execFile)
const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
if (sshdMissing) console.warn(`skipped: hawser probe: ${sshdMissing}`)

async function call(torch: string, argv: string[]) {
	const sshd = await server({ env: { PATH: smiPath } })
	await freshHome(sshd.home)
	const dataFolder = await mkdtemp(join(tmpdir(), 'hawser probed '))
	cleanups.push(() => rm(dataFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }))
	const environment = { PYTHONPATH: modules, PYTHONDONTWRITEBYTECODE: '1', STAND_IN_TORCH: torch }
	const validation = { command: 'true', environment: { ...environment, HF_HOME: join(sshd.home, 'cache') } }
	const project = {
		name: 'nt',
		workstation: 'lab',
		local: join(dataFolder, 'none'),
		remote: '~/n t',
		validation,
	}
	const config = { workstations: [{ name: 'lab', ssh: sshd.ssh }], projects: [project] }
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
	return await execute(process.execPath, [mainFile, '--home', dataFolder, 'probe', ...argv], {
		env: { ...process.env, NO_COLOR: '1', SSH_AUTH_SOCK: '' },
	}).then(
		({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
		({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
			code,
			stdout,
			stderr,
		}),
	)
}

describe.skipIf(sshdMissing)('hawser probe', () => {
	test('all is well: exit code 0, and one document', async () => {
		const { code, stdout, stderr } = await call('good', ['--json'])
		expect(stderr).toBe('')
		expect(code).toBe(0)
		expect(probeSchema.parse(JSON.parse(stdout))).toMatchObject({ project: 'nt', multiply: { agrees: true } })
	})

	test('a torch for the CPU waits for a person; its rows and its cause are said', async () => {
		const { code, stdout, stderr } = await call('cpu', ['nt'])
		expect(stdout).toMatch(/^nt on lab\n {2}● Python {3}3\./)
		expect(stdout).toContain('✕ PyTorch  2.9.0+cpu · for the CPU only')
		expect(stderr).toContain('Install a build for CUDA 12.4 or older.')
		expect(code).toBe(4)
	})
})
