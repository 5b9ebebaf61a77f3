import type { Problem } from '../../contract/problem.ts'
import type { Commit, Lane, Standing } from '../../contract/state.ts'
import type { GitFolders } from './standing.ts'

/** A commit and its parents: what a walk through history needs. */
export interface Ancestry {
	id: string
	parents: string[]
}

/** The laptop's repository. Ids are full. */
export interface LocalFacts {
	/** The topmost folder, as the settings name it. */
	path: string
	/** The commit at the base branch. */
	head: string
	/** The branch that is checked out in `path`; null: none. */
	branch: string | null
	/** Tracked files with changes in `path`. */
	changedFiles: string[]
	untrackedFiles: string[]
	standing: Standing
	folders: GitFolders
	/** The hub's branches as of the last contact with it; null: never seen. */
	hubBase: string | null
	hubValidation: string | null
	/** On the base branch and on neither of the hub's; null: the hub was never seen. */
	toHub: Lane | null
	/** On the hub's branches and not on the base branch; null: the hub was never seen. */
	fromHub: Lane | null
	/** The newest few hundred commits of the base branch and the hub's branches, newest first. */
	history: (Commit & Ancestry)[]
	/** Something the settings name is not there. */
	problem: Problem | null
}

/** One of the workstation's worktrees: its clone's own folder, where the base branch is, where validation is. */
export interface RemoteTree {
	path: string
	detached: boolean
	/** `merge`, `rebase`, `bisect`, …; null: none. */
	ongoing: string | null
	lock: Standing['lock']
}

/** Names of files and how many there are: the list may hold only the first few. */
export interface FileList {
	files: string[]
	count: number
}

/** The workstation's clone and its worktree of the validation branch. */
export interface RemoteFacts {
	/** The clone's topmost folder there, from the root; null: there is none. */
	path: string | null
	gitVersion: string
	base: string | null
	validation: string | null
	hubBase: string | null
	hubValidation: string | null
	/** What an earlier push over the link left to be taken. */
	incoming: string | null
	/** Tracked files with changes in the worktree, results left out. */
	changedFiles: string[]
	changedCount: number
	/** Files in the worktree that nobody tracks, results left out; only the first few of their count. */
	untracked: FileList
	/** Tracked files with changes where the base branch is checked out. */
	cloneChangedFiles: string[]
	/** What the result globs name and is not committed. */
	resultFiles: string[]
	resultCount: number
	/** The size in bytes of those that are there; not read for what is only shown. */
	resultSizes: Record<string, number>
	/** Another one as soon as one of them was written to; empty where there are none, or it was not read. */
	resultMark: string
	/** The worktree of the validation branch is the last. */
	trees: RemoteTree[]
	stashes: number
	/** A merge, rebase, … that somebody has begun. */
	ongoing: { what: string; path: string } | null
	/** An operation of ours is under way there, or was killed; `branch`: the one that it is about to move. */
	journal: { path: string; branch: string | null } | null
	/** The newest commits of the validation branch, at most 200. */
	line: Ancestry[]
	/** The newest few on the validation branch and not on the base branch there. */
	commits: Commit[]
	/** The newest few on the base branch there, on neither its validation branch nor a remote's; `baseCount`: all. */
	baseCommits: Commit[]
	baseCount: number
	/** What is missing first: nothing can be moved until it is there. */
	problem: Problem | null
}
