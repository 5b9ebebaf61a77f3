# shellcheck disable=SC2154 # most come from lib.sh
# What ends runs from outside, as far as a Linux with systemd can say it; elsewhere nothing is known.

# --- the out-of-memory killer ---

# Where the kernel counts its kills for this process: in $oom_file. Its own memory cgroup's counter, else the whole
# machine's (kernel 4.13 on); empty without either.
read_oom_file() {
	oom_file=
	{
		while IFS=: read -r _ oom_kinds oom_path; do
			case ,$oom_kinds, in
			*,memory,*) oom_try "/sys/fs/cgroup/memory${oom_path%/}/memory.oom_control" /sys/fs/cgroup/memory/memory.oom_control ;;
			,,) oom_try "/sys/fs/cgroup${oom_path%/}/memory.events" /sys/fs/cgroup/memory.events ;;
			esac
		done </proc/self/cgroup
	} 2>/dev/null
	[ -n "$oom_file" ] || oom_try /proc/vmstat
}

# The first of $@ that has a count, where none was found yet.
oom_try() {
	for oom_one in "$@"; do
		[ -z "$oom_file" ] || return 0
		if read_oom_count "$oom_one"; then oom_file=$oom_one; fi
	done
}

# The count in file $1, in $oom_count. No tool is started for it.
read_oom_count() {
	oom_count=
	[ -r "$1" ] || return 1
	while read -r oom_key oom_value; do
		case $oom_key in
		oom_kill) oom_count=$oom_value && return 0 ;;
		esac
	done 2>/dev/null <"$1"
	return 1
}

# Did the kernel kill for want of memory since the wrapper of the run in folder $1 wrote down the count?
oom_rose() {
	rose_from='' rose_file=''
	{ IFS=' ' read -r rose_from rose_file <"$1/oom"; } 2>/dev/null
	[ -n "$rose_file" ] && read_oom_count "$rose_file" && [ "$oom_count" -gt "$rose_from" ] 2>/dev/null
}

# --- log-out and shutdown ---

# Does a log-out end what this user started? True when systemd's logind kills a user's processes at log-out
# (KillUserProcesses) and this user does not linger. The name is then in $log_out_user.
log_out_ends_runs() {
	command -v busctl >/dev/null 2>&1 && command -v loginctl >/dev/null 2>&1 || return 1
	log_out_said=$(limited 3 busctl get-property org.freedesktop.login1 /org/freedesktop/login1 \
		org.freedesktop.login1.Manager KillUserProcesses KillExcludeUsers KillOnlyUsers 2>/dev/null)
	log_out_user=$(id -un)
	# One value a line: b true, then two lists such as: as 1 "root"
	printf '%s\n' "$log_out_said" | awk -v user="\"$log_out_user\"" '
		NR == 1 { kills = $2 == "true" }
		NR == 2 { for (i = 3; i <= NF; i++) if ($i == user) kills = 0 }
		NR == 3 && $2 > 0 { only = 0; for (i = 3; i <= NF; i++) if ($i == user) only = 1; if (!only) kills = 0 }
		END { exit !kills }' || return 1
	# A user that logind knows no session of is not logged out by it.
	[ "$(limited 3 loginctl show-user "$log_out_user" -p Linger 2>/dev/null)" = Linger=no ]
}

# Why the system tells a run to end, in $told_cause: shutdown, log-out, or empty.
read_told_cause() {
	told_cause=
	if [ "$(limited 3 systemctl is-system-running 2>/dev/null)" = stopping ]; then
		told_cause=shutdown
	elif log_out_ends_runs; then
		told_cause=log-out
	fi
}
