import type { ProjectConfig } from '../../contract/config.ts'
import type { Commit } from '../../contract/state.ts'
import type { Link } from '../link/link.ts'
import type { PlannedStep, StepRunner } from '../operation.ts'
import { alone } from './git.ts'
import { log } from './local.ts'
import { hasCommit, haveCommits } from './objects.ts'
import {
	added,
	checkLaptop,
	checkMs,
	localScript,
	lookAhead,
	type Prospect,
	remoteScript,
	resultLimit,
} from './prospect.ts'
import { remoteWorktree } from './remote.ts'
import { countOf } from './up.ts'

export const backSteps: PlannedStep[] = [
	{ id: 'back-check', title: 'Check the results' },
	{ id: 'back-commit', title: 'Commit the results on the workstation' },
	{ id: 'back-merge', title: 'Merge on the laptop' },
]

/**
 * Brings results back: the workstation commits them on its validation branch and pushes that to the hub; the
 * laptop merges it into its base branch. The hub's base branch is left alone: the next `up` brings it there.
 * Refuses before anything is changed; again is safe after any interruption.
 * Answers with the laptop's base commit and what was new for it.
 * @throws ProblemError
 */
export async function back(
	runner: StepRunner,
	link: Link,
	project: ProjectConfig,
): Promise<{ head: string; commits: Commit[] }> {
	return await alone(project.local, async () => {
		const { signal } = runner
		const prospect = await runner.step('back-check', async (say) => {
			const seen = await lookAhead(link, project, 'back', signal)
			await checkBack(link, project, seen, signal)
			const files = seen.remote.resultFiles.length
			say(files === 0 ? 'no new files' : files === 1 ? '1 file' : `${files} files`)
			return seen
		})
		const commit = await runner.step('back-commit', async (say) => {
			const { fields, identity } = await remoteScript(
				link,
				'git-back',
				[...request('apply', project, prospect), ...project.git.results],
				signal,
			)
			say(identity ? `committed as ${identity}` : fields[1] === '0' ? 'nothing to commit' : '')
			return fields[0] ?? ''
		})
		return await runner.step('back-merge', (say) => land(link, project, prospect, commit, say, signal))
	})
}

function request(mode: string, project: ProjectConfig, { validation }: Prospect): string[] {
	const { git, remote, name } = project
	const message = `Results of ${name}`
	return [
		mode,
		remote,
		remoteWorktree(project),
		git.hub,
		git.validation,
		validation,
		String(resultLimit),
		message,
	]
}

async function checkBack(
	link: Link,
	project: ProjectConfig,
	prospect: Prospect,
	signal: AbortSignal,
): Promise<void> {
	const { folder, tip, tree, remote } = prospect
	const files = [...new Set([...(await added(folder, tip, tree, signal)), ...remote.resultFiles])]
	await checkLaptop(project, prospect, files, signal)
	const args = [...request('check', project, prospect), ...project.git.results]
	await remoteScript(link, 'git-back', args, signal, checkMs)
}

async function land(
	link: Link,
	project: ProjectConfig,
	{ folder, tip, remote }: Prospect,
	commit: string,
	say: (detail: string) => void,
	signal: AbortSignal,
): Promise<{ head: string; commits: Commit[] }> {
	const { hub, base, validation } = project.git
	if (hub === 'direct' && !(await hasCommit(folder, commit, signal)))
		await haveCommits(link, project, folder, remote, [commit], signal)
	const args = ['apply', folder, base, tip, hub, validation, commit]
	const { fields, identity } = await localScript('git-land', args, folder, signal)
	const commits = await log(folder, [`${tip}..${commit}`], 100, signal)
	say(identity ? `${countOf(commits.length)}, committed as ${identity}` : countOf(commits.length))
	return {
		head: fields[0] ?? tip,
		commits: commits.map(({ id, subject, author, at }) => ({ id, subject, author, at })),
	}
}
