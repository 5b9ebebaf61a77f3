import type { PlanStep } from '../../contract/code.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Lane } from '../../contract/state.ts'
import type { Link } from '../link/link.ts'
import { laptop, refuse, workstation } from './git.ts'
import { lane } from './local.ts'
import { contains, hasCommit, haveCommits } from './objects.ts'
import type { Prospect } from './prospect.ts'
import { checkMs, localScript, remoteScript } from './scripts.ts'

/**
 * Nothing is ever taken off the hub, so after an undo it is ahead. A branch that has not gone on without those commits
 * is taken on to them by the next operation that needs it; what lies on disk stays, and is what is committed next.
 */
export interface Adoption {
	machine: 'laptop' | 'workstation'
	branch: string
	from: string
	/** The hub's commit, also on the laptop. */
	to: string
	commits: Lane
}

type Relation = 'behind' | 'undone' | 'parted' | 'foreign'
type Ends = Pick<Adoption, 'machine' | 'branch' | 'from' | 'to'>

/** All of it: on the laptop whatever was changed is committed next. */
const everything = ['**']

async function ask(
	mode: 'check' | 'apply',
	operation: string,
	link: Link,
	project: ProjectConfig,
	folder: string,
	{ machine, branch, from, to }: Ends,
	signal: AbortSignal,
): Promise<Relation> {
	const [side, path] = machine === 'laptop' ? [laptop, folder] : [workstation, project.remote]
	const files = machine === 'laptop' ? everything : project.git.results
	const args = [mode, operation, side, path, branch, from, to, ...files]
	const { fields } =
		machine === 'laptop'
			? await localScript('git-adopt', args, folder, signal)
			: await remoteScript(link, 'git-adopt', args, signal, mode === 'check' ? checkMs : undefined)
	const [relation] = fields
	return relation === 'behind' || relation === 'undone' || relation === 'parted' ? relation : 'foreign'
}

/**
 * What the workstation's validation branch has to be taken on to before it can go to the hub again; null: nothing.
 * @throws ProblemError `undone-on-hub` where it has gone on without what was undone and `isPushed`; `tree-dirty`
 */
export async function adoptValidation(
	link: Link,
	project: ProjectConfig,
	{ folder, remote, validation, hubValidation }: Prospect,
	isPushed: boolean,
	signal: AbortSignal,
): Promise<Adoption | null> {
	if (hubValidation === null || hubValidation === validation) return null
	// As a rule it is one of the commits that came along with how things stand there.
	const { line } = remote
	if (line[0]?.id === validation && line.some(({ id }) => id === hubValidation)) return null
	const isHere = await hasCommit(folder, hubValidation, signal)
	if (isHere && (await contains(folder, validation, hubValidation, signal))) return null
	const branch = project.git.validation
	const ends = { machine: 'workstation', branch, from: validation, to: hubValidation } as const
	const relation = await ask('check', '', link, project, folder, ends, signal)
	if (relation === 'parted' && isPushed) refuseParted(project, ends)
	if (relation !== 'undone') return null
	if (!isHere) await haveCommits(link, project, folder, remote, [hubValidation], signal)
	return { ...ends, commits: await lane(folder, [validation], hubValidation, signal) }
}

/**
 * The same of the laptop's base branch, which has to be taken on to what the hub has of it before a commit. The hub's
 * commit is here already.
 * @throws ProblemError `undone-on-hub` where it has gone on without what was undone; `tree-dirty`
 */
export async function adoptBase(
	link: Link,
	project: ProjectConfig,
	{ folder, tip, hubBase }: Prospect,
	signal: AbortSignal,
): Promise<Adoption | null> {
	if (hubBase === null || (await contains(folder, tip, hubBase, signal))) return null
	const ends = { machine: 'laptop', branch: project.git.base, from: tip, to: hubBase } as const
	const relation = await ask('check', '', link, project, folder, ends, signal)
	if (relation === 'parted') refuseParted(project, ends)
	if (relation !== 'undone') return null
	return { ...ends, commits: await lane(folder, [tip], hubBase, signal) }
}

function refuseParted({ git }: ProjectConfig, { machine, branch, to }: Ends): never {
	const side = machine === 'laptop' ? laptop : workstation
	return refuse('undone-on-hub', { side, branch, hub: git.hub, commit: to })
}

/** Takes the branch on. It is kept first. @throws ProblemError `moved-meanwhile`, `tree-dirty` */
export async function adopt(
	link: Link,
	project: ProjectConfig,
	folder: string,
	adoption: Adoption,
	operation: string,
	signal: AbortSignal,
): Promise<void> {
	await ask('apply', operation, link, project, folder, adoption, signal)
}

/** How it is shown; `id` is the operation's step. */
export function adoptionStep({ machine, branch, commits }: Adoption, id: string): PlanStep {
	const title = `Take ${branch} on to what the hub still has`
	return { id, machine, title, commits, files: [], fileCount: 0 }
}

export function adoptionNote({ machine, branch, commits }: Adoption): string {
	const those = commits.count === 1 ? '1 commit' : `${commits.count} commits`
	const files = machine === 'laptop' ? 'Files' : 'Result files'
	return `The hub still has ${those} of ${branch} that an undo took off: the branch goes on from there. ${files} stay as they are on disk.`
}
