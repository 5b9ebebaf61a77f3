import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Link } from '../../src/engine/link/link.ts'
import { emptyFolder } from './files-listing-bed.ts'
import { localLink } from './local-link.ts'

/** Workstations with other tools than this machine's own, as a PATH for them. */

/** The programs that a listing uses. */
const used =
	'find stat sort sha256sum gzip df awk ls mktemp rm cat tr grep sed wc sleep ps xargs readlink mkdir head tail date'.split(
		' ',
	)

const busybox = ['/bin/busybox', '/usr/bin/busybox', process.env.HAWSER_TEST_BUSYBOX ?? ''].find(
	(path) => path !== '' && existsSync(path),
)

/** Why there can be no BusyBox here, or null. */
export const busyboxMissing = busybox === undefined ? 'no busybox (Debian: apt-get install busybox)' : null

function folderOf(programs: Record<string, string>): string {
	const folder = join(emptyFolder(), 'bin')
	mkdirSync(folder)
	for (const [name, text] of Object.entries(programs)) {
		writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
		chmodSync(join(folder, name), 0o755)
	}
	return folder
}

/** These programs before this machine's own. */
export const withPrograms = (programs: Record<string, string>) => `${folderOf(programs)}:/usr/bin:/bin`

export function busyboxPath(): string {
	const folder = folderOf({})
	for (const name of [...used, 'sh']) symlinkSync(busybox ?? '', join(folder, name))
	return folder
}

/**
 * A stand-in for macOS: its find has no -printf, and its stat formats by -f. Only what the listing asks of them, made
 * of GNU's; how macOS's own behave otherwise is not shown by this.
 */
export const likeMacOS = () =>
	withPrograms({
		find: `for word; do [ "$word" != -printf ] || { echo "find: -printf: unknown primary or operator" >&2; exit 1; }; done
exec /usr/bin/find "$@"`,
		stat: `[ "$1" = -f ] || { echo "stat: illegal option" >&2; exit 1; }
format=$2
shift 2
case $format in
*%Y) for f; do printf 'l %s 0 0 0 %s\\001%s\\n' "$(/usr/bin/stat -c %s "$f")" "$f" "$(readlink "$f")"; done ;;
*) exec /usr/bin/stat -c "$(printf %s "$format" | sed 's/%z/%s/; s/%Fm/%.9Y/; s/%Lp/%a/; s/%N/%n/')" "$@" ;;
esac`,
		sha256sum: 'exit 127',
	})

/** A link whose workstation has another sh. */
export function linkWithShell(home: string, shell: string, env: Record<string, string> = {}): Link {
	const link = localLink(home, env)
	return { ...link, exec: (command, signal) => link.exec(command.replaceAll('/bin/sh', shell), signal) }
}
