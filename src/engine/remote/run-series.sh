# shellcheck disable=SC2154 # some come from lib.sh, run-runners.sh and run-slurm.sh
# Starts several runs that outlive the link: one after another in one tmux session or detached process, or as one array
# of Slurm. Answers when all of them count: one has begun, or all wait.
# $1 the series' id, $2 runner, $3 the text of a run's wrapper, $4 that of run-sequence.sh, both with \002 for line
# breaks; then fields as run-start.sh takes them: first those of all runs, then `run ID` and what is its own, for each.
# Prints the runs' records in their order, also when the series was started before; else as run-start.sh.

trap '' HUP PIPE
series=$1 runner=$2 wrapper=$3 sequence=$4
shift 4
top=$runs/.series-$series
ids=''

for field in "$@"; do
	case $field in
	'run '*) break ;;
	*) sort_fields "$field" ;;
	esac
done
common=$lines
check_folder
make_runs

undo() {
	for id in $ids; do rm -rf "${runs:?}/$id"; done
	rm -rf "$top"
}

records() {
	for id in $ids; do run_record "$runs/$id"; done
}

for field in "$@"; do
	case $field in 'run '*) ids="$ids ${field#* }" ;; esac
done
if ! mkdir "$top" 2>/dev/null; then
	[ -d "$top" ] || refuse "$top cannot be made"
	for id in $ids; do await_start "$runs/$id" || refuse "an earlier start of it did not come to its end"; done
	records
	exit 0
fi
# Its own folder goes with its end.
for id in $ids; do
	[ -d "$runs/$id" ] || continue
	rm -rf "$top"
	run_counts "$runs/$id" || refuse "there is a run $id already"
	records
	exit 0
done
if [ -z "$anyway" ]; then (check_log_out) || { rm -rf "$top" && exit 1; }; fi

read_host
read_boot_id
started=$(now_ms)

# Makes the folder of run $1 with the lines that are its own, in $lines.
make_one() {
	mkdir "$runs/$1" && fill_folder "$runs/$1" "$common$lines" "${first:+$runs/$first}" || return
	first=${first:-$1}
	if [ "$runner" = slurm ]; then
		echo "$task" >"$runs/$1/task" && slurm_submitting "$runs/$1" || return
		task=$((task + 1))
	fi
}

no_room() {
	undo
	refuse "the folders of its runs cannot be written: is the disk full?"
}

fill_all() {
	first='' task=0 one='' lines=''
	for field in "$@"; do
		case $field in
		'run '*)
			[ -z "$one" ] || make_one "$one" || no_room
			one=${field#* } lines=''
			;;
		*) [ -z "$one" ] || sort_fields "$field" ;;
		esac
	done
	make_one "$one" || no_room
}

start_array() {
	count=0
	for id in $ids; do count=$((count + 1)); done
	slurm_script "$top/job.sh" <<END
set --$ids
shift "\$SLURM_ARRAY_TASK_ID"
runs=$(quoted "$runs")
[ -e "\$runs/\$1/wrapper" ] || { echo "Hawser: the run's folder is not on \$(uname -n): is this home there on the nodes too?"; exit 126; }
/bin/sh "\$runs/\$1/wrapper" "\$runs/\$1"
END
	if ! slurm_submit "$top/job.sh" "$series" "$runs/$first/slurm.out" "--array=0-$((count - 1))${at_once:+%$at_once}"; then
		[ "$slurm_sure" = no ] || undo
		printf '%s\n' "$slurm_said"
		exit 1
	fi
	task=0
	for id in $ids; do
		slurm_counts "$runs/$id" "${job}_$task" || refuse "the folder $runs/$id cannot be written: is the disk full?"
		task=$((task + 1))
	done
	rm -rf "$top"
}

start_one_by_one() {
	printf '%s\n' "$sequence" | tr '\002' '\n' >"$top/sequence" || no_room
	for id in $ids; do echo "$id"; done >"$top/order" || no_room
	if [ "$runner" != tmux ] || ! start_in_tmux "$top" "$top/sequence" "$series"; then
		[ "$runner" = detached ] || say_detached
		start_detached "$top" "$top/sequence"
	fi
	# A short series may be over, and its folder gone, before anybody looks. The last one is told to wait last.
	await_start "$runs/$id" && return
	if mkdir "$top/go" 2>/dev/null; then
		undo
		refuse 'it did not come up within 10 s'
	fi
	# It came up, and was slow or was killed: what it has not told to wait is told here, to be settled if so.
	for id in $ids; do
		run_counts "$runs/$id" || echo 'reason for the run before it' >"$runs/$id/queue"
	done
}

# There is no tmux.
say_detached() {
	for id in $ids; do
		sed 's/^runner .*/runner detached/' "$runs/$id/run" >"$runs/$id/.run" && mv "$runs/$id/.run" "$runs/$id/run"
	done
}

fill_all "$@"
if [ "$runner" = slurm ]; then start_array; else start_one_by_one; fi
records
