import { factText } from '../fact-text.ts'
import { type Catalogue, waits } from './catalogue.ts'

/** Files that travel as files. */
export const filesWords = {
	'rsync-missing': (f) => ({
		title: `${f('side')} has no rsync`,
		meaning: `Files travel by rsync, which is needed on both sides. Install it there, on a Mac with Homebrew.`,
		next: { kind: 'copy', label: 'Copy the command', text: f('command') },
		...waits,
	}),
	'files-root-missing': (f) => ({
		title: `There is no folder at ${f('path')}`,
		meaning: `${f('side')} has none there: it was moved or removed, or its disk is not mounted. Nothing was changed.`,
		...waits,
	}),
	'files-root-moved': (f) => ({
		title: `${f('path')} is another folder now`,
		meaning:
			f('was') === factText(undefined)
				? `${f('side')} has a link there that leads to ${f('found')}. Nothing was changed. Put the folder back, or correct its path in the settings.`
				: `On ${lowered(f('side'))} it is ${f('found')}, and at the last sync it was ${f('was')}. Nothing was changed. Put the folder back; when the other one is meant, name that in the settings.`,
		...waits,
	}),
	'files-root-gone': (f) => ({
		title: `${f('path')} has gone away meanwhile`,
		meaning: `${f('side')} had ${f('what') === 'empty' ? 'files there when both sides were compared, and now there are none' : 'a folder there when both sides were compared, and now there is none'}: it was moved or removed, or its disk is not mounted. None was made in its place. Bring it back, or mount the disk, then start again.`,
		...waits,
	}),
	'files-no-space': (f) => ({
		title: `${f('side')} has no space left`,
		meaning: `It ended with ${f('path')}. What was moved up to then stays, and so does what was received of this one. Make space there, then start again: it goes on from there.`,
		...waits,
	}),
	'files-unwritable': (f) => ({
		title: `${f('side')} does not let anything be written to ${f('path')}`,
		meaning: 'It may not be written to, or its disk is mounted read-only. Nothing there was changed.',
		...waits,
	}),
	'files-move-failed': (f) => ({
		title: 'Moving the files failed',
		meaning: `${f('reason') === factText(undefined) ? 'rsync gave no reason' : f('reason')}. What was moved up to then stays; starting again goes on from there.`,
	}),
	'backup-unknown': (f) => ({
		title: `There is no backup ${f('backup')}`,
		meaning: 'It may have been let go since: the settings say how long backups are kept.',
		...waits,
	}),
	'backup-failed': (f) => ({
		title: `${f('side')} could not make a backup`,
		meaning: `At ${f('path')}, it said: ${f('reason')}. Without one nothing is overwritten or deleted. Nothing was changed.`,
		...waits,
	}),
	'restore-incomplete': (f) => ({
		title: 'Some files were not restored',
		meaning: `They were left as they are: ${f('files')}. The backup still has them.`,
		...waits,
	}),
	'files-index-broken': (f) => ({
		title: 'What both sides had at the last sync cannot be read',
		meaning: `${f('path')} is damaged, or of another version: ${f('reason')}. Nothing was changed. It was set aside: the next sync compares both sides anew, and a file that differs then waits for you.`,
		...waits,
	}),
	'files-index-unreadable': (f) => ({
		title: 'What both sides had at the last sync cannot be read',
		meaning: `${f('path')} is there, but: ${f('reason')}. Nothing was changed.`,
		...waits,
	}),
	'files-index-unwritable': (f) => ({
		title: 'What both sides have now could not be noted',
		meaning: `${f('path')} could not be written: ${f('reason')}. What was moved stays where it is; the next sync finds it there.`,
	}),
	'files-listing-broken': (f) => ({
		title: `The list of files of ${lowered(f('side'))} makes no sense`,
		meaning: `${f('reason')}: ${f('path')}. Nothing was changed. Files may have been moved while it was read; start again.`,
	}),
	'files-unreadable': (f) => ({
		title: `The folder at ${f('path')} cannot be read`,
		meaning: `${f('side')} says: ${f('reason')}. Nothing was changed.`,
		...waits,
	}),
	'files-root-empty': (f) => ({
		title: `There is nothing at ${f('path')}`,
		meaning: `${f('side')} had ${f('count')} files there at the last sync: they were moved or removed, or the disk is not mounted. Nothing was changed. ${f('way')}`,
		...waits,
	}),
	'files-many': (f) => ({
		title: `${f('count')} files would move`,
		meaning: `More than ${f('limit')} at once are likely a mistake: data that a rule should leave out. Nothing was changed. Look at the preview; if they are meant, say so there, or with --big.`,
		...waits,
	}),
	'files-many-deletions': (f) => ({
		title: `${f('count')} of ${f('of')} files would be deleted`,
		meaning: `So many on ${lowered(f('side'))} wait for your word. Nothing was changed. Look at the preview; if they are meant, say so there, or with --big. Each is kept in a backup there.`,
		...waits,
	}),
	'files-no-room': (f) => ({
		title: `${f('side')} has too little space`,
		meaning: `${f('needed')} would go there, and ${f('free')} are free. Nothing was changed. Make space, or leave files out by a rule.`,
		...waits,
	}),
	'files-incomplete': (f) => ({
		title: `${f('count') === '1' ? 'One file was' : `${f('count')} files were`} not moved`,
		meaning: `${f('files')}. All else is there. Start again once the reason is gone.`,
		...waits,
	}),
	'files-conflict': (f) => ({
		title: `${f('count') === '1' ? 'A file' : `${f('count')} files`} changed on both sides`,
		meaning: `${f('files')}. Nothing was changed. Choose in the preview, or with --take, whose is taken; the other one is kept in a backup.`,
		...waits,
	}),
	'files-kind-clash': (f) => ({
		title: 'A file stands where the other side has a folder',
		meaning: `${f('files')}. Nothing was changed. Move or rename one of the two by hand, then start again.`,
		...waits,
	}),
} satisfies Catalogue

/** Within a sentence. */
const lowered = (side: string) => side.replace(/^The /, 'the ')
