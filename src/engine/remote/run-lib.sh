# shellcheck disable=SC2154 # most come from lib.sh
# Functions about the folder of a run, for every script that works on runs. run-wrapper.sh says what lies in it.

# Does this machine tell of the run in folder $1? It runs here, or in a cluster that this is a login node of. Needs
# $host.
run_known() {
	{ [ -e "$1/pid" ] || [ -e "$1/queue" ] || [ -e "$1/exit" ]; } &&
		{ [ -e "$1/on-$host" ] || { [ -e "$1/job" ] && command -v squeue >/dev/null 2>&1; }; }
}

# Does the run in folder $1 wait for the one before it in its series?
run_waits() {
	[ -e "$1/queue" ] && [ ! -e "$1/pid" ] && [ ! -e "$1/job" ] && [ ! -e "$1/exit" ]
}

# Is the run in folder $1 going on, as far as its processes say? Needs $boot_id.
run_alive() {
	run_boot='' run_birth='' run_pid=''
	{
		IFS= read -r run_boot <"$1/boot" && IFS= read -r run_pid <"$1/pid" && IFS= read -r run_birth <"$1/birth"
	} 2>/dev/null
	[ "$run_boot" = "$boot_id" ] && read_birth "$run_pid" && [ "$birth_of" = "$run_birth" ]
}

# Writes the end of the run in folder $1, whole and once: whoever comes later fails and changes nothing.
#   $2 how: exited, cancelled, timed-out, vanished, restarted, node-failed, forgotten
#   $3 the exit code, where it is known
#   $4 the cause, where there is one beside that: out-of-memory, log-out, shutdown
# For who knows more: $settle_at, when it ended, in milliseconds; $settle_more, one more line.
run_settle() {
	[ ! -e "$1/exit" ] || return 1
	settle_file=$1/.exit.$$
	settle_signal=
	if [ -n "$3" ] && [ "$3" -gt 128 ] && [ "$3" -lt 193 ]; then settle_signal=$(kill -l "$(($3 - 128))" 2>/dev/null); fi
	case ${4-} in
	out-of-memory) settle_signal=${settle_signal:-KILL} ;;
	?*) settle_signal=${settle_signal:-TERM} ;;
	esac
	# Room for the end, kept for a disk that the run itself has filled.
	rm -f "$1/spare"
	{
		echo "how $2"
		[ -z "$3" ] || echo "code $3"
		[ -z "$settle_signal" ] || echo "signal $settle_signal"
		[ -z "${4-}" ] || echo "cause $4"
		[ -z "${settle_more-}" ] || echo "$settle_more"
		echo "ended ${settle_at:-$(now_ms)}"
		echo "size $(log_size "$1/log")"
		# Some echos make something else of a backslash.
		printf 'last %s\n' "$(last_line "$1/log")"
		cat "$1/metrics/numbers" 2>/dev/null
	} >"$settle_file"
	# A hard link is refused when the name is there; where there are none, the next best.
	ln "$settle_file" "$1/exit" 2>/dev/null || { [ ! -e "$1/exit" ] && mv "$settle_file" "$1/exit"; }
	settle_code=$?
	rm -f "$settle_file"
	return "$settle_code"
}

# Tells every waiter of this machine that run $1 has ended. Opened for both ways a FIFO blocks nobody, and a
# waiter that does not take it in holds up only a process of its own. Needs $host.
run_announce() {
	for announce_to in "$waiters/$host".*; do
		[ -p "$announce_to" ] || continue
		if kill -0 "${announce_to##*.}" 2>/dev/null; then
			(trap '' HUP && echo "end $1" 1<>"$announce_to") >/dev/null 2>&1 </dev/null &
		else
			rm -f "$announce_to"
		fi
	done
}

