import { quote } from '../quote.ts'
import type { RootWas } from './move.ts'

/**
 * Where rsync runs on the workstation. What it is told there is `./`, so no path of a person's is ever looked at by a
 * shell or by rsync's own patterns.
 */
export interface PlaceThere {
	/** Absolute. */
	root: string
	/** What it must be when it receives; null: it sends, and must be there. */
	receiver: RootWas | null
	/** It must be this very folder, not a link to one that took its place. */
	real: boolean
	/** Private folders, made first; absolute. What an rsync that was killed left in `stage` goes on as `partial`. */
	partial: string | null
	stage: string | null
	program: string
}

/**
 * Makes what the login shell there is given of the command that rsync made. Its own words begin with `hawser-place`;
 * see `Complaints`.
 */
export function commandThere(place: PlaceThere, command: string): string {
	const root = quote(place.root)
	const own = [place.partial, place.stage].filter((folder) => folder !== null).map(quote)
	const lines = [
		...(place.receiver === 'missing'
			? [`mkdir -p ${root} || { echo hawser-place unwritable >&2; exit 1; }`]
			: []),
		`cd ${root} || { echo hawser-place ${place.receiver === null ? 'missing' : 'gone missing'} >&2; exit 1; }`,
		...(place.receiver === 'full'
			? [
					'[ -n "$(find . ! -name . -prune -print 2>/dev/null | head -n 1)" ] || { echo hawser-place gone empty >&2; exit 1; }',
				]
			: []),
		...(place.real
			? [`p=$(pwd -P); [ "$p" = ${root} ] || { echo "hawser-place elsewhere $p" >&2; exit 1; }`]
			: []),
		...(own.length > 0
			? [`(umask 077; mkdir -p ${own.join(' ')}) || { echo hawser-place unwritable >&2; exit 1; }`]
			: []),
		...(place.stage !== null && place.partial !== null ? [salvage(place.stage, place.partial)] : []),
		// What it says is read: in no language, and names as ASCII.
		'LC_ALL=C; export LC_ALL',
		`exec ${quote(place.program)}${command.slice('rsync'.length)}`,
	]
	return `exec /bin/sh -c ${quote(lines.join('\n'))}`
}

/** rsync receives NAME as NAME.XXXXXX; a killed one leaves that, and finds only NAME again. */
const salvage = (stage: string, partial: string) =>
	`for f in ${quote(stage)}/* ${quote(stage)}/.[!.]*; do case $f in *.??????) [ ! -f "$f" ] || { n=\${f##*/}; mv -f "$f" ${quote(partial)}/"\${n%.??????}"; } ;; esac; done 2>/dev/null`
