# Put before every script of this folder. POSIX sh and what every Linux, macOS and BusyBox has; nothing here
# prints or changes anything by itself.
# shellcheck disable=SC2034,SC2154 # scripts are put together from files that set and read each other's variables

# A login over SSH often lacks these; they come last, so they change nothing that is found already.
PATH="$PATH:/usr/local/bin:/opt/homebrew/bin:/usr/local/nvidia/bin:/usr/lib/wsl/lib"

# --- records and paths ---

# Prints one record: its name, then its fields, tab-separated. Fields hold no line break.
say() {
	printf '%s' "$1"
	shift
	[ "$#" -eq 0 ] || printf '\t%s' "$@"
	printf '\n'
}

# Ends the script with a problem: its code, then facts as name=value. The same name twice makes a list.
fail() {
	say problem "$@"
	exit 10
}

# The path $1 in $at, from the root on: `~` is the home here, and so it is where no folder is named.
place() {
	case $1 in
	/*) at=$1 ;;
	'~') at=$HOME ;;
	'~'/*) at=$HOME/${1#??} ;;
	*) at=$HOME/$1 ;;
	esac
}

# The last lines of a tool's complaint as one.
gist() {
	printf '%s\n' "$1" | LC_ALL=C tr '\000-\011\013-\037' ' ' | sed -e '/^ *$/d' | tail -n 3 | tr '\n' ' ' |
		sed -e 's/ *$//'
}

# --- times and processes ---

# Milliseconds since the epoch; whole seconds where date knows no finer.
now_ms() {
	now_ms_=$(date +%s%3N 2>/dev/null)
	case $now_ms_ in
	*[!0-9]* | '') echo "$(date +%s)000" ;;
	?????????????*) echo "$now_ms_" ;;
	*) echo "$(date +%s)000" ;;
	esac
}

# Sleeps a part of a second where sleep can, else a whole one.
nap() {
	sleep "$1" 2>/dev/null || sleep 1
}

# Another text after every start of the machine. In $boot_id, without a fork on Linux.
read_boot_id() {
	boot_id=
	if [ -r /proc/sys/kernel/random/boot_id ]; then
		IFS= read -r boot_id </proc/sys/kernel/random/boot_id
	else
		boot_id=$(sysctl -n kern.bootsessionuuid 2>/dev/null || sysctl -n kern.boottime 2>/dev/null)
	fi
	[ -n "$boot_id" ] || boot_id=unknown
}

# When process $1 started, in $birth_of; empty when it is gone. Tells a process from a later one with its pid.
# /proc comes first: the start that ps prints moves when the clock is set.
read_birth() {
	birth_of=
	kill -0 "$1" 2>/dev/null || return 1
	if [ -r /proc/self/stat ]; then
		{ IFS= read -r birth_of <"/proc/$1/stat"; } 2>/dev/null || { birth_of= && return 1; }
		# After the name, which may hold anything: state is field 3, the start field 22. A zombie is gone.
		set -f
		# shellcheck disable=SC2086 # the fields are to be split
		set -- ${birth_of##*) }
		set +f
		birth_of=
		case $1 in Z | X) ;; *) birth_of=${20} ;; esac
	else
		birth_of=$(LC_ALL=C TZ=UTC ps -o lstart= -p "$1" 2>/dev/null)
	fi
	[ -n "$birth_of" ]
}

# One line "pid parent group" for every process.
process_table() {
	ps -A -o pid= -o ppid= -o pgid= 2>/dev/null && return
	for process_stat in /proc/[0-9]*/stat; do
		{ IFS= read -r process_line <"$process_stat"; } 2>/dev/null || continue
		process_pid=${process_stat#/proc/}
		# shellcheck disable=SC2086
		(set -f -- ${process_line##*) } && echo "${process_pid%/stat} $2 $3")
	done
}

# The pids of all that belongs to process $1, itself left out: what descends from it, and its process group
# when it leads one. Parents first: a shell whose child is ended before it is told itself takes that for the
# child's own end, and does not tidy up.
members() {
	process_table | awk -v top="$1" '
		{ parent[$1] = $2; group[$1] = $3 }
		END {
			for (pid in parent) {
				if (pid == top) continue
				up = pid
				for (depth = 0; up != top && depth < 99 && up in parent; depth++) up = parent[up]
				if (up == top || group[top] == top && group[pid] == top) print depth, pid
			}
		}' | sort -n | sed 's/.* //'
}

# Runs "$@" for at most $1 seconds, then ends it with KILL; its code, or 124 when it was too late.
limited() {
	limited_seconds=$1
	shift
	"$@" </dev/null &
	limited_pid=$!
	# Without our output: a caller that reads it to its end must not wait for the timer.
	(
		read_birth "$limited_pid"
		limited_birth=$birth_of
		# In short naps: one that goes on after the timer's own end is soon over.
		while [ "$limited_seconds" -gt 0 ]; do
			sleep 1
			limited_seconds=$((limited_seconds - 1))
		done
		# Where the shell that waits was killed itself, the number may be another's by now.
		read_birth "$limited_pid" && [ "$birth_of" = "$limited_birth" ] || exit
		# What it started would go on holding its output open.
		limited_all="$(members "$limited_pid") $limited_pid"
		# shellcheck disable=SC2086 # a list of pids
		kill -KILL $limited_all
	) >/dev/null 2>&1 </dev/null &
	limited_timer=$!
	wait "$limited_pid" 2>/dev/null
	limited_code=$?
	# Not with TERM: a sh that has only just been forked still has the trap of ours for that, and forgets the signal with
	# the trap. Then this would wait for the timer's whole time.
	kill -KILL "$limited_timer" 2>/dev/null
	wait "$limited_timer" 2>/dev/null
	[ "$limited_code" -ne 137 ] || limited_code=124
	return "$limited_code"
}

# --- the GPU ---

# Fields that every driver knows, name last since it may hold commas; one unknown field fails a whole query.
gpu_base=index,uuid,driver_version,utilization.gpu,memory.used,memory.total,temperature.gpu
gpu_fields=$gpu_base,power.draw,power.limit,name

# Prints one record: gpu.begin, then gpu.fields, gpu.device and gpu.process lines as nvidia-smi says them, or
# gpu.said with its complaint, then gpu.end with its exit code (127: not there, 124: over 10 s).
gpu_record() {
	echo 'gpu.begin 1'
	gpu_code=127
	if command -v nvidia-smi >/dev/null 2>&1; then
		gpu_query
		if [ "$gpu_code" -eq 2 ] && [ "$gpu_fields" != "$gpu_base,name" ]; then
			gpu_fields=$gpu_base,name
			gpu_query
		fi
		if [ "$gpu_code" -eq 0 ]; then
			echo "gpu.fields $gpu_fields"
			printf '%s\n' "$gpu_said" | gpu_lines device
			limited 10 nvidia-smi --query-compute-apps=pid,gpu_uuid,used_memory,process_name \
				--format=csv,noheader,nounits 2>/dev/null | gpu_lines process
		else
			printf '%s\n' "$gpu_said" | head -n 5 | gpu_lines said
		fi
	fi
	echo "gpu.end $gpu_code"
}

gpu_query() {
	gpu_said=$(limited 10 nvidia-smi "--query-gpu=$gpu_fields" --format=csv,noheader,nounits 2>&1)
	gpu_code=$?
}

gpu_lines() {
	# Cut off, its last line would run into ours.
	{ cat && echo; } | tr -d '\000-\011\013-\037' | LC_ALL=C sed -e '/^ *$/d' -e "s/^/gpu.$1 /"
}

# --- runs: one folder each under ~/.hawser/runs; run-wrapper.sh says what lies in it, run-lib.sh works on it ---

hawser=$HOME/.hawser
# shellcheck disable=SC2034 # for the scripts
runs=$hawser/runs
waiters=$hawser/waiters

# This machine's name in $host. A home may be shared by several machines, and none may judge another's
# processes: a run has a file on-$host. A Mac changes its name with the network, and shares no home.
read_host() {
	host=mac
	[ "$(uname -s)" = Darwin ] || host=$(uname -n)
}

# The last line of file $1 that holds something, without colours and control characters, at most 400 bytes.
# What a progress bar overwrote with a carriage return counts as a line of its own.
last_line() {
	tail -c 4096 "$1" 2>/dev/null | tr '\000\r' ' \n' | LC_ALL=C awk '
		{
			gsub(/\033\[[0-9;:?<=>]*[ -\/]*[@-~]/, "")
			gsub(/\033\][^\007\033]*(\007|\033\\)?/, "")
			gsub(/\033[ -\/]*[0-~]/, "")
			gsub(/[\001-\037\177]+/, " ")
			if ($0 ~ /[^ ]/) last = $0
		}
		END { sub(/^ +/, "", last); print substr(last, 1, 400) }'
}

log_size() {
	wc -c 2>/dev/null <"$1" | tr -d ' '
}
