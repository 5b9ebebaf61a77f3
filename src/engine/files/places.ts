import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ProjectConfig } from '../../contract/config.ts'
import { remoteWorktree } from '../git/remote.ts'
import { expandHome } from '../link/settings.ts'

/** Where the files of a project are on both machines, and where what is known and kept of them lies. */
export interface FilePlaces {
	/** The laptop's tree: absolute. */
	local: string
	/** The workstation's: absolute, or below its home (`~/nt`, `nt`). */
	remote: string
	/** Where `back` puts results on the laptop: `local`, or a folder of its own. */
	into: string
	/** The laptop's folder of ours for this pair: index, backups, partial files. */
	own: string
	/** The same for results that go to a folder of their own; else as `own`. */
	ownInto: string
	/** The workstation's folder of ours for this tree, below its home. */
	ownThere: string
}

const key = (...parts: string[]) =>
	createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)

/**
 * @param dataFolder absolute
 */
export function filePlaces(project: ProjectConfig, dataFolder: string): FilePlaces {
	const { workstation, local, files, strategy } = project
	// Beside git they go where the runs are.
	const remote = strategy === 'git' ? remoteWorktree(project) : project.remote
	const here = expandHome(local, homedir())
	const there = remote.replace(/(?<=.)\/+$/, '')
	const into = files.into === undefined ? here : expandHome(files.into, homedir())
	const of = (folder: string) => join(dataFolder, 'files', key(workstation, folder, there))
	return {
		local: here,
		remote: there,
		into,
		own: of(here),
		ownInto: of(into),
		// Of the tree alone: another laptop finds what was kept of it.
		ownThere: `.hawser/files/${key(there)}`,
	}
}

/** The folder of the backups within one of ours. */
export const backupsIn = (own: string): string => `${own}/backups`

/** `20261123T150405.123Z-up`: sorts by time, and is a file's name everywhere. `at`: ms since the epoch. */
export const backupId = (kind: 'up' | 'back' | 'go' | 'restore', at: number): string =>
	`${new Date(at).toISOString().replaceAll(/[-:]/g, '')}-${kind}`
