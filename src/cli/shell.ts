import type { Command } from 'commander'
import { holdOption, openThere } from './remote-terminal.ts'
import type { Cli } from './session.ts'

export function addShell(program: Command, cli: Cli): void {
	program
		.command('shell')
		.argument('[workstation]', 'the first one when left out')
		.description('open a shell on the workstation; ends with the shell’s own exit code')
		.addOption(holdOption())
		.action((name: string | undefined, options: { hold?: true }) =>
			openThere(cli, options, async ({ client }) => {
				const { workstation, argv } = await client.call('shellCommand', { workstation: name })
				return { wish: { what: 'shell', workstation }, workstation, ssh: argv, again: null }
			}),
		)
}
