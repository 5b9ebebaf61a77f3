import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { refuse } from '../git/git.ts'
import { type GitPlace, inTime, startGit } from './git-stream.ts'
import { NulSplitter } from './records.ts'

/** The rule that a path matches, as git names it. */
export interface Rule {
	/** Where it is written. */
	source: string
	line: number
	pattern: string
}

/** Asks git which rules paths match, by `git check-ignore`, as long as it is open. */
export interface IgnoreRules {
	/**
	 * For each path the rule that makes git ignore it, or null. A folder that is not there, such as the
	 * workstation's, ends in a slash.
	 * @throws ProblemError `git-failed`, `git-missing`
	 */
	ask(paths: readonly string[]): Promise<(Rule | null)[]>
	close(): void
}

const fieldCount = 4
/** At a time: what is asked and answered stays small. */
const mostAtOnce = 2000
const longestMs = 60_000

/**
 * The rules that hold in a repository. What git tracks it answers for like anything else (`--no-index`). Git is
 * started by the first question.
 * @param place its folder is the top of the tree that the paths are relative to
 */
export function ignoreRules(place: GitPlace): IgnoreRules {
	let started: IgnoreRules | null = null
	let closed = false
	return {
		ask: async (paths) => {
			if (paths.length === 0) return []
			if (closed) refuse('operation-cancelled', {})
			started ??= startRules(place)
			return await started.ask(paths)
		},
		close: () => {
			closed = true
			started?.close()
		},
	}
}

function startRules(place: GitPlace): IgnoreRules {
	// Each answer comes as soon as it is known: with --stdin git flushes after every path.
	const git = startGit(place, ['check-ignore', '-z', '-v', '-n', '--no-index', '--stdin'])
	const splitter = new NulSplitter()
	let fields: string[] = []
	let waiter: (PromiseWithResolvers<(Rule | null)[]> & { count: number }) | null = null
	git.stdout.on('data', (data: Buffer) => {
		fields.push(...splitter.take(data))
		if (!waiter || fields.length < waiter.count * fieldCount) return
		const answered = fields
		fields = []
		waiter.resolve(rulesOfAnswer(answered))
	})
	let over: { reason: unknown } | null = null
	git.done
		.then(() => refuse('git-failed', { side: 'The laptop', what: 'check-ignore', reason: 'it ended early' }))
		.catch((reason: unknown) => {
			over = { reason }
			waiter?.reject(reason)
		})
	const askFew = async (paths: readonly string[]): Promise<(Rule | null)[]> => {
		if (over) throw over.reason
		const mine = Promise.withResolvers<(Rule | null)[]>()
		waiter = { ...mine, count: paths.length }
		// `./` keeps a name that begins with a colon from meaning more than itself.
		git.stdin.write(Buffer.from(paths.map((path) => `./${path}\0`).join(''), 'latin1'))
		return await inTime(git, 'check-ignore', longestMs, mine.promise)
	}
	let turn: Promise<unknown> = Promise.resolve()
	return {
		ask: (paths) => {
			const work = async () => {
				const rules: (Rule | null)[] = []
				for (let at = 0; at < paths.length; at += mostAtOnce)
					rules.push(...(await askFew(paths.slice(at, at + mostAtOnce))))
				return rules
			}
			const mine = turn.then(work, work)
			turn = mine.catch(() => {})
			return mine
		},
		close: () => git.close(),
	}
}

/** From `git check-ignore -z -v -n`: source, line, pattern and path of each; a pattern that begins with ! lets it through. */
export function rulesOfAnswer(fields: readonly string[]): (Rule | null)[] {
	const rules: (Rule | null)[] = []
	for (let at = 0; at + fieldCount <= fields.length; at += fieldCount) {
		const [source = '', line = '', pattern = ''] = fields.slice(at, at + 3)
		const applies = source !== '' && !pattern.startsWith('!')
		rules.push(applies ? { source, line: Number(line), pattern } : null)
	}
	return rules
}

/** A repository of our own that holds no more than patterns, so that git reads them as it reads a .gitignore. */
export interface OwnRepository {
	place: GitPlace
	close(): void
}

/** @param workTree absolute; without it an empty folder, so that nothing there is looked at */
export function ownRepository(patterns: readonly string[], workTree?: string): OwnRepository {
	const folder = mkdtempSync(join(tmpdir(), '.hawser-rules-'))
	for (const name of ['objects', 'refs', 'info', 'tree']) mkdirSync(join(folder, name))
	writeFileSync(join(folder, 'HEAD'), 'ref: refs/heads/none\n')
	writeFileSync(join(folder, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = false\n')
	writeFileSync(join(folder, 'info', 'exclude'), patterns.map((pattern) => `${pattern}\n`).join(''))
	const tree = workTree ?? join(folder, 'tree')
	return {
		place: {
			folder: tree,
			env: { GIT_DIR: folder, GIT_WORK_TREE: tree },
			// The person's own rules for every repository are none of these.
			settings: workTree === undefined ? ['core.excludesFile=/dev/null'] : [],
		},
		close: () => rmSync(folder, { recursive: true, force: true }),
	}
}

/** Says of paths, which need not be there, whether they match patterns as in a .gitignore. */
export interface Matcher {
	/** The pattern that matches each path or a folder it is in; null: none does. A folder's path ends in a slash. */
	match(paths: readonly string[]): Promise<(string | null)[]>
	close(): void
}

/** @throws (its `match`) ProblemError `git-failed`, `git-missing` */
export function patternMatcher(patterns: readonly string[]): Matcher {
	if (patterns.length === 0)
		return { match: (paths) => Promise.resolve(paths.map(() => null)), close: () => {} }
	const repository = ownRepository(patterns)
	const rules = ignoreRules(repository.place)
	return {
		match: async (paths) => (await rules.ask(paths)).map((rule) => rule?.pattern ?? null),
		close: () => {
			rules.close()
			repository.close()
		},
	}
}
