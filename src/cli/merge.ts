import type { Command } from 'commander'
import { typed } from '../engine/quote.ts'
import { exitCodes } from './exit-codes.ts'
import { reach, workstationOf } from './reach.ts'
import { print, printJson } from './report.ts'
import { type Cli, withEngine } from './session.ts'
import { plain } from './words.ts'

export function addMerge(program: Command, cli: Cli): void {
	program
		.command('merge')
		.argument('[project]', 'may be left out when there is one')
		.description('begin a merge that conflicts, in a worktree of its own, for you to finish')
		.option('--json', 'print where it is as JSON')
		.action((name: string | undefined, options: { json?: boolean }) =>
			withEngine(cli, options, async (session) => {
				const { io } = session
				const workstation = workstationOf(session.state(), name)
				if (workstation !== null) await reach(session, workstation)
				const merge = await session.client.call('prepareMerge', { project: name })
				const { projects } = session.state()
				const project = name === undefined ? Object.values(projects)[0] : projects[name]
				if (options.json) printJson(io, merge)
				else if (merge.branch === project?.base)
					print(io, `There is nothing to merge: ${plain(merge.branch)} has all of it.`)
				else print(io, mergeText(merge, project?.local ?? '.', project?.base ?? 'the base branch'))
				return exitCodes.done
			}),
		)
}

/** How to go on from there. Paths and names are quoted for a shell, since people copy them. */
function mergeText(
	{ path, branch, files }: { path: string; branch: string; files: string[] },
	repository: string,
	base: string,
): string {
	const word = (text: string) => typed(plain(text))
	return [
		`The merge is begun at ${plain(path)}, on the branch ${plain(branch)}.`,
		...(files.length > 0 ? ['To resolve there:', ...files.map((file) => `  ${plain(file)}`)] : []),
		'Then:',
		`  git -C ${word(path)} commit -a   unless that is done`,
		`  git -C ${word(repository)} merge ${word(branch)}   while ${plain(base)} is checked out`,
		'  hawser back, or hawser up, as before',
		`  hawser worktree remove ${word(path)}`,
	].join('\n')
}
