import type { Command } from 'commander'
import { typed } from '../engine/quote.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { reach, workstationOf } from './reach.ts'
import { print, printJson, printProblem } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { plain } from './words.ts'

export function addMerge(program: Command, cli: Cli): void {
	program
		.command('merge')
		.argument('[project]', 'may be left out when there is one')
		.description('begin a merge that conflicts, in a worktree of its own, for you to finish')
		.option('--open', 'open it in your editor')
		.option('--json', 'print where it is as JSON')
		.action((name: string | undefined, options: { json?: boolean; open?: boolean }) =>
			withEngine(cli, options, async (session) => {
				const { io } = session
				const workstation = workstationOf(session.state(), name)
				if (workstation !== null) await reach(session, workstation)
				const merge = await session.client.call('prepareMerge', { project: name })
				const { projects } = session.state()
				const project = name === undefined ? Object.values(projects)[0] : projects[name]
				const nothing = merge.branch === project?.base
				if (!options.json)
					print(
						io,
						nothing
							? `There is nothing to merge: ${plain(merge.branch)} has all of it.`
							: mergeText(merge, project?.local ?? '.', project?.base ?? 'the base branch'),
					)
				// What was prepared is told first: an editor that does not open takes nothing of it back.
				const opened = options.open && !nothing ? await openLaptop(session, name, merge.path) : null
				if (options.json) printJson(io, { ...merge, ...(opened?.ok ? opened.output : {}) })
				else if (opened?.ok) print(io, `Opened in ${plain(opened.output.editor)}.`)
				if (opened && !opened.ok) {
					printProblem(io, opened.problem)
					return exitCodeOf(opened.problem)
				}
				return exitCodes.done
			}),
		)
}

const openLaptop = (session: Session, project: string | undefined, path: string) =>
	session.client.command('openInEditor', { project, machine: 'laptop', path })

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
