# shellcheck disable=SC2154 # some come from lib.sh
# Ends run $1 and everything it started: TERM, then KILL to what is left after 5 s. Prints "ended" when it has
# ended, also when it had before; exits with 3 when there is no such run. Goes on when the link breaks.

trap '' HUP PIPE
dir=$runs/$1
read_host
read_boot_id
run_known "$dir" || exit 3

if [ ! -e "$dir/exit" ]; then
	: >"$dir/cancelled"
	# Whoever makes the folder "go" decides: made here, its turn comes no more; else it has just come.
	if run_waits "$dir" && ! mkdir "$dir/go" 2>/dev/null; then
		left=100
		until [ -e "$dir/pid" ] || [ "$left" -eq 0 ]; do
			left=$((left - 1))
			nap 0.1
		done
	fi
	if [ -e "$dir/job" ]; then
		# What its node or Slurm itself tells of its end is looked for by the next list or watch.
		if ! slurm_cancel "$dir"; then
			rm -f "$dir/cancelled"
			printf '%s\n' "$slurm_said"
			exit 1
		fi
		left=80
		until [ -e "$dir/exit" ] || [ "$left" -eq 0 ]; do
			left=$((left - 1))
			[ "$((left % 10))" -ne 9 ] || slurm_look 10
			nap 0.1
		done
		[ -e "$dir/exit" ] || { echo ending && exit 0; }
	elif run_alive "$dir"; then
		end_members '' 0.1 50
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
