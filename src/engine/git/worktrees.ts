import { ProblemError } from '../../contract/client.ts'
import type { Machine, Worktree } from '../../contract/code.ts'
import type { CommandInput } from '../../contract/commands.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'
import { alone, laptop, refuse, workstation } from './git.ts'
import { openLocal } from './local.ts'
import { checkNames } from './names.ts'
import { fileName, type Rec } from './records.ts'
import { remoteWorktree } from './remote.ts'
import { newOperation } from './safety.ts'
import { checkMs, localScript, remoteScript } from './scripts.ts'

/** The machines that have files. */
type Side = Exclude<Machine, 'hub'>

/** `unfinished`: a killed one of ours has begun it, and `addWorktree` completes it. */
export type FoundWorktree = Worktree & { unfinished: boolean }

const plain = ({ unfinished: _, ...worktree }: FoundWorktree): Worktree => worktree

/** A big tree is checked out, or deleted. */
const changeMs = 15 * 60_000

/**
 * The worktrees of both machines, the laptop's first; the workstation's in one round trip.
 * @throws ProblemError when one of them cannot be read
 */
export async function listWorktrees(
	link: Link,
	project: ProjectConfig,
	signal: AbortSignal = new AbortController().signal,
): Promise<Worktree[]> {
	await checkNames(project, signal)
	const both = await Promise.all(
		(['laptop', 'workstation'] as const).map(async (side) =>
			worktreesIn(side, await ask(side, link, project, 'list', [], signal, checkMs)),
		),
	)
	return both.flat().map(plain)
}

/** The laptop's alone; no link is needed. */
export async function listLaptop(project: ProjectConfig, signal: AbortSignal): Promise<FoundWorktree[]> {
	return worktreesIn('laptop', await ask('laptop', null, project, 'list', [], signal, checkMs))
}

/**
 * Makes a worktree of a branch that is there, or of a new one. Again is safe: one that is there already with that
 * branch is the answer, and what a killed one left is completed.
 * @throws ProblemError `folder-in-the-way`, `unsafe-name`, `branch-missing` for where it is to begin, `git-failed`
 *   for a branch that is in use elsewhere
 */
export async function addWorktree(
	link: Link,
	project: ProjectConfig,
	{ machine, path, branch, from }: CommandInput<'addWorktree'>,
	signal: AbortSignal = new AbortController().signal,
): Promise<Worktree> {
	await checkNames(project, signal)
	const { base, hub } = project.git
	const args = [path, branch, from ?? '', base, hub]
	return await alone(project.local, async () => {
		const records = await ask(machine, link, project, 'add', args, signal, changeMs)
		const [made] = worktreesIn(machine, records)
		if (made) return plain(made)
		return refuse('git-failed', {
			side: sides[machine],
			what: `make a worktree at ${path}`,
			reason: 'it is not there',
		})
	})
}

/**
 * Removes a worktree when nothing would be lost with it; its branch stays. Its head and its reflog are kept, and an
 * undo makes it again.
 * @throws ProblemError `worktree-in-use` with everything that speaks against it in `lost`, `worktree-missing`
 */
export async function removeWorktree(
	link: Link,
	project: ProjectConfig,
	{ machine, path }: CommandInput<'removeWorktree'>,
	signal: AbortSignal = new AbortController().signal,
): Promise<void> {
	await checkNames(project, signal)
	await alone(project.local, async () => {
		const records = await ask(machine, link, project, 'remove', [path], signal, changeMs)
		const lost = lostIn(records)
		if (lost.length > 0)
			throw new ProblemError(problem('worktree-in-use', { path, side: sides[machine], lost }))
	})
}

const sides: Record<Side, string> = { laptop, workstation }

/** The script does the same on both machines. */
async function ask(
	side: Side,
	link: Link | null,
	project: ProjectConfig,
	mode: 'list' | 'add' | 'remove',
	args: readonly string[],
	signal: AbortSignal,
	timeoutMs: number,
): Promise<readonly Rec[]> {
	const operation = mode === 'list' ? '' : newOperation(`worktree-${mode}`, Date.now())
	if (side === 'laptop' || link === null) {
		const folder = await openLocal(project, signal)
		const all = [mode, operation, folder, laptop, project.git.worktree ?? '', project.name, ...args]
		return (await localScript('git-worktrees', all, folder, signal)).records
	}
	const all = [mode, operation, project.remote, workstation, remoteWorktree(project), project.name, ...args]
	return (await remoteScript(link, 'git-worktrees', all, signal, timeoutMs)).records
}

/** The records `worktree`, as the script says what they hold. */
export function worktreesIn(machine: Side, records: readonly Rec[]): FoundWorktree[] {
	return records.flatMap(([name, flags = '', head = '', changed, untracked, unpushed, branch, ...path]) =>
		name === 'worktree'
			? [
					{
						machine,
						path: fileName(path.join('\t')),
						branch: branch || null,
						head,
						main: flags.includes(',main,'),
						validation: flags.includes(',validation,'),
						changedCount: Number(changed) || 0,
						untrackedCount: Number(untracked) || 0,
						unpushedCount: Number(unpushed) || 0,
						locked: flags.includes(',locked,'),
						missing: flags.includes(',missing,'),
						unfinished: flags.includes(',unfinished,'),
					},
				]
			: [],
	)
}

/** What would be lost, by its kind: the name is a file's, but where its kind says otherwise. */
const losses: Record<string, (name: string) => string> = {
	main: () => 'the repository itself',
	validation: () => 'the place where validations run',
	locked: (reason) => `what somebody locked it for (${reason})`,
	ongoing: (what) => `the ${what} that is under way there`,
	commits: (count) =>
		count === '1'
			? '1 commit that no remote and no other branch has'
			: `${count} commits that no remote and no other branch has`,
	changed: (file) => `${file} (changed)`,
	unseen: (file) => `${file} (changed, though git was told not to look)`,
	untracked: (file) => `${file} (untracked)`,
	ignored: (file) => `${file} (ignored by git)`,
	submodule: (file) => `the submodule ${file}`,
	ref: (name) => name,
	work: (program) => `what ${program} does there`,
	switched: (branch) => `the place of ${branch}, which was checked out there since`,
}

/** What speaks against removing a worktree, in words. */
export function lostIn(records: readonly Rec[]): string[] {
	return records.flatMap(([name, kind = '', ...rest]) =>
		name === 'lost' ? [(losses[kind] ?? ((text) => text))(fileName(rest.join('\t')))] : [],
	)
}
