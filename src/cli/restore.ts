import { type Command, Option } from 'commander'
import { ProblemError } from '../contract/client.ts'
import type { Backup, BackupFile } from '../contract/code.ts'
import { sizeWords } from '../contract/size-words.ts'
import { problem } from '../engine/problems.ts'
import { exitCodeOfOutcome, exitCodes } from './exit-codes.ts'
import { follow } from './follow.ts'
import { progressFor } from './progress.ts'
import { reach, workstationOf } from './reach.ts'
import { note, print, printJson } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { printOutcome } from './sync.ts'
import { ago, columns, count, plain } from './words.ts'

interface RestoreOptions {
	backup?: string
	file?: string[]
	all?: boolean
	on?: Backup['machine']
	json?: boolean
}

/** One answer lists so many files; each reads the whole backup anew. */
const page = 10_000
/** As JSON no more are gathered; `more` then says that there are. */
const mostJson = 100_000

/** `restore`: what syncs of files replaced or deleted, and the way back for it. */
export function addRestore(program: Command, cli: Cli): void {
	program
		.command('restore')
		.argument('[project]', 'may be left out when there is one')
		.description('bring back files that a sync replaced or deleted; alone it lists the backups')
		.option('--backup <id>', 'one of them, or the beginning of its id; alone it lists its files')
		.addOption(new Option('--on <machine>', 'only backups on it').choices(['laptop', 'workstation']))
		.option('--file <path>', 'a file to bring back; may be repeated', repeated)
		.addOption(new Option('--all', 'bring back all of it').conflicts('file'))
		.option('--json', 'print facts as JSON; of a restore the last line is the outcome')
		.action((project: string | undefined, options: RestoreOptions) =>
			withEngine(cli, options, (session) => restore(session, project, options)),
		)
}

const repeated = (value: string, before: string[] = []) => [...before, value]

const wrong = (message: string) => new ProblemError(problem('input-invalid', { command: 'restore', message }))

async function restore(
	session: Session,
	project: string | undefined,
	{ backup: wanted, on, file, all, json }: RestoreOptions,
): Promise<number> {
	if (wanted === undefined && (file || all)) throw wrong('say which backup with --backup')
	const workstation = workstationOf(session.state(), project)
	// What lies on the laptop needs nobody else.
	if (workstation !== null && on !== 'laptop') await reach(session, workstation)
	const { backups } = await session.client.call('listBackups', { project })
	const here = backups.filter(({ machine }) => on === undefined || machine === on)
	if (wanted === undefined) return printBackups(session, here, json)
	const backup = meant(here, wanted)
	if (!file && !all) return await printFiles(session, project, backup, json)
	const progress = progressFor(session.io, json)
	session.farewell = () => {
		progress.end()
		return 'Left. What was restored stays; starting again goes on from there.'
	}
	const place = { project, machine: backup.machine, backup: backup.id }
	const { operation } = await session.client.call('restore', { ...place, ...(file ? { paths: file } : {}) })
	const outcome = await follow(session, operation, progress)
	printOutcome(session.io, outcome, json)
	return exitCodeOfOutcome(outcome)
}

/** @throws ProblemError `input-invalid` where none is named so, or several are */
function meant(backups: readonly Backup[], wanted: string): Backup {
	const exact = backups.filter(({ id }) => id === wanted)
	const found = exact.length > 0 ? exact : backups.filter(({ id }) => id.startsWith(wanted))
	const [backup] = found
	if (!backup || wanted === '') throw wrong(`there is no backup ${wanted}`)
	if (found.length > 1) throw wrong(`${wanted} names ${found.length} backups: say more of it, or --on`)
	return backup
}

async function printFiles(
	{ client, io }: Session,
	project: string | undefined,
	backup: Backup,
	json: boolean | undefined,
): Promise<number> {
	const place = { project, machine: backup.machine, backup: backup.id }
	const gathered: BackupFile[] = []
	let after: string | undefined
	let more = true
	while (more && gathered.length < mostJson) {
		const answer = await client.call('listBackupFiles', { ...place, after, most: page })
		if (json) gathered.push(...answer.files)
		else if (answer.files.length > 0)
			print(io, columns(answer.files.map(({ path, bytes }) => [plain(path), sizeWords(bytes)])))
		after = answer.files.at(-1)?.path
		more = answer.more && after !== undefined
	}
	if (json) printJson(io, { backup, files: gathered, more })
	else if (after === undefined) note(io, 'It holds no files.')
	return exitCodes.done
}

function printBackups({ io }: Session, backups: readonly Backup[], json: boolean | undefined): number {
	if (json) printJson(io, { backups })
	else if (backups.length === 0) print(io, 'There are no backups: no sync has replaced or deleted a file.')
	else
		print(
			io,
			columns([
				['BACKUP', 'ON', 'BY', 'MADE', ''],
				...backups.map(({ id, machine, kind, at, count: files, bytes }) => [
					plain(id),
					machine,
					kind,
					ago(at, io.now()),
					`${count(files, 'file')}, ${sizeWords(bytes)}`,
				]),
			]),
		)
	return exitCodes.done
}
