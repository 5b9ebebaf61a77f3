# shellcheck shell=sh disable=SC2034,SC2154 # these files set and read each other's variables
# What starts runs: how a run's folder is made, and what runs it: tmux or a process of its own. For Slurm see
# run-slurm.sh. A runner is one function: start_in_NAME FOLDER FILE NAME runs `sh FILE FOLDER` apart from this login.

refuse() {
	printf 'refused %s\n' "$1"
	exit 1
}

# Sorts the fields "$@" of a start: $lines is what stands in file `run` as it is, $options what is said to sbatch, one
# a line, $at_once how many runs of a series may go on at once, $folder where the run runs, $anyway whether it is to
# start also where a log-out would end it.
sort_fields() {
	for sort_field in "$@"; do
		case $sort_field in
		'option '*) options="$options${sort_field#* }
" ;;
		'at-once '*) at_once=${sort_field#* } ;;
		'anyway yes') anyway=yes ;;
		'folder '*)
			place "${sort_field#* }"
			folder=$at
			;;
		*) lines="$lines$sort_field
" ;;
		esac
	done
}
lines='' options='' at_once='' folder='' anyway=''

check_folder() {
	[ -d "$folder" ] || refuse "there is no folder $folder"
	(cd "$folder") 2>/dev/null || refuse "the folder $folder cannot be entered"
}

# What is started over a connection must outlive it. Slurm's nodes know nothing of this log-out.
check_log_out() {
	{ [ -n "$anyway" ] || [ "$runner" = slurm ] || ! log_out_ends_runs; } && return
	echo "refused-log-out $log_out_user"
	exit 1
}

make_runs() {
	[ -d "$hawser" ] || mkdir -m 700 "$hawser" 2>/dev/null
	mkdir -p "$runs" "$waiters" 2>/dev/null
}

# Writes file `run` into folder $1, whole: the lines $2 and what every run has.
write_run() {
	{
		printf 'folder %s\n%s' "$folder" "$2"
		printf 'runner %s\nshell %s\nstarted %s\n' "$runner" "${SHELL:-/bin/sh}" "$started"
	} >"$1/.run" && mv "$1/.run" "$1/run"
}

# Fills the new folder $1 of a run whose lines are $2. Its wrapper is $wrapper, or the one of folder $3.
fill_folder() {
	if [ -z "${3-}" ] || ! ln "$3/wrapper" "$1/wrapper" 2>/dev/null; then
		printf '%s\n' "$wrapper" | tr '\002' '\n' >"$1/wrapper" || return
	fi
	# The space is kept for telling the end on a disk that the run itself has filled.
	write_run "$1" "$2" && : >"$1/on-$host" && head -c 16384 /dev/zero >"$1/spare"
}

# Does the start of the run in folder $1 count? Then it has begun, waits for its turn, or has ended.
run_counts() {
	[ -e "$1/pid" ] || [ -e "$1/queue" ] || [ -e "$1/exit" ]
}

# Waits until file $1 is there. True when it is.
await_file() {
	await_left=200
	until [ -e "$1" ] || [ "$await_left" -eq 0 ]; do
		await_left=$((await_left - 1))
		nap 0.05
	done
	[ -e "$1" ]
}

# Waits until the start of the run in folder $1 counts, $2 times 0.05 s and more, default 200. True when it does.
await_start() {
	await_left=${2:-200}
	until run_counts "$1" || [ "$await_left" -eq 0 ]; do
		await_left=$((await_left - 1))
		nap 0.05
	done
	run_counts "$1"
}

# A private folder for tmux's socket, in $socket; a socket's path has room for some 100 bytes only.
find_socket() {
	socket=$hawser/tmux.sock
	[ "$(printf %s "$socket" | wc -c)" -gt 100 ] || return 0
	socket_name=hawser-$(id -u)-$(printf %s "$HOME" | cksum | tr -dc '0-9')
	for socket_base in "${TMPDIR:-/tmp}" /tmp; do
		socket_folder=${socket_base%/}/$socket_name
		socket=$socket_folder/tmux.sock
		[ "$(printf %s "$socket" | wc -c)" -le 100 ] || continue
		mkdir -m 700 "$socket_folder" 2>/dev/null
		[ -z "$(find "$socket_folder" -prune -type d -user "$(id -u)" -perm 700 2>/dev/null)" ] || return 0
	done
	return 1
}

# Fails where there is no tmux.
start_in_tmux() {
	command -v tmux >/dev/null 2>&1 && find_socket || return 1
	unset TMUX TMUX_PANE
	tmux -S "$socket" -f /dev/null new-session -d -s "$3" -x 200 -y 50 /bin/sh "$2" "$1" \
		</dev/null >/dev/null 2>&1
}

# In a session of its own: the end of this one is nothing to it, and its whole group can be ended.
start_detached() {
	if command -v setsid >/dev/null 2>&1; then
		setsid /bin/sh "$2" "$1" </dev/null >/dev/null 2>&1 &
	elif perl -MPOSIX -e 1 >/dev/null 2>&1; then
		perl -MPOSIX -e 'POSIX::setsid(); exec @ARGV' /bin/sh "$2" "$1" </dev/null >/dev/null 2>&1 &
	else
		set -m 2>/dev/null
		nohup /bin/sh "$2" "$1" </dev/null >/dev/null 2>&1 &
		set +m
	fi
}
