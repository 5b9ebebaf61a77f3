# shellcheck disable=SC2154 # some come from lib.sh
# Ends run $1 and everything it started: TERM, then KILL to what is left after 5 s. Prints "ended" when it has
# ended, also when it had before; exits with 3 when there is no such run. Goes on when the link breaks.

trap '' HUP PIPE
dir=$runs/$1
read_host
read_boot_id
{ [ -e "$dir/pid" ] && [ -e "$dir/on-$host" ]; } || exit 3

# Is it still the process that it was? $1 "pid:birth"
same() {
	read_birth "${1%%:*}" && [ "$birth_of" = "${1#*:}" ]
}

# Adds to $known what belongs to the run now.
learn() {
	for learn_pid in $(members "$run_pid"); do
		read_birth "$learn_pid" || continue
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

if [ ! -e "$dir/exit" ]; then
	: >"$dir/cancelled"
	if run_alive "$dir"; then
		known='
'
		learn
		tell_known TERM
		# What is stopped takes in TERM only when it goes on.
		tell_known CONT
		left=50
		while tell_known 0 && [ "$left" -gt 0 ]; do
			left=$((left - 1))
			nap 0.1
		done
		learn
		tell_known KILL
		left=50
		while [ ! -e "$dir/exit" ] && run_alive "$dir" && [ "$left" -gt 0 ]; do
			left=$((left - 1))
			nap 0.1
		done
		# Its wrapper had its time to tell the end; a stopped or stuck one is ended too.
		! run_alive "$dir" || kill -KILL "$run_pid"
	fi
	if run_settle "$dir" cancelled ''; then run_announce "$1"; fi
fi
echo ended
