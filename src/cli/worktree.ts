import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { Worktree } from '../contract/code.ts'
import { exitCodes } from './exit-codes.ts'
import { reach, workstationOf } from './reach.ts'
import { print, printJson } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { columns, count, plain } from './words.ts'
import { addWorktreeOpen } from './worktree-open.ts'

type Machine = Worktree['machine']

interface WorktreeOptions {
	on: Machine
	project?: string
	from?: string
	json?: boolean
}

/** `worktree`, `worktree list`, `worktree add`, `worktree open`, `worktree remove`. */
export function addWorktree(program: Command, cli: Cli): void {
	const worktree = program
		.command('worktree')
		.description('the worktrees of a project on both machines: list, add, remove')
		.helpCommand(false)
	worktree
		.command('list', { isDefault: true })
		.argument('[project]', 'may be left out when there is one')
		.description('all of them, and what is in them alone (the default)')
		.option('--json', 'print them as JSON')
		.action((project: string | undefined, options: { json?: boolean }) =>
			withEngine(cli, options, async (session) => {
				await reachFor(session, project)
				const { worktrees } = await session.client.call('listWorktrees', { project })
				if (options.json) printJson(session.io, { worktrees })
				else print(session.io, columns(worktrees.map(worktreeRow)))
				return exitCodes.done
			}),
		)
	const on = () =>
		new Option('--on <machine>', 'where it is').choices(['laptop', 'workstation']).default('laptop')
	worktree
		.command('add')
		.argument('<path>', 'a folder that is not there yet; on the workstation from its home on')
		.argument('<branch>', 'one that is there, or the name of a new one')
		.description('make one; a branch that is not there begins at the base branch')
		.addOption(on())
		.option('--from <ref>', 'where a new branch begins')
		.option('--project <name>', 'may be left out when there is one')
		.option('--json', 'print it as JSON')
		.action((path: string, branch: string, options: WorktreeOptions) =>
			withEngine(cli, options, async (session) => {
				const { on: machine, project, from } = options
				await reachFor(session, project)
				const place = { project, machine, path: meant(path, machine) }
				const made = await session.client.call('addWorktree', { ...place, branch, from })
				if (options.json) printJson(session.io, made)
				else print(session.io, `${plain(made.path)} has ${plain(made.branch ?? made.head.slice(0, 8))}.`)
				return exitCodes.done
			}),
		)
	addWorktreeOpen(worktree, cli, { on: on(), reachFor, meant })
	worktree
		.command('remove')
		.argument('<path>', 'its folder')
		.description('remove one in which nothing would be lost; its branch stays')
		.addOption(on())
		.option('--project <name>', 'may be left out when there is one')
		.option('--json', 'print what was removed as JSON')
		.action((path: string, options: WorktreeOptions) =>
			withEngine(cli, options, async (session) => {
				const { on: machine, project } = options
				await reachFor(session, project)
				const removed = { machine, path: meant(path, machine) }
				await session.client.call('removeWorktree', { project, ...removed })
				if (options.json) printJson(session.io, { removed })
				else print(session.io, `Removed ${plain(removed.path)}. Its branch stays.`)
				return exitCodes.done
			}),
		)
}

async function reachFor(session: Session, project: string | undefined): Promise<void> {
	const workstation = workstationOf(session.state(), project)
	if (workstation !== null) await reach(session, workstation)
}

/** On the laptop a path is meant from where this was called; `~` is each machine's own home. */
function meant(path: string, machine: Machine): string {
	return machine === 'laptop' && !/^~(\/|$)/.test(path) ? resolve(path) : path
}

function worktreeRow(worktree: Worktree): string[] {
	const { machine, path, branch, head, changedCount, untrackedCount, unpushedCount } = worktree
	const facts = [
		worktree.main && 'the repository itself',
		worktree.validation && 'validations run here',
		worktree.missing && 'its folder is gone',
		worktree.locked && 'locked',
		changedCount > 0 && `${changedCount} changed`,
		untrackedCount > 0 && `${untrackedCount} untracked`,
		unpushedCount > 0 && `${count(unpushedCount, 'commit')} only here`,
	]
	const on = branch === null ? `detached at ${head.slice(0, 8)}` : plain(branch)
	return [machine, plain(path), on, facts.filter(Boolean).join(', ')]
}
