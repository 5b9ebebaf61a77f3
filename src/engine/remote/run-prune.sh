# shellcheck disable=SC2154 # some come from lib.sh
# Takes away runs of this machine that have ended: those older than $1 days, then the oldest until all of them are
# under $2 MiB together. What follows are the ids of runs that stay whatever they are. Prints "removed ID" for each.
# A run is moved out of sight first, whole: whenever this is ended, the next time goes on.

read_host
days=$1
mebibytes=$2
shift 2
now=$(now_ms)
# What an earlier time left.
for gone in "$runs"/.gone-*; do
	[ ! -d "$gone" ] || rm -rf "$gone"
done
# Starts that were killed before they counted, a day ago or more. A job of Slurm may still come of one.
for dir in "$runs"/* "$runs"/.series-*; do
	{ [ -d "$dir" ] && [ ! -e "$dir/pid" ] && [ ! -e "$dir/queue" ] && [ ! -e "$dir/exit" ]; } || continue
	{ [ ! -e "$dir/job" ] && [ ! -e "$dir/submitting" ] && [ ! -e "$dir/job.sh" ]; } || continue
	[ -z "$(find "$dir" -prune -mtime +0 2>/dev/null)" ] || rm -rf "$dir"
done

# A line for each that has ended, oldest first: ID, when it ended in ms.
ended_runs() {
	for dir in "$runs"/*; do
		{ [ -e "$dir/exit" ] && [ -e "$dir/on-$host" ]; } || continue
		while IFS=' ' read -r key value; do
			[ "$key" != ended ] || echo "ended ${dir##*/} $value"
		done <"$dir/exit"
	done
}

{
	for id in "$@"; do echo "stays $id"; done
	ended_runs
	# Every folder within, each with what it holds, in KiB; a path may hold blanks, an id does not.
	(cd "$runs" && du -k .) 2>/dev/null
} | LC_ALL=C awk -v now="$now" -v days="$days" -v most="$((mebibytes * 1024))" '
	$1 == "stays" { stays[$2] = 1; next }
	$1 == "ended" { if (!($2 in at)) { order[++n] = $2; at[$2] = $3 } next }
	{ path = $0; sub(/^[0-9]+[ \t]+\.\//, "", path); if (path in at) { size[path] = $1; all += $1 } }
	END {
		for (i = 1; i <= n; i++) {
			id = order[i]
			if (id in stays) continue
			if (now - at[id] <= days * 86400000 && all <= most) continue
			all -= size[id]
			print id
		}
	}' | while IFS= read -r id; do
	mv "$runs/$id" "$runs/.gone-$id" 2>/dev/null || continue
	rm -rf "$runs/.gone-$id"
	echo "removed $id"
done
exit 0
