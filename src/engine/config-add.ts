import { readFile } from 'node:fs/promises'
import writeFileAtomic from 'write-file-atomic'
import { ProblemError } from '../contract/client.ts'
import { parseConfig, parseText } from './config-file.ts'
import { withProject } from './config-text.ts'
import { problem } from './problems.ts'

/**
 * Adds a project to the settings file, which is made where there is none. What a person wrote stays as it is;
 * the file is replaced in one go, and only by settings without a mistake.
 * @throws ProblemError `config-unreadable`, `config-unwritable`, `config-invalid`
 */
export async function addToSettings(file: string, entry: Record<string, unknown>): Promise<void> {
	const failed = (code: 'config-unreadable' | 'config-unwritable') => (error: unknown) => {
		const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
		return new ProblemError(problem(code, { reason, file }))
	}
	const unreadable = failed('config-unreadable')
	const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT'
	const before = await readFile(file, 'utf8').catch((error: unknown) => {
		if (isMissing(error)) return null
		throw unreadable(error)
	})
	let after: string
	let raw: unknown
	try {
		if (before !== null) parseText(before)
		after = withProject(before ?? '', entry)
		raw = parseText(after)
	} catch (error) {
		throw unreadable(error)
	}
	const result = parseConfig(raw, file)
	if ('problem' in result) throw new ProblemError(result.problem)
	// The mode of a file that is there stays.
	await writeFileAtomic(file, after, before === null ? { mode: 0o600 } : {}).catch((error: unknown) => {
		throw failed('config-unwritable')(error)
	})
}
