# shellcheck disable=SC2154 # some come from lib.sh, run-runners.sh and run-slurm.sh
# Starts a run that outlives the link, and answers when it has started: it has begun, or waits in Slurm's queue.
# $1 id, $2 runner (tmux, detached or slurm), $3 the text of its wrapper with \002 for line breaks; then the lines
# of its file `run`, one argument each, and `option WORD` for sbatch.
# Prints the run's record, also when this id was started before; or "refused" with the reason (for Slurm: "slurm"
# with what it is, see slurm_submit), and exits with 1.

trap '' HUP PIPE
id=$1 runner=$2 wrapper=$3
shift 3
dir=$runs/$id
sort_fields "$@"
check_folder
make_runs
if [ ! -d "$dir" ]; then check_log_out; fi
if ! mkdir "$dir" 2>/dev/null; then
	[ -d "$dir" ] || refuse "$dir cannot be made"
	# Whoever asked for it was told that it never began, see run-began.sh.
	[ ! -e "$dir/never" ] || refuse 'its start came too late'
	await_start "$dir" || refuse "an earlier start of it did not come to its end"
	run_record "$dir"
	exit 0
fi

read_host
read_boot_id
started=$(now_ms)
if ! fill_folder "$dir" "$lines"; then
	rm -rf "$dir"
	refuse "its folder $dir cannot be written: is the disk full?"
fi
if [ "$runner" = slurm ]; then
	start_in_slurm "$dir" "$id"
else
	if [ "$runner" != tmux ] || ! start_in_tmux "$dir" "$dir/wrapper" "$id"; then
		runner=detached
		write_run "$dir" "$lines"
		start_detached "$dir" "$dir/wrapper"
	fi
	# Whoever makes the folder "go" first decides: made here, a wrapper that comes late does nothing.
	if ! await_start "$dir" && mkdir "$dir/go" 2>/dev/null; then
		rm -rf "$dir"
		refuse "it did not come up within 10 s"
	fi
	await_start "$dir" || refuse "it came up, but could not write to $dir"
fi
run_record "$dir"
