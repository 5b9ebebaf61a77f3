# shellcheck disable=SC2154 # most come from lib.sh and run-tell.sh
# Ends a run that takes too long. Goes beside run-wrapper.sh, whose pid is $$, and ends with it.

# $1 the limit in ms.
run_limit() {
	limit_left=$((($1 + 999) / 1000))
	limit_nap=
	trap '[ -z "$limit_nap" ] || kill "$limit_nap" 2>/dev/null; exit 0' TERM
	read_birth "$$" || exit 0
	limit_of=$$:$birth_of
	while [ "$limit_left" -gt 0 ]; do
		# Now and then it looks whether the wrapper is still there: killed, that could not tell it to end.
		limit_step=$limit_left
		[ "$limit_step" -le 60 ] || limit_step=60
		sleep "$limit_step" &
		limit_nap=$!
		wait "$limit_nap"
		limit_nap=
		same "$limit_of" || exit 0
		limit_left=$((limit_left - limit_step))
	done
	{ [ ! -e "$dir/exit" ] && [ ! -e "$dir/cancelled" ]; } || exit 0
	# The wrapper goes on when its command has ended; what that left behind is still to be ended.
	trap '' TERM
	: >"$dir/late"
	run_pid=$$
	end_members "$(exec sh -c 'echo "$PPID"')" 1 5
}
