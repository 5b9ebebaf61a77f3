import { execFileSync } from 'node:child_process'

const realGit = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()

/**
 * A git that at one point kills, with KILL, itself and all whom the journal names. `amid` does what a kill in
 * the middle of a checkout leaves: one file half written, one not there yet, the index as before. `failing` only
 * fails.
 */
export const deadlyGit = `#!/bin/sh
point=\${PWD%/*}/point
read -r when verb times 2>/dev/null <"$point" || exec '${realGit}' "$@"
case " $* " in *" $verb "*) ;; *) exec '${realGit}' "$@" ;; esac
if [ "$times" -gt 1 ]; then
	echo "$when $verb $((times - 1))" >"$point"
	exec '${realGit}' "$@"
fi
rm "$point"
if [ "$when" = failing ]; then
	echo 'fatal: as the test wants' >&2
	exit 3
fi
[ "$when" = before ] || '${realGit}' "$@" >/dev/null 2>&1
if [ "$when" = amid ]; then
	head -c 9 long.txt >half
	mv half long.txt
	rm -f model.py
fi
journal=$(cd "$('${realGit}' rev-parse --git-common-dir)" && pwd)/hawser-journal
kill -KILL $(sed -n -e 's/^owner \\([0-9]*\\) .*/\\1/p' -e 's/^child \\([0-9]*\\) .*/\\1/p' "$journal") $$
`
