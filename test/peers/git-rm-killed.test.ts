import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gitProject } from './git-project.ts'
import { localLink } from './local-link.ts'

/** Kills itself the first time that it is to take away an index of ours. */
const deadlyRm = (mark: string) => `#!/bin/sh
case "$*" in
*hawser-index*) [ -e "${mark}" ] || { echo "$*" >"${mark}"; kill -9 $$; } ;;
esac
exec /bin/rm "$@"
`

test('a rm of ours that is killed alone leaves nothing behind', async () => {
	const tools = await mkdtemp(join(tmpdir(), 'hawser-rm-'))
	const project = await gitProject()
	try {
		const mark = join(tools, 'killed')
		await writeFile(join(tools, 'rm'), deadlyRm(mark), { mode: 0o755 })
		const env = { GIT_CONFIG_GLOBAL: '/dev/null', PATH: `${tools}:${process.env.PATH}` }
		Object.assign(project.link, { exec: localLink(project.home, env).exec })
		await project.up()
		// Kept first, in an index of ours.
		await writeFile(join(project.worktree, 'notes.txt'), 'a person’s own')
		await project.commit('model.py', 'changed\n')
		await project.up()
		expect(await readFile(mark, 'utf8')).toContain('hawser-index')
		const names = await readdir(join(project.clone, '.git'), { recursive: true })
		expect(names.filter((name) => name.includes('hawser-index'))).toEqual([])
	} finally {
		await project.remove()
		await rm(tools, { recursive: true })
	}
})
