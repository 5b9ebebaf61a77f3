import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { projectSchema } from '../../../src/contract/config.ts'
import { ProjectSession } from '../../../src/engine/project-session.ts'
import { durationOf, fillCommand, parameterNames } from '../../../src/engine/runs/command.ts'
import { Store } from '../../../src/engine/store.ts'
import { emptyState } from '../states.ts'

const project = (command: string, parameters: Record<string, string> = {}) =>
	projectSchema.parse({
		name: 'nt',
		workstation: 'lab',
		local: '/x',
		remote: 'x',
		validation: { command, parameters },
	})

/** Those that run a command as the login's own shell; with any other it is /bin/sh. */
const shells = ['sh', 'bash', 'dash', 'zsh', 'fish'].flatMap(
	(name) => [`/bin/${name}`, `/usr/bin/${name}`, `/opt/homebrew/bin/${name}`].find(existsSync) ?? [],
)
/** The words that a shell makes of the arguments of `show`. */
function words(shell: string, command: string): string[] {
	return execFileSync(shell, ['-c', command.replace('show', "printf '<%s>\\n'")])
		.toString()
		.split('\n')
		.slice(0, -1)
}

const hostile = [
	'plain',
	'',
	'two words  and more',
	`it's "quoted"`,
	// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
	'$(touch /tmp/hawser-was-here) `id` $HOME ${HOME}',
	'-rf',
	'--help',
	'* ? [a] ~ ! # ; & | < > \\ \\\\ \\n %s',
	'ends with \\',
	`\\' "\\\\' \\\\\\`,
	'größe 量 🚀',
	'{lr} {{x}}',
]

describe('parameters', () => {
	describe.each(shells)('in %s', (shell) => {
		test.each(hostile)('the value %j is data wherever it stands', (value) => {
			const filled = (command: string) => words(shell, fillCommand(project(command), { v: value }).command)
			expect(filled('show {v} --v={v} x{v}y')).toEqual([`<${value}>`, `<--v=${value}>`, `<x${value}y>`])
			expect(filled(`show "a {v} b" 'a {v} b' '{"k": {v}}'`)).toEqual([
				`<a ${value} b>`,
				`<a ${value} b>`,
				`<{"k": ${value}}>`,
			])
			expect(filled(`show "$(printf %s "in {v}")" 'it'\\''s {v}' "\\"{v}"`)).toEqual([
				`<in ${value}>`,
				`<it's ${value}>`,
				`<"${value}>`,
			])
		})
	})

	// Fish has none.
	test.each(shells.filter((shell) => !shell.endsWith('fish')))('in backquotes, in %s', (shell) => {
		for (const value of hostile) {
			const command = 'show "`printf %s {v}`" "`printf %s "a {v} b"`" "`printf %s \'{v}\'`" {v}'
			const all = words(shell, fillCommand(project(command), { v: value }).command)
			expect(all).toEqual([`<${value}>`, `<a ${value} b>`, `<${value}>`, `<${value}>`])
		}
	})

	test('braces that are the shell’s stay; a doubled one is one', () => {
		// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
		const command = 'a ${HOME} {} {1..3} ${A:-${B}} {{print} {lr}'
		expect(fillCommand(project(command), { lr: '1' }).command).toBe(
			// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
			"a ${HOME} {} {1..3} ${A:-${B}} {print} '1'",
		)
		expect(parameterNames(command)).toEqual(['lr'])
		expect(fillCommand(project('make all')).command).toBe('make all')
	})

	test('what is asked for comes before the settings; all of it is told', () => {
		const filled = fillCommand(project('x {lr} {seed} {lr}', { lr: '0.1', seed: '7', note: 'a' }), {
			lr: '0.2',
		})
		expect(filled).toEqual({
			command: "x '0.2' '7' '0.2'",
			parameters: { lr: '0.2', seed: '7', note: 'a' },
		})
	})

	test('of a project its command is shown as it runs when nothing is asked for', () => {
		const config = project('x {lr} "{seed}" {name}', { lr: '0.1', seed: "it's" })
		const store = new Store(emptyState(), (state) => state.summary)
		const session = new ProjectSession(config, { store, now: () => 1, runner: 'tmux' })
		expect(store.state.projects.nt?.command).toBe(`x '0.1' ""'it'\\''s'"" {name}`)
		session.leave()
	})

	test.each([
		['an unknown one', { speed: '1' }, 'parameter-unknown', { name: 'speed', known: 'lr, seed' }],
		['without its value', {}, 'parameter-missing', { name: 'seed' }],
		['of two lines', { seed: 'a\nb' }, 'input-invalid', {}],
	])('%s is a problem', (_, set: Record<string, string>, code, facts) => {
		const fill = () => fillCommand(project('x {lr} {seed}', { lr: '1' }), set)
		expect(fill).toThrow(
			expect.objectContaining({
				problem: expect.objectContaining({ code, facts: expect.objectContaining(facts) }),
			}),
		)
	})
})

test.each([
	['90 s', 90_000],
	['45min', 2_700_000],
	['2 h', 7_200_000],
	['1 d', 86_400_000],
	['0 s', null],
	['soon', null],
])('a duration: %s', (text, ms) => {
	expect(durationOf(text)).toBe(ms)
})
