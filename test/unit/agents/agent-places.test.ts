import { expect, test } from 'vitest'
import { configSchema, projectSchema } from '../../../src/contract/config.ts'
import { agentPlaces, firstWord, isClaude } from '../../../src/engine/agents/agent-places.ts'

test.each([
	['claude', 'claude'],
	['  claude --model opus', 'claude'],
	["FOO=1 BAR='a b' claude", 'claude'],
	["'my agent' -x", 'my agent'],
	['"my agent" -x', 'my agent'],
	['my\\ agent -x', 'my agent'],
	['~/bin/agent', '~/bin/agent'],
	['"it\'s"x -y', "it'sx"],
	["'a$b'", 'a$b'],
	['--odd', '--odd'],
	['$TOOL --x', ''],
	['"$HOME/bin/x"', ''],
	['`which x`', ''],
	['(cd x && y)', ''],
	['a;b', ''],
	["'open", ''],
	['', ''],
])('the program of %j is %j', (command, word) => expect(firstWord(command)).toBe(word))

test('what is Claude Code', () => {
	expect(['claude', '~/.local/bin/claude', 'claudette', 'my claude'].map(isClaude)).toEqual([
		true,
		true,
		false,
		false,
	])
})

const project = (more: object) => ({
	name: 'nt.2',
	workstation: 'lab',
	local: '~/nt',
	remote: '~/nt/',
	validation: { command: 'true' },
	...more,
})

test('where it works, when the settings do not say', () => {
	expect(agentPlaces(projectSchema.parse(project({})))).toBeNull()
	const places = agentPlaces(projectSchema.parse(project({ agent: {} })))
	expect(places).toMatchObject({ command: 'claude', branch: 'agent', worktree: '~/nt-agent' })
	expect(places?.session).toMatch(/^hawser-agent-nt-2-[0-9a-f]{6}$/)
})

test.each(['master', 'gpu-validation'])('its branch is never the person’s own: %s', (branch) => {
	const ssh = { host: 'lab' }
	const of = (agent: object) =>
		configSchema.safeParse({ workstations: [{ name: 'lab', ssh }], projects: [project({ agent })] }).error
			?.issues
	expect(of({ branch })).toMatchObject([{ path: ['projects', 0, 'agent', 'branch'] }])
	expect(of({ branch: 'robot' })).toBeUndefined()
})
