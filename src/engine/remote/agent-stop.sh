# shellcheck disable=SC2154 # some come from lib.sh and agent-lib.sh
# Ends the session of a coding agent: TERM to all of its processes, KILL to what is left after 5 s.
# $1 session. Prints: result ended, or result none.

trap '' HUP
command -v tmux >/dev/null 2>&1 || fail agent-no-tmux
if ! tmux has-session -t "=$1" 2>/dev/null; then
	say result none
	exit 0
fi

# "PID BIRTH" of each process there is to end; a number may be another's later.
ending=
if find_agent "$1" && [ "$pane_dead" = 0 ]; then
	for pid in $(members "$pane_pid") "$pane_pid"; do
		read_birth "$pid" || continue
		# Where a start has blanks (from ps), they are no matter to compare by.
		ending="$ending$pid $(printf %s "$birth_of" | tr ' ' _)
"
	done
fi

# Sends signal $1 to those that are still there. False: none is.
send_all() {
	sent=1
	while read -r pid birth; do
		[ -n "$pid" ] || continue
		read_birth "$pid" || continue
		[ "$(printf %s "$birth_of" | tr ' ' _)" = "$birth" ] || continue
		sent=0
		kill "-$1" "$pid" 2>/dev/null
	done <<-END
		$ending
	END
	return "$sent"
}

send_all TERM
tries=25
while [ "$tries" -gt 0 ] && send_all 0; do
	tries=$((tries - 1))
	nap 0.2
done
send_all KILL
tmux kill-session -t "=$1" 2>/dev/null
say result ended
