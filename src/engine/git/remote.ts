import type { ProjectConfig } from '../../contract/config.ts'
import type { Commit } from '../../contract/state.ts'
import type { Link } from '../link/link.ts'
import { type BatchScript, type Rider, runBatch } from '../remote/batch.ts'
import { runScript } from '../remote/script.ts'
import { scriptFailed } from '../remote/script-failure.ts'
import type { RemoteFacts, RemoteTree } from './facts.ts'
import { branchOf } from './leftovers.ts'
import { checkNames } from './names.ts'
import { mostFiles } from './pending.ts'
import { fieldsOf, fileName, parseRecords, problemsIn, type Rec } from './records.ts'

/** Where a project's validation branch is checked out on its workstation. */
export function remoteWorktree(project: ProjectConfig): string {
	return project.git.remoteWorktree ?? `${project.remote.replace(/\/+$/, '')}-gpu`
}

/**
 * The question for the workstation's side; changes nothing there. `most`: how many names a list of files holds, its
 * count being that of all; null: every one. Of untracked files there are never more than the first few.
 */
export function remoteFactsScript(project: ProjectConfig, most: number | null = mostFiles): BatchScript {
	const { hub, base, validation, results } = project.git
	const { remote } = project
	const few = most === null ? '' : String(most)
	return {
		name: 'git-facts',
		args: [few, remote, remoteWorktree(project), hub, base, validation, ...results],
	}
}

/** @throws ProblemError `remote-failed` when the script could not do its work at all */
export function parseRemote(stdout: string, code: number | null): RemoteFacts {
	const records = parseRecords(stdout)
	const [first] = problemsIn(records)
	if (!first && code !== 0) throw scriptFailed('git-facts', { code })
	const all = (name: string) => records.filter((record) => record[0] === name)
	const files = (name: string) => all(name).map(([, file]) => fileName(file))
	const count = (name: string) => Number(fieldsOf(records, name)?.[0] ?? 0)
	const refs = new Map(all('git.ref').map(([, name, id]) => [name, id]))
	const ongoing = fieldsOf(records, 'git.ongoing')
	const journal = fieldsOf(records, 'git.journal')
	return {
		path: fieldsOf(records, 'git.path')?.[0] ?? null,
		gitVersion: fieldsOf(records, 'git.version')?.[0] ?? '',
		base: refs.get('base') ?? null,
		validation: refs.get('validation') ?? null,
		hubBase: refs.get('hub-base') ?? null,
		hubValidation: refs.get('hub-validation') ?? null,
		incoming: refs.get('incoming') ?? null,
		changedFiles: files('git.changed'),
		changedCount: count('git.changed-count'),
		untracked: { files: files('git.untracked'), count: count('git.untracked-count') },
		cloneChangedFiles: files('git.clone-changed'),
		resultFiles: files('git.result'),
		resultCount: count('git.result-count'),
		resultMark: fieldsOf(records, 'git.result-mark')?.[0] ?? '',
		resultSizes: Object.fromEntries(all('git.size').map(([, line]) => sizeOf(line))),
		trees: all('git.tree').map((tree) => treeOf(tree, all('git.lock'))),
		stashes: count('git.stashes'),
		ongoing: ongoing && { what: ongoing[0] ?? '', path: ongoing[1] ?? '' },
		journal: journal && { path: journal[0] ?? '', branch: branchOf(journal[1]) },
		line: all('git.line').map(([, line = '']) => {
			const [id = '', ...parents] = line.split(' ')
			return { id, parents }
		}),
		commits: all('git.commit').map(commitOf),
		baseCommits: all('git.base-commit').map(commitOf),
		baseCount: count('git.base-count'),
		problem: first ?? null,
	}
}

function commitOf([, id = '', seconds, author = '', ...subject]: Rec): Commit {
	const words = subject.join('\t').trim()
	return { id, at: Number(seconds) * 1000, author: author.trim(), subject: words }
}

function treeOf([, path = '', ongoing = '', detached = '']: Rec, locks: readonly Rec[]): RemoteTree {
	const [, , lock, owner = ''] = locks.find(([, of]) => of === path) ?? []
	return {
		path,
		detached: detached !== '',
		ongoing: ongoing === '' ? null : ongoing,
		lock: lock === undefined ? null : { path: lock, owner: owner === '' ? null : owner },
	}
}

function sizeOf(line = ''): [string, number] {
	const space = line.indexOf(' ')
	return [fileName(line.slice(space + 1)), Number(line.slice(0, space))]
}

/**
 * Reads the workstation's side in one round trip, and what the rider asks.
 * @throws ProblemError of the link or of `runScript`, `unsafe-name`. What is missing there is a fact.
 */
export async function readRemote(
	link: Link,
	project: ProjectConfig,
	signal?: AbortSignal,
	rider?: Rider,
): Promise<RemoteFacts> {
	await checkNames(project)
	const script = remoteFactsScript(project, null)
	if (!rider) {
		const { stdout, code } = await runScript(link, script.name, script.args, { signal })
		return parseRemote(stdout, code)
	}
	const [own, other] = await runBatch(link, [script, rider.script], { signal })
	if (other) rider.take(other.stdout, other.code)
	return parseRemote(own?.stdout ?? '', own?.code ?? null)
}