# Settles and announces the run in folder $1 when its processes are gone without a word. Needs $host, $boot_id. A run
# in Slurm is looked at by slurm_look, all of them at once.
run_look() {
	if run_waits "$1"; then
		run_look_waiting "$1"
		return
	fi
	{ [ -e "$1/exit" ] || [ ! -e "$1/pid" ] || [ ! -e "$1/on-$host" ]; } && return
	{ [ -e "$1/job" ] || [ -e "$1/submitting" ]; } && return
	run_alive "$1" && return
	# It may have told its end just before it went.
	[ ! -e "$1/exit" ] || return
	look_how=vanished
	look_cause=
	if [ -e "$1/cancelled" ]; then
		look_how=cancelled
	elif [ "$run_boot" != "$boot_id" ]; then
		look_how=restarted
	elif [ -e "$1/late" ]; then
		look_how=timed-out
	elif oom_rose "$1"; then
		look_cause=out-of-memory
	elif ! run_is_left "$1" && log_out_ends_runs; then
		look_cause=log-out
	fi
	if run_settle "$1" "$look_how" '' "$look_cause"; then run_announce "${1##*/}"; fi
}

# Settles the run in folder $1, which waits, when what was to start it is gone.
run_look_waiting() {
	waiting_series=
	while IFS= read -r waiting_line; do
		case $waiting_line in 'series '*) waiting_series=${waiting_line#* } ;; esac
	done 2>/dev/null <"$1/run"
	run_alive "$runs/.series-$waiting_series" && return
	# Whoever makes it decides: its turn may have come just now. The folder of the series goes with its last run.
	{ run_waits "$1" && mkdir "$1/go" 2>/dev/null; } || return
	waiting_how=vanished
	[ -z "$run_boot" ] || [ "$run_boot" = "$boot_id" ] || waiting_how=restarted
	if run_settle "$1" "$waiting_how" ''; then run_announce "${1##*/}"; fi
}

# Is something of the run in folder $1 still there, or the login session that it belonged to? Then no log-out ended
# it. After run_alive.
run_is_left() {
	left_group=
	{ IFS= read -r left_group <"$1/cgroup"; } 2>/dev/null
	case $left_group in
	*/session-*.scope*)
		[ ! -d "/sys/fs/cgroup$left_group" ] && [ ! -d "/sys/fs/cgroup/systemd$left_group" ] || return 0
		;;
	esac
	for left_pid in $(process_table | awk -v group="$run_pid" '$3 == group { print $1 }'); do
		# What is only not buried yet is gone.
		read_birth "$left_pid" && return
	done
	return 1
}

# Prints the run in folder $1 as run.begin, then a line for each thing known, then run.end. A later line of a name
# wins where there can be only one.
run_record() {
	echo "run.begin ${1##*/}"
	if [ -e "$1/exit" ]; then
		LC_ALL=C sed 's/^/run./' "$1/run" "$1/exit"
	else
		LC_ALL=C sed 's/^/run./' "$1/run"
		echo "run.size $(log_size "$1/log")"
		printf 'run.last %s\n' "$(last_line "$1/log")"
	fi
	record_prefixed "$1/gpu" run.gpu
	record_waits=
	[ -e "$1/exit" ] || [ ! -e "$1/queue" ] || record_waits=$(record_prefixed "$1/queue" run.queue)
	# What waits has not begun, whatever its wrapper is writing just now: by that an older word is told from a newer one.
	# What Slurm holds up has begun before.
	case $record_waits in
	'' | *'run.queue-reason Suspended'*) record_prefixed "$1/began" run.began ;;
	esac
	[ -z "$record_waits" ] || printf '%s\n' "$record_waits"
	echo 'run.end 0'
}

# The few lines of file $1, each behind $2 and a hyphen; the one line of `began` behind a blank.
record_prefixed() {
	[ -e "$1" ] || return 0
	while IFS= read -r record_line; do
		case $2 in
		run.began) printf '%s %s\n' "$2" "$record_line" ;;
		*) printf '%s-%s\n' "$2" "$record_line" ;;
		esac
	done 2>/dev/null <"$1"
}
