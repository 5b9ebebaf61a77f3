# shellcheck disable=SC2154 # most come from lib.sh
# What a run is on the workstation; written into its folder when it is started, with lib.sh and all it needs before
# it. $1 its folder, which holds:
#   run        what was asked for: one "key value" a line; project, folder, branch, commit, command, runner, shell,
#              started, and where there are any: param NAME VALUE, env NAME VALUE, series, limit MS, job, glob
#   go/        made by the one that may start it
#   boot, birth, pid   which process this is; cgroup, oom: where it lives, and the kernel's count of memory kills
#   on-HOST    the machine that may judge it
#   queue      while it waits for its turn: reason TEXT, starts MS; waited: the same, once it has begun
#   began      when its command began, in ms
#   log        all that it prints
#   cancelled  somebody asked for its end; late: it took longer than its limit
#   gpu        seconds N and peak MIB, written anew while it runs
#   metrics/   copies of what it wrote, and the numbers in them
#   exit       how it ended, written whole and once, see run_settle
# For what Slurm adds see run-slurm.sh.
# Whoever reads skips what it does not know, and does without what is not there.

dir=$1
mkdir "$dir/go" 2>/dev/null || exit 0

# It outlives its terminal, and so does the command. The other signals end the command, whose end is still
# to be told: a trap that does something is not passed on to the command.
trap '' HUP
told=
trap 'told=TERM' TERM
trap ':' INT QUIT

# Sets $folder, $command, $shell, $runner and $limit; "environment" exports the variables, "collect" copies the metrics. Few
# lines, so no tool is needed.
each_line() {
	while IFS= read -r each_value; do
		each_key=${each_value%% *}
		each_value=${each_value#* }
		case $1:$each_key in
		:folder) folder=$each_value ;;
		:command) command=$each_value ;;
		:shell) shell=$each_value ;;
		:limit) limit=$each_value ;;
		:runner) runner=$each_value ;;
		environment:env) set_variable "$each_value" ;;
		collect:glob) collect "$each_value" ;;
		esac
	done <"$dir/run"
}

# Exports "NAME VALUE".
set_variable() {
	set_name=${1%% *}
	case $set_name in
	'' | [0-9]* | *[!A-Za-z0-9_]*) ;;
	*) export "$set_name=${1#* }" ;;
	esac
}

limit='' runner=''
each_line ''
export HAWSER_RUN="${dir##*/}" HAWSER_RUN_FOLDER="$dir"
# Into a file Python holds back what it prints, and progress would come too late.
export PYTHONUNBUFFERED="${PYTHONUNBUFFERED-1}"
unset TMUX TMUX_PANE
case ${shell##*/} in
bash | zsh | ksh | fish | sh | dash) ;;
*) shell=/bin/sh ;;
esac
case $limit in *[!0-9]*) limit= ;; esac

read_boot_id
read_birth "$$"
read_oom_file
mkdir -p "$dir/metrics"
: >"$dir/stamp"
: >>"$dir/log"
[ -z "$oom_file" ] || echo "$oom_count $oom_file" >"$dir/oom"
# The last line is the one that systemd goes by, with either version of cgroups.
{ sed -n -e 's/^0:://p' -e 's/^[0-9]*:name=systemd://p' /proc/self/cgroup | sort | tail -n 1 >"$dir/cgroup"; } 2>/dev/null
now_ms >"$dir/began"
echo "$boot_id" >"$dir/boot"
echo "$birth_of" >"$dir/birth"
echo "$$" >"$dir/.pid"
mv "$dir/.pid" "$dir/pid"
# It is listed by either of the two.
[ ! -e "$dir/queue" ] || mv "$dir/queue" "$dir/waited"
printf 'Hawser runs here: %s\nIts output: %s\n' "$command" "$dir/log"

beside=
if [ -n "$limit" ]; then
	run_limit "$limit" </dev/null >/dev/null 2>&1 &
	beside=$!
fi
if command -v nvidia-smi >/dev/null 2>&1; then
	run_gpu </dev/null >/dev/null 2>&1 &
	beside="$beside $!"
fi

if cd "$folder"; then
	(
		each_line environment
		exec "$shell" -lc "$command"
	) </dev/null >>"$dir/log" 2>&1
	code=$?
else
	echo "Hawser: the folder $folder cannot be entered" >>"$dir/log"
	code=126
fi
# They end by themselves and are not waited for.
# shellcheck disable=SC2086 # a list of pids
[ -z "$beside" ] || kill -TERM $beside 2>/dev/null

# Slurm tells the command and this process at once, and the command may be the first to end of it.
if [ -z "$told" ] && [ "$code" -eq 143 ] && [ "$runner" = slurm ] && [ -n "${SLURM_JOB_ID-}" ]; then nap 1; fi
how=exited
cause=
if [ -e "$dir/cancelled" ]; then
	how=cancelled
elif [ -e "$dir/late" ]; then
	how=timed-out
elif [ "$code" -eq 137 ] && oom_rose "$dir"; then
	cause=out-of-memory
elif [ -n "$told" ] && [ -n "${SLURM_JOB_ID-}" ] && [ "$runner" = slurm ]; then
	# Slurm knows why.
	how=
elif [ -n "$told" ]; then
	# Whoever tells this process to end too does not mean the command alone.
	read_told_cause
	cause=$told_cause
fi
each_line collect
if [ -z "$how" ]; then
	echo "$code" >"$dir/.left" && mv "$dir/.left" "$dir/left"
	exit "$code"
fi
read_host
if run_settle "$dir" "$how" "$code" "$cause"; then run_announce "$HAWSER_RUN"; fi
# What waits for the job in Slurm goes by its code.
[ -z "${SLURM_JOB_ID-}" ] || exit "$code"
