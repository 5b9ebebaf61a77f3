import { existsSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { projectSchema } from '../../src/contract/config.ts'
import { fillCommand } from '../../src/engine/runs/command.ts'
import { localLink } from './local-link.ts'
import { makeRunHome, type RunHome, whenEnded } from './run-home.ts'

/** A run's command is the login shell's; the values of its parameters arrive in it as they were given. */

let at: RunHome
beforeEach(async () => {
	at = await makeRunHome()
})
afterEach(async () => await at.dispose())

const values = {
	slashes: 'a\\b\\\\c\\\\\\\\d\\',
	quotes: `it's \\' "x" \\" '' \\`,
	// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
	shell: '$HOME ${HOME} $(id) `id` !! a!b * ~ #',
	blanks: '  two  and at the end  ',
	empty: '',
	text: 'größe 量 %s \\n',
}
const parameters = Object.fromEntries(Object.entries(values))
const command = `printf '<%s>' ${Object.keys(values)
	.map((name) => `{${name}} "{${name}}"`)
	.join(' ')}`

// Whom the last is for, runs in /bin/sh.
describe.each(['sh', 'bash', 'zsh', 'fish', 'tcsh'])('in the login shell %s', (name) => {
	const shell = [`/bin/${name}`, `/usr/bin/${name}`, `/opt/homebrew/bin/${name}`].find(existsSync)
	const why = shell === undefined ? ' (skipped: it is not on this machine)' : ''

	test.skipIf(shell === undefined)(`values arrive unchanged${why}`, async () => {
		const project = projectSchema.parse({
			...{ name: 'nt', workstation: 'lab', local: '/x', remote: 'x' },
			validation: { command, parameters },
		})
		const link = localLink(at.home, { SHELL: shell ?? '' })
		const { id } = await at.start(link, fillCommand(project).command, { parameters })
		const run = await whenEnded(link, id)
		const arrived = Object.values(values).map((value) => `<${value}><${value}>`)
		expect(run).toMatchObject({
			outcome: { status: 'succeeded' },
			lastLine: arrived.join(''),
			parameters: values,
		})
	})
})
