import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectSchema } from '../../src/contract/config.ts'
import { agentPlaces } from '../../src/engine/agents/agent-places.ts'
import { lookScript, programOf } from '../../src/engine/agents/agent-reading.ts'
import { scriptPayload } from '../../src/engine/remote/script.ts'
import { cleanups, codeOf } from './linked.ts'
import { makeRunHome, standInSystemd, until } from './run-home.ts'
import { sshdMissing } from './sshd.ts'
import { agentBed, becomes, install } from './stand-in-agent.ts'

if (sshdMissing) console.warn(`skipped: what coding agents need, for want of a server: ${sshdMissing}`)

const reads = (bed: Awaited<ReturnType<typeof agentBed>>) => bed.engine.call('checkAgent', {})

describe.skipIf(sshdMissing)('what a coding agent needs', () => {
	test('its program: how it is installed is shown, never done', async () => {
		const bed = await agentBed({ installed: false })
		await becomes(bed, 'absent')
		expect(bed.agent()).toMatchObject({
			command: 'claude',
			problem: { code: 'agent-missing', next: { kind: 'copy', text: expect.stringContaining('install.sh') } },
		})
		expect(await codeOf(bed.engine.call('startAgent', {}))).toBe('agent-missing')
		await expect(bed.tmux('list-sessions')).rejects.toThrow()
		await install(bed.sshd, 'claude')
		await reads(bed)
		expect(bed.present().status).toBe('idle')
	})

	test('tmux', async () => {
		const home = await makeRunHome()
		cleanups.push(() => home.dispose())
		const PATH = await home.path('tmux')
		const bed = await agentBed({ env: { PATH } })
		await becomes(bed, 'idle')
		expect(bed.present().problem).toMatchObject({ code: 'agent-no-tmux' })
		expect(await codeOf(bed.engine.call('startAgent', {}))).toBe('agent-no-tmux')
	})

	test('that a log-out does not end it', async () => {
		const home = await makeRunHome()
		cleanups.push(() => home.dispose())
		await standInSystemd(home, { killsAtLogOut: true, lingers: false })
		const bed = await agentBed({ env: { PATH: `${await home.path()}` } })
		expect(await codeOf(bed.engine.call('startAgent', {}))).toBe('log-out-ends-runs')
		expect(bed.present().status).toBe('idle')
		// Whoever knows it may start it all the same.
		await bed.engine.call('startAgent', { anyway: true })
		await becomes(bed, 'running')
		await bed.engine.call('stopAgent', {})
	})

	test('settings: without any it says so', async () => {
		const bed = await agentBed()
		const config = JSON.parse(await readFile(join(bed.dataFolder, 'config.json'), 'utf8'))
		delete config.projects[0].agent
		await writeFile(join(bed.dataFolder, 'config.json'), JSON.stringify(config))
		await until(() => bed.agent() === null)
		for (const command of ['checkAgent', 'startAgent', 'stopAgent'] as const)
			expect(await codeOf(bed.engine.call(command, {}))).toBe('agent-unset')
		expect(await bed.ended('bringAgent')).toMatchObject({ problem: { code: 'agent-unset' } })
	})
})

describe.skipIf(sshdMissing)('its login', () => {
	test.each([
		['no sign of one', async () => {}, '', false],
		['its file', (home: string) => put(home, '.claude/.credentials.json', 'secret-of-test'), '', true],
		['a key in the login’s environment', async () => {}, 'export ANTHROPIC_API_KEY=secret-of-test', true],
		['a token there', async () => {}, 'export CLAUDE_CODE_OAUTH_TOKEN=secret-of-test', true],
		['a helper', (home: string) => put(home, '.claude/settings.json', '{"apiKeyHelper": "x"}'), '', true],
		[
			'its file elsewhere',
			(home: string) => put(home, 'other/.credentials.json', 'secret-of-test'),
			'export CLAUDE_CONFIG_DIR=$HOME/other',
			true,
		],
	])('%s', async (_what, prepare, profile, loggedIn) => {
		const bed = await agentBed({ profile })
		await prepare(bed.sshd.home)
		await reads(bed)
		expect(bed.present().loggedIn).toBe(loggedIn)
		expect(bed.present().problem?.code).toBe(loggedIn ? undefined : 'agent-login')
		expect(JSON.stringify(bed.engine.state())).not.toContain('secret-of-test')
	})

	test.each([
		['locked', 'exit 36', false],
		['open', 'exit 0', true],
	])('on a Mac whose keychain is %s (stand-ins for uname and security)', async (_what, shown, loggedIn) => {
		const bed = await agentBed()
		const home = await makeRunHome()
		cleanups.push(() => home.dispose())
		await home.program('uname', '#!/bin/sh\necho Darwin\n')
		await home.program('security', `#!/bin/sh\ncase $1 in show-keychain-info) ${shown} ;; esac\n`)
		const project = projectSchema.parse({
			name: 'nt',
			workstation: 'lab',
			local: '/x',
			remote: '~/nt',
			validation: { command: 'true' },
			agent: {},
		})
		const places = agentPlaces(project)
		if (!places) throw new Error('no places')
		const { args, name } = lookScript(project, places, 'whole')
		const stdout = execFileSync('/bin/sh', ['-s'], {
			input: scriptPayload(name, args),
			env: {
				HOME: bed.sshd.home,
				PATH: await home.path('uname'),
				SHELL: '/bin/sh',
				TMUX_TMPDIR: bed.sshd.folder,
			},
			encoding: 'utf8',
		})
		expect(programOf(stdout).login).toBe(loggedIn ? 'keychain' : 'locked')
	})
})

async function put(home: string, path: string, text: string): Promise<void> {
	await mkdir(join(home, path, '..'), { recursive: true })
	await writeFile(join(home, path), text)
}
