import { tmpdir } from 'node:os'
import type { ProjectConfig } from '../../contract/config.ts'
import { readGit, refuse } from './git.ts'

const checked = new Set<string>()

/**
 * Names go into git as full ref names and into a shell as data, so only what git itself refuses is refused.
 * @throws ProblemError `unsafe-name`
 */
export async function checkNames(project: ProjectConfig, signal?: AbortSignal): Promise<void> {
	const { hub, base, validation, results } = project.git
	if (base === validation) refuse('unsafe-name', { name: `${base} for both branches` })
	const refs = [`refs/heads/${base}`, `refs/heads/${validation}`, `refs/remotes/${hub}/${base}`]
	for (const ref of refs.filter((name) => !checked.has(name))) {
		const { exitCode } = await readGit(tmpdir(), ['check-ref-format', ref], { expected: [0, 1], signal })
		if (exitCode !== 0) refuse('unsafe-name', { name: ref.replace(/^refs\/\w+\//, '') })
		checked.add(ref)
	}
	for (const glob of results)
		if (glob.startsWith('/') || glob.split('/').includes('..')) refuse('unsafe-name', { name: glob })
}
