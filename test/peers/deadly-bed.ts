import { mkdtempSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { GitProject } from './git-project.ts'

/**
 * Puts `git`, a stand-in that dies (`deadly-git.ts`), before the real one for all tests of a file: on `searchPath` for
 * the workstation, on our own for the laptop's. The projects put into `made` are gone after the last test.
 */
export function deadlyBed(git: string): { searchPath: string; made: GitProject[] } {
	const path = process.env.PATH
	const tools = mkdtempSync(join(tmpdir(), 'hawser-deadly-'))
	const searchPath = `${tools}:${path}`
	const made: GitProject[] = []
	beforeAll(async () => {
		await writeFile(join(tools, 'git'), git, { mode: 0o755 })
		process.env.PATH = searchPath
	})
	afterAll(async () => {
		process.env.PATH = path
		for (const project of made) await project.remove()
		await rm(tools, { recursive: true })
	})
	return { searchPath, made }
}
