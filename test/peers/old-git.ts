import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Stands in for git 2.34 on a workstation: this machine's git, that takes nothing which came later, or with
 * HAWSER_OLD_GIT the git at that path (its own programs in GIT_EXEC_PATH), whatever its version. Either says 2.34.1.
 */
export async function oldGit(folder: string): Promise<{ tools: string; calls: string }> {
	const tools = join(folder, 'old git')
	const calls = join(folder, 'old-git-calls')
	await mkdir(tools)
	const real = process.env.HAWSER_OLD_GIT
	const run = real ? `exec '${real}' "$@"` : `PATH=\${PATH#*:} exec git "$@"`
	const text = `#!/bin/sh
[ "$*" != version ] || { echo git version 2.34.1; exit; }
printf '%s\\n' "$*" >>'${calls}'
case " $* " in
${newer
	.map(
		(words) =>
			`*${words
				.split(' ')
				.map((word) => `' ${word}'`)
				.join('*')}[\\ =]*`,
	)
	.join(' |\\\n')})
	echo "error: unknown option" >&2
	exit 129
	;;
esac
${run}
`
	await writeFile(join(tools, 'git'), text, { mode: 0o755 })
	for (const name of ['upload-pack', 'receive-pack'])
		await writeFile(join(tools, `git-${name}`), `#!/bin/sh\nexec '${join(tools, 'git')}' ${name} "$@"\n`, {
			mode: 0o755,
		})
	return { tools, calls }
}

/** Of what came after 2.34, by the release notes, whatever a script could want: each a command, then an option. */
const newer = [
	'stash --staged',
	'log --remerge-diff',
	'worktree list -z',
	'ls-tree --format',
	'cat-file --batch-command',
	'fetch --refetch',
	'hook run',
	'merge-tree --write-tree',
	'ls-files --format',
	'rebase --update-refs',
	'check-attr --source',
	'fetch --porcelain',
	'diff-tree --merge-base',
	'worktree add --orphan',
	'cat-file -Z',
	'show-ref --exists',
	'rev-parse --show-ref-format',
	'for-each-ref --include-root-refs',
	'replay --onto',
	'config get',
	'config set',
	'config list',
	'refs migrate',
	'update-ref --batch-updates',
	'rev-list -z',
]
