# shellcheck disable=SC2154 # most come from lib.sh
# Tells all that belongs to a run to end. What was once seen of it stays known, also when its parent has gone.
# Needs $run_pid, the wrapper, and $known: one "pid:birth" a line, between line breaks.

# Is it still the process that it was? $1 "pid:birth"
same() {
	read_birth "${1%%:*}" && [ "$birth_of" = "${1#*:}" ]
}

# Adds to $known what belongs to the run now. $1 a process of it to leave out.
learn() {
	for learn_pid in $(members "$run_pid"); do
		{ [ "$learn_pid" != "${1-}" ] && read_birth "$learn_pid"; } || continue
		# Blanks would cut the list: ps prints some in a start time.
		learn_one=$learn_pid:$birth_of
		case $known in
		*"
$learn_one
"*) ;;
		*) known="$known$learn_one
" ;;
		esac
	done
}

# Sends signal $1 to all of $known that is still there. True when something was.
tell_known() {
	tell_any=1
	while IFS= read -r tell_one; do
		{ [ -n "$tell_one" ] && same "$tell_one"; } || continue
		tell_any=0
		kill "-$1" "${tell_one%%:*}" 2>/dev/null
	done <<END
$known
END
	return "$tell_any"
}

# TERM to all of it, then KILL to what is left after $3 looks. $1 a process of it to leave out, $2 seconds between looks.
end_members() {
	known='
'
	learn "$1"
	tell_known TERM
	# What is stopped takes in TERM only when it goes on.
	tell_known CONT
	end_looks=0
	while tell_known 0 && [ "$end_looks" -lt "$3" ]; do
		end_looks=$((end_looks + 1))
		nap "$2"
	done
	learn "$1"
	tell_known KILL
}
