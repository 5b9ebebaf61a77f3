# shellcheck disable=SC2154 # some come from lib.sh and run-runners.sh
# What became of starts whose answers were lost: "$@" are the ids of their runs. Prints the record of each that counts,
# and "never ID" for each that has not begun: then it never will, also when its start is still on the way here. What is
# neither is not known yet.

trap '' HUP PIPE
read_host
read_boot_id
make_runs

never() {
	: >"$runs/$1/never" 2>/dev/null
	echo "never $1"
}

for id in "$@"; do
	dir=$runs/$id
	# Whoever makes the folder first decides: a start that comes late finds it there and does nothing.
	if mkdir "$dir" 2>/dev/null; then
		never "$id"
		continue
	fi
	[ -d "$dir" ] || continue
	if [ ! -e "$dir/never" ] && await_start "$dir" 60; then
		run_look "$dir"
		run_record "$dir"
	elif [ -e "$dir/never" ] || { [ ! -e "$dir/submitting" ] && [ ! -e "$dir/job" ] && mkdir "$dir/go" 2>/dev/null; }; then
		# Its start was killed before it counted, or this was asked before. The folder goes when it is old.
		never "$id"
	fi
done
