import { describe, expect, test } from 'vitest'
import {
	type Editor,
	knownAs,
	knownEditors,
	needsTerminal,
	openingArgv,
	programOf,
} from '../../src/engine/editors.ts'

const editorOf = (program: string, ...options: string[]): Editor => {
	const known = knownAs(program)
	if (!known) throw new Error(`${program} is not known`)
	return { name: known.name, argv: [program, ...options], far: known.far }
}
const lab = { host: 'lab' }

describe('a folder of this laptop is the last word, as it is', () => {
	test.each(knownEditors.map(({ programs: [program = ''] }) => program))('%s', (program) => {
		const path = `/home/ada/it's a "$(folder)"\n-n`
		expect(openingArgv(editorOf(program, '-n'), path, null)).toEqual([program, '-n', path])
	})
})

describe('a folder of the workstation', () => {
	test.each(['code', 'cursor', 'windsurf', 'codium', 'code-insiders'])('in %s, by its ssh', (program) => {
		expect(openingArgv(editorOf(program, '--new-window'), '/home/ada/nt', lab)).toEqual([
			program,
			'--new-window',
			'--remote',
			'ssh-remote+lab',
			'/home/ada/nt/',
		])
	})
	test('with a user and a port; a dot in its name makes it no file', () => {
		const at = { host: '10.0.0.2', user: 'ada', port: 2222 }
		expect(openingArgv(editorOf('code'), '/srv/nt.v2 (new)', at)?.slice(1)).toEqual([
			'--remote',
			'ssh-remote+ada@10.0.0.2:2222',
			'/srv/nt.v2 (new)/',
		])
		expect(openingArgv(editorOf('code'), '/srv/nt//', at)?.at(-1)).toBe('/srv/nt/')
	})
	test('in Zed, as an address that no name can break', () => {
		expect(openingArgv(editorOf('zed'), '/home/ada/nt', lab)).toEqual(['zed', 'ssh://lab/home/ada/nt'])
		const at = { host: 'fd00::2', user: 'a@b', port: 22 }
		expect(openingArgv(editorOf('zeditor'), '/srv/my nt?#%é', at)?.at(-1)).toBe(
			'ssh://a%40b@[fd00::2]:22/srv/my%20nt%3F%23%25%C3%A9',
		)
	})
	test.each(['subl', 'idea', 'pycharm', 'kate', 'bbedit', 'gvim', 'emacs'])('in %s: it cannot', (program) => {
		expect(openingArgv(editorOf(program), '/home/ada/nt', lab)).toBeNull()
	})
})

test.each([
	['code --wait', 'code'],
	['  "/Applications/Sublime Text.app/bin/subl" -w', '/Applications/Sublime Text.app/bin/subl'],
	["'/opt/my editor/code'", '/opt/my editor/code'],
	['/opt/my\\ editor/code -w', '/opt/my editor/code'],
	['', null],
	['  ', null],
	[undefined, null],
])('the program of %j is %j', (value, program) => {
	expect(programOf(value)).toBe(program)
})

test('an editor that draws into its terminal is known by its name or an option', () => {
	for (const argv of [['vim'], ['/usr/bin/nvim'], ['nano', '-w'], ['emacs', '-nw'], ['emacsclient', '-c']])
		expect(needsTerminal(argv)).toBe(true)
	for (const argv of [['code'], ['emacs'], ['gvim'], ['xterm', '-e', 'vim']])
		expect(needsTerminal(argv)).toBe(false)
	expect(knownAs('/opt/idea/bin/idea.sh')?.name).toBe('IntelliJ IDEA')
})
