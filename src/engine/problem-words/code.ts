import { factText } from '../fact-text.ts'
import { copy } from '../next-steps.ts'
import { type Catalogue, waits } from './catalogue.ts'

/** Moving code. */
export const codeWords = {
	'repository-missing': (f) => ({
		title: `There is no git repository at ${f('path')}`,
		meaning: `${f('side')} has none there. Clone it, or correct the path in the settings.`,
		...waits,
	}),
	'repository-unreadable': (f) => ({
		title: `The repository at ${f('path')} cannot be read`,
		meaning: `git said: ${f('reason')}.`,
		...waits,
	}),
	'repository-busy': (f) => ({
		title: `The repository at ${f('path')} is locked`,
		meaning:
			f('owner') === factText(undefined)
				? `${f('side')} has ${f('lock')}: another git may be at work. When none is, remove that file.`
				: `${f('side')} has ${f('lock')}, held by ${f('owner')}. Let it finish or end it, then start again.`,
		...waits,
	}),
	'repository-shallow': (f) => ({
		title: `${f('side')} holds only a part of the history`,
		meaning: `The clone at ${f('path')} was cut off when it was made, so what it has in common with the other side cannot be found. Nothing was changed. Fetch the rest once.`,
		next: copy('Copy the command', 'git', '-C', f('path'), 'fetch', '--unshallow'),
		...waits,
	}),
	'worktree-missing': (f) => ({
		title: `There is no worktree at ${f('path')}`,
		// Without a branch it is one that was to be removed: nobody needs it.
		...(f('branch') === factText(undefined)
			? { meaning: `${f('side')} has none there: ${f('reason')}.` }
			: {
					meaning: `The workstation needs one with the branch ${f('branch')}, but ${f('reason')}. In its clone run the command.`,
					next: copy('Copy the command', 'git', 'worktree', 'add', f('path'), f('branch')),
				}),
		...waits,
	}),
	'branch-missing': (f) => ({
		title: `There is no branch ${f('branch')}`,
		meaning: `${f('side')} does not have it. Make it, or correct its name in the settings.`,
		...waits,
	}),
	'hub-missing': (f) => ({
		title: `There is no remote named ${f('hub')}`,
		meaning: `${f('side')} does not have it. Add it with git remote add, or correct its name in the settings.`,
		...waits,
	}),
	'hub-unreachable': (f) => ({
		title: `${f('side')} cannot reach the hub`,
		meaning: `git said: ${f('reason')}. Check the address and the login of the remote ${f('hub')} there.`,
		...waits,
	}),
	'tree-dirty': (f) => ({
		title: `${f('side')} has changes that are not committed`,
		meaning: `${f('files')}. Nothing was changed. Commit or stash them, then start again.`,
		...waits,
	}),
	'merge-in-progress': (f) => ({
		title: `${f('side')} is in the middle of a ${f('what')}`,
		meaning: `Finish or abort it at ${f('path')}. Nothing was changed.`,
		...waits,
	}),
	diverged: (f) => ({
		title: `${f('branch')} has gone two ways`,
		meaning: `${f('side')} and ${f('other')} each have commits that the other lacks. Nothing was changed. Bring them together with git, then start again.`,
		...waits,
	}),
	conflict: (f) => ({
		title: `Merging ${f('from')} into ${f('into')} would conflict`,
		meaning: `In ${f('files')}. Nothing was changed. Take one side’s files in the preview, or have the merge prepared, then start again.`,
		...waits,
	}),
	'moved-meanwhile': (f) => ({
		title: `${f('what')} moved while this was under way`,
		meaning: 'Somebody else changed it in between. What was done stays; start again to go on from there.',
		...waits,
	}),
	'plan-moved': (f) => ({
		title: 'Things moved since the preview',
		meaning: `${f('what')}. Nothing was changed. Look at the preview anew.`,
		...waits,
	}),
	'nothing-to-undo': (f) => ({
		title: 'There is nothing to undo',
		meaning: `No operation of ${f('project')} has changed a branch in the last 30 days.`,
		...waits,
	}),
	'undo-moved': (f) => ({
		title: `${f('branch')} moved after the operation`,
		meaning: `${f('side')} has commits on it that came later and would be taken off. Nothing was changed. How it was is kept at ${f('ref')}.`,
		...waits,
	}),
	'undone-on-hub': (f) => ({
		title: `The hub still has what was undone on ${f('branch')}`,
		meaning: `An undo took commits off it, but nothing is ever taken off ${f('hub')}, and ${f('side')} has gone on without them. Nothing was changed. Merge them there by hand, keeping what you want of them, then start again.`,
		next: copy('Copy the command', 'git', 'merge', f('commit')),
		...waits,
	}),
	'worktree-in-use': (f) => ({
		title: `The worktree at ${f('path')} cannot be removed`,
		meaning: `This would be lost: ${f('lost')}. Nothing was changed.`,
		...waits,
	}),
	'git-old': (f) => ({
		title: `${f('side')} has git ${f('found')}`,
		meaning: `Git ${f('needed')} or newer is needed there. Update it, then start again.`,
		...waits,
	}),
	'lfs-missing': (f) => ({
		title: `${f('side')} lacks git-lfs`,
		meaning: `The repository keeps files with Git LFS (${f('files')}), and without git-lfs they would be damaged. Nothing was changed. Install it there.`,
		...waits,
	}),
	'lfs-damaged': (f) => ({
		title: 'A file of Git LFS is damaged',
		meaning: `${f('side')} has a content under the name ${f('content')} that is not what it was. No branch was moved. "git lfs fsck" there says which file it is; fetch that one anew.`,
		...waits,
	}),
	'not-on-branch': (f) => ({
		title: `${f('branch')} is not checked out at ${f('path')}`,
		meaning: `${f('side')} has ${f('found')} there, and a commit goes onto what is checked out. Nothing was changed. Check out ${f('branch')}, or commit by hand.`,
		...waits,
	}),
	'identity-missing': (f) => ({
		title: 'git does not know in whose name to commit',
		meaning: `${f('side')} has no ${f('setting')} in git's settings. Nothing was changed.`,
		next: copy(
			'Copy the command',
			'git',
			'config',
			'--global',
			f('setting'),
			f('setting') === 'user.email' ? 'you@example.com' : 'Your Name',
		),
		...waits,
	}),
	'commit-too-big': (f) => ({
		title: 'A file is too big for git',
		meaning: `${f('files')}. Files over ${f('limit')} are not committed unless that is asked for. Nothing was changed. Name them in .gitignore, or keep them with Git LFS.`,
		...waits,
	}),
	'folder-in-the-way': (f) => ({
		title: `Something else is at ${f('path')}`,
		meaning: `${f('side')} has ${f('found')} there. Nothing was changed. Move it away, or name another place in the settings.`,
		...waits,
	}),
	'hub-url-secret': (f) => ({
		title: `The address of ${f('hub')} holds a password or a token`,
		meaning: `It is not copied to the workstation. Nothing was changed. Take it out with git remote set-url and leave it to a credential helper, or add the remote there yourself.`,
		...waits,
	}),
	'unsafe-name': (f) => ({
		title: 'A name cannot be used',
		meaning: `${f('name')} holds a line break or a control character, or git does not accept it.`,
		...waits,
	}),
	'git-missing': (f) => ({
		title: `${f('side')} has no usable git`,
		meaning: `${f('reason')}. Git 2.38 or newer is needed.`,
		...waits,
	}),
	'git-failed': (f) => ({
		title: `git could not ${f('what')}`,
		meaning: `${f('side')} said: ${f('reason')}.`,
	}),
	'strategy-unsupported': (f) => ({
		title: `A ${f('strategy')} project has no ${f('kind')}`,
		meaning:
			f('kind') === 'undo'
				? 'What its last sync overwrote or deleted is in a backup: restore it from there.'
				: 'That is for projects whose code moves with git.',
		...waits,
	}),
	'results-too-big': (f) => ({
		title: 'A result file is too big for git',
		meaning: `${f('files')}. Files over ${f('limit')} are not committed unless that is asked for. Nothing was changed. Narrow the result globs, or move them another way.`,
		...waits,
	}),
} satisfies Catalogue
