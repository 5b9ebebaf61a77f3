# shellcheck shell=sh disable=SC2034,SC2154 # these files set and read each other's variables
# Runs as jobs of a Slurm cluster. A run's folder then also holds: job (its id, `12` or `12_3`; also in `run`), queue
# (reason, starts: while it waits), submitting (whose start is under way), left (how its wrapper ended when a signal
# told it to: Slurm knows why), over (since when Slurm calls it over, in seconds).
# Its processes are another machine's: what became of it is told by file `exit`, or else by Slurm.

# A path as sbatch takes one for output: % stands for things there.
slurm_path() {
	printf '%s\n' "$1" | sed 's/%/%%/g'
}

# What sbatch complains of, as one line.
slurm_gist() {
	gist "$(sed -e 's/^sbatch: //' -e 's/^error: //' -e 's/^Batch job submission failed: //' "$1" 2>/dev/null)"
}

# The base id of the job named $1, in $job: empty when there is none. Fails when Slurm does not answer.
slurm_find() {
	job=$(limited 10 squeue -h -t all --name="$1" -u "$(id -un)" -o %F 2>/dev/null) || return
	job=$(printf '%s\n' "$job" | sed -n '$s/^\([0-9][0-9]*\)$/\1/p')
}

# Submits file $1 as a job named $2, with its output in file $3 and $options; what follows are words of ours.
# Sets $job. Fails with $slurm_said, as `slurm missing TOOL`, `slurm refused WORDS` or `slurm silent`; when it is silent
# $slurm_sure says whether the job is surely not there.
slurm_submit() {
	submit_file=$1 submit_name=$2 submit_output=$3
	shift 3
	slurm_sure=yes
	slurm_said='slurm missing sbatch'
	command -v sbatch >/dev/null 2>&1 || return
	while IFS= read -r submit_option; do
		[ -z "$submit_option" ] || set -- "$@" "$submit_option"
	done <<END
$options
END
	# What a login puts into the environment of every sbatch would make something else of it.
	unset SBATCH_ARRAY_INX SBATCH_WAIT SBATCH_CLUSTERS SBATCH_OPEN_MODE
	job=$(
		cd "$folder" || exit
		limited 20 sbatch --parsable --no-requeue --job-name="$submit_name" --chdir="${submit_output%/*}" \
			--output="$(slurm_path "$submit_output")" "$@" "$submit_file" 2>"$submit_output.said"
	)
	submit_code=$?
	# With several clusters: "id;cluster".
	job=${job%%;*}
	case $submit_code:$job in
	0:*[!0-9]* | 0:) slurm_said="slurm refused it answered $job" ;;
	0:*)
		rm -f "$submit_output.said"
		return 0
		;;
	*)
		submit_words=$(slurm_gist "$submit_output.said")
		case $submit_code:$submit_words in
		124:* | *'contact slurm controller'* | *'imed out'* | *'onnection'* | *'ransport'*)
			# It may have been taken all the same: its name is nobody else's.
			if slurm_find "$submit_name"; then
				[ -z "$job" ] || return 0
			else
				case $submit_words in *'connect failure'*) ;; *) slurm_sure=no ;; esac
			fi
			slurm_said='slurm silent'
			;;
		*) slurm_said="slurm refused $submit_words" ;;
		esac
		;;
	esac
	job=
	return 1
}

# The job of one run. $1 the file, $2 the folder.
slurm_script() {
	cat >"$1" <<'END'
#!/bin/sh
# What ends the job is for the run itself to tell.
trap ':' TERM INT QUIT
END
	cat >>"$1"
}

# Keeps that run folder $1 is job $2 and waits: from then on its start counts.
slurm_counts() {
	printf '%s\n' "$2" >"$1/.job" && { cat "$1/run" && printf 'job %s\n' "$2"; } >"$1/.run" &&
		mv "$1/.run" "$1/run" && mv "$1/.job" "$1/job" && slurm_queue "$1" Submitted '' && rm -f "$1/submitting"
}

# Writes why run folder $1 waits: $2, and from when on it is to begin, in seconds: $3. True when that is news.
slurm_queue() {
	queue_new="reason $2"
	case $3 in '' | *[!0-9]*) ;; *) queue_new="$queue_new
starts ${3}000" ;; esac
	[ "$queue_new" != "$(cat "$1/queue" 2>/dev/null)" ] || return
	printf '%s\n' "$queue_new" >"$1/.queue" && mv "$1/.queue" "$1/queue"
}

# A word on who submits, so that a start that was killed can be told from one that goes on.
slurm_submitting() {
	read_birth "$$"
	printf '%s\n' "$boot_id" "$$" "$birth_of" >"$1/submitting"
}

# Submits the run in folder $1, named $2; ends the script when Slurm does not take it.
start_in_slurm() {
	slurm_submitting "$1"
	slurm_script "$1/job.sh" <<END
[ -e $(quoted "$1/wrapper") ] || { echo "Hawser: the run's folder is not on \$(uname -n): is this home there on the nodes too?"; exit 126; }
/bin/sh $(quoted "$1/wrapper") $(quoted "$1")
END
	if ! slurm_submit "$1/job.sh" "$2" "$1/slurm.out"; then
		# Else whoever looks at it later finds out whether the job is there.
		[ "$slurm_sure" = no ] || rm -rf "$1"
		printf '%s\n' "$slurm_said"
		exit 1
	fi
	slurm_counts "$1" "$job" || refuse "its folder $1 cannot be written: is the disk full?"
}

# $1 as one word of a shell.
quoted() {
	printf "'%s'" "$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")"
}

# --- what became of them ---

# Is the run in folder $1 one of Slurm's that has not ended, as far as is known here?
slurm_goes_on() {
	[ ! -e "$1/exit" ] && { [ -e "$1/job" ] || [ -e "$1/submitting" ]; }
}

# Asks Slurm, in one question, for all of its runs that are going on, and writes down what became of them: queue,
# exit. $1 how long the question may take, in seconds, default 6. Fails when Slurm does not answer. Runs with news are
# in $slurm_news. Needs $host, $boot_id.
slurm_look() {
	slurm_ids='' slurm_map=' ' slurm_news=''
	for slurm_dir in "$runs"/*; do
		slurm_goes_on "$slurm_dir" || continue
		slurm_id=
		{ [ -e "$slurm_dir/job" ] && IFS= read -r slurm_id <"$slurm_dir/job"; } || slurm_adopt "$slurm_dir" || continue
		case $slurm_id in '' | *[!0-9_]*) continue ;; esac
		slurm_map="$slurm_map$slurm_id:${slurm_dir##*/} "
		case ",$slurm_ids," in *",${slurm_id%%_*},"*) ;; *) slurm_ids="$slurm_ids,${slurm_id%%_*}" ;; esac
	done
	slurm_ids=${slurm_ids#,}
	[ -n "$slurm_ids" ] || return 0
	command -v squeue >/dev/null 2>&1 || return
	# Each field as long as it is, the name last: it could hold the separator.
	if slurm_out=$(SLURM_TIME_FORMAT=%s limited "${1:-6}" squeue -h -r -t all -j "$slurm_ids" -O \
		'JobArrayID:|,State:|,exit_code:|,Reason:|,StartTime:|,EndTime:|,TimeLimit:|,Name:|' 2>&1); then
		:
	else
		case $slurm_out in
		*'nvalid job id'*) slurm_out= ;;
		*)
			slurm_silence
			return 1
			;;
		esac
	fi
	slurm_take "$slurm_out"
	[ "$slurm_map" != ' ' ] || return 0
	slurm_past
}

# Slurm does not answer: what waits is said to wait for that. What runs tells its end itself.
slurm_silence() {
	for silence_one in $slurm_map; do
		silence_dir=$runs/${silence_one#*:}
		{ [ -e "$silence_dir/queue" ] && [ ! -e "$silence_dir/pid" ]; } || continue
		if slurm_queue "$silence_dir" Silent ''; then slurm_news="$slurm_news ${silence_dir##*/}"; fi
	done
}

# Looks at what squeue said of each, and takes that off $slurm_map.
slurm_take() {
	while IFS='|' read -r take_id take_state take_code take_reason take_start take_end take_limit take_name; do
		# Numbers begin anew where a cluster was set up anew: then an older run may have the same, and the job is another's.
		take_dir=
		for take_one in $slurm_map; do
			[ "${take_one%%:*}" = "$take_id" ] || continue
			slurm_is_named "$runs/${take_one#*:}" "${take_name%%|*}" || continue
			take_dir=$runs/${take_one#*:}
			break
		done
		[ -n "$take_dir" ] || continue
		slurm_map="${slurm_map%%" $take_one "*} ${slurm_map#*" $take_one "}"
		rm -f "$take_dir/over.gone"
		slurm_judge "$take_dir" "$take_state" "$take_code" "$take_reason" "$take_start" "$take_end" "$take_limit"
	done <<END
$1
END
}

slurm_is_named() {
	[ "$2" = "${1##*/}" ] || grep -qxF "series $2" "$1/run"
}

# One run: $1 folder, $2 state, $3 the raw status of its end, $4 reason, $5 start and $6 end in seconds, $7 its limit.
slurm_judge() {
	case $2 in
	PENDING | CONFIGURING | REQUEUE* | RESV_DEL_HOLD | SPECIAL_EXIT)
		# Slurm's word may be older than the run's own, that it has begun; none is put in the queue again (--no-requeue).
		[ ! -e "$1/pid" ] || return 0
		if slurm_queue "$1" "${4:-None}" "$5"; then slurm_news="$slurm_news ${1##*/}"; fi
		;;
	SUSPENDED | STOPPED)
		if slurm_queue "$1" 'Suspended' ''; then slurm_news="$slurm_news ${1##*/}"; fi
		;;
	CANCELLED* | COMPLETED | FAILED | TIMEOUT | DEADLINE | NODE_FAIL | BOOT_FAIL | OUT_OF_MEMORY | PREEMPTED | LAUNCH_FAILED)
		slurm_end "$@"
		;;
	*)
		# It runs, or is about to. A queue that is left is from before it was suspended.
		if [ -e "$1/pid" ] && [ -e "$1/queue" ]; then
			rm -f "$1/queue"
			slurm_news="$slurm_news ${1##*/}"
		fi
		;;
	esac
}

# Has Slurm called the run in folder $1 over for some time, as file $2 there tells? What its node wrote may come late.
slurm_over_long() {
	over_now=$(date +%s)
	over_since=
	{ IFS= read -r over_since <"$1/$2"; } 2>/dev/null
	case $over_since in
	'' | *[!0-9]*)
		echo "$over_now" >"$1/$2"
		return 1
		;;
	esac
	[ "$((over_now - over_since))" -ge 10 ]
}

# As slurm_judge, of a job that is over: settles the run when its wrapper did not.
slurm_end() {
	[ ! -e "$1/exit" ] || return 0
	case $3 in '' | *[!0-9]*) set -- "$1" "$2" 0 "$4" "$5" "$6" "$7" ;; esac
	end_code='' end_more='' end_left=''
	{ IFS= read -r end_left <"$1/left"; } 2>/dev/null
	case $2 in
	CANCELLED*) end_how=cancelled ;;
	TIMEOUT | DEADLINE)
		end_how=timed-out
		grep -q '^limit ' "$1/run" || end_more="limit $(slurm_limit "$7")"
		;;
	NODE_FAIL | BOOT_FAIL) end_how=node-failed ;;
	OUT_OF_MEMORY) end_how=exited end_code=137 end_more='cause out-of-memory' ;;
	PREEMPTED)
		end_how=exited end_code=143
		slurm_log "$1" 'Slurm ended it for another job (PREEMPTED).'
		;;
	*)
		end_how=exited
		if [ -n "$end_left" ]; then
			end_code=$end_left
		elif [ ! -e "$1/pid" ]; then
			# Slurm's own code for a folder that is not there is signal 53.
			{ [ "$2" != COMPLETED ] && [ "$2:$4:$(($3 & 127))" != FAILED:NonZeroExitCode:0 ]; } ||
				slurm_over_long "$1" over || return 0
			end_code=126
			slurm_log "$1" "Slurm could not start it (${4:-$2}): its node did not find the run's folder $1. Is this home there on the nodes too?"
			slurm_log "$1" "$(gist "$(tail -c 1000 "$1/slurm.out" 2>/dev/null)")"
		else
			slurm_over_long "$1" over || return 0
			end_code=$(($3 >> 8))
			[ "$(($3 & 127))" -eq 0 ] || end_code=$((128 + ($3 & 127)))
			[ "$end_code" -ne 0 ] || { end_how=vanished end_code=''; }
		fi
		;;
	esac
	if [ -e "$1/cancelled" ]; then end_how=cancelled end_code='' end_more=''; fi
	case $6 in '' | *[!0-9]*) end_at= ;; *) end_at=${6}000 ;; esac
	rm -f "$1/queue" "$1/over" "$1/over.gone"
	slurm_settle "$1" "$end_how" "$end_code" "$end_at" "$end_more"
}

# Says $2 in the log of the run in folder $1.
slurm_log() {
	[ -z "$2" ] || printf 'Hawser: %s\n' "$2" >>"$1/log"
}

# How Slurm writes a limit, `1-02:03:04`, `5:00`, in milliseconds; 0 for none.
slurm_limit() {
	printf '%s\n' "$1" | awk -F '[-:]' '{
		days = index($0, "-") ? $1 : 0
		seconds = 0
		for (i = index($0, "-") ? 2 : 1; i <= NF; i++) seconds = seconds * 60 + $i
		if (NF == 1) seconds *= 60
		printf "%d000\n", days * 86400 + seconds
	}'
}

# For what squeue knows no more: the accounts, or where there are none the file of jobs that have ended. Whom nobody
# knows is forgotten.
slurm_past() {
	past_ids=
	for past_one in $slurm_map; do past_ids="$past_ids,${past_one%%:*}"; done
	past_ids=${past_ids#,}
	past_out=$(SLURM_TIME_FORMAT=%s limited 6 sacct -X -n -P -j "$past_ids" \
		-o JobID,State,ExitCode,Reason,End,TimelimitRaw,JobName 2>&1)
	past_code=$?
	case $past_code:$past_out in
	0:* | 127:*) ;;
	*disabled*)
		past_out=$(limited 6 sacct -c -n -P -j "$past_ids" -o JobID,State,ExitCode 2>/dev/null) ||
			past_out=
		;;
	# The accounts do not answer: not known is not gone.
	*) return 1 ;;
	esac
	for past_one in $slurm_map; do
		past_dir=$runs/${past_one#*:}
		past_line=$(printf '%s\n' "$past_out" | grep "^${past_one%%:*}|" | tail -n 1)
		if [ -n "$past_line" ]; then
			IFS='|' read -r _ past_state past_exit past_reason past_end past_limit past_name <<END
$past_line
END
			case $past_name in '' | "${past_dir##*/}") ;; *) slurm_is_named "$past_dir" "$past_name" || continue ;; esac
			past_signal=${past_exit#*:}
			past_exit=${past_exit%%:*}
			case $past_exit$past_signal in '' | *[!0-9]*) past_exit=0 past_signal=0 ;; esac
			slurm_judge "$past_dir" "${past_state%% *}" "$((past_exit * 256 + past_signal))" "$past_reason" '' \
				"$past_end" "$past_limit"
		# A home may be shared by two clusters: only the one that it was given to may forget it.
		elif [ -e "$past_dir/on-$host" ] && slurm_over_long "$past_dir" over.gone; then
			slurm_forget "$past_dir"
		fi
	done
}

# Settles the run in folder $1, of which Slurm knows nothing.
slurm_forget() {
	forget_how=forgotten forget_code=
	if [ -e "$1/left" ]; then
		forget_how=exited
		{ IFS= read -r forget_code <"$1/left"; } 2>/dev/null
	fi
	[ ! -e "$1/cancelled" ] || forget_how=cancelled forget_code=
	rm -f "$1/queue" "$1/over.gone"
	slurm_settle "$1" "$forget_how" "$forget_code" '' ''
}

# Settles and announces: $1 folder, $2 how, $3 code, $4 when in milliseconds, $5 more for its end.
slurm_settle() {
	settle_at=$4 settle_more=$5
	settle_cause=
	case $5 in 'cause '*) settle_cause=${5#cause } settle_more='' ;; esac
	if run_settle "$1" "$2" "$3" "$settle_cause"; then
		run_announce "${1##*/}"
		slurm_news="$slurm_news ${1##*/}"
	fi
	settle_at='' settle_more=''
}

# A start whose script was killed before it knew the job: its name tells. Sets $slurm_id; fails when there is none, or
# the start goes on.
slurm_adopt() {
	slurm_id=
	[ -e "$1/on-$host" ] || return
	{
		IFS= read -r adopt_boot && IFS= read -r adopt_pid && IFS= read -r adopt_birth
	} 2>/dev/null <"$1/submitting" || return
	if [ "$adopt_boot" = "$boot_id" ] && read_birth "$adopt_pid" && [ "$birth_of" = "$adopt_birth" ]; then return 1; fi
	adopt_series=$(sed -n 's/^series //p' "$1/run" 2>/dev/null)
	slurm_find "${adopt_series:-${1##*/}}" || return
	if [ -z "$job" ]; then
		# It began and ended meanwhile, or never came to be.
		run_counts "$1" || rm -rf "$1"
		return 1
	fi
	adopt_task=$(cat "$1/task" 2>/dev/null)
	slurm_id=$job${adopt_task:+_$adopt_task}
	slurm_counts "$1" "$slurm_id"
}

# Ends the job of the run in folder $1: TERM, then KILL after the time that the cluster gives. Fails with $slurm_said
# when Slurm does not answer.
slurm_cancel() {
	IFS= read -r cancel_job <"$1/job" || return
	slurm_said='slurm missing scancel'
	command -v scancel >/dev/null 2>&1 || return
	slurm_said='slurm silent'
	cancel_said=$(limited 12 scancel "$cancel_job" 2>&1) && return
	case $cancel_said in
	*'contact slurm controller'* | *'imed out'* | *'onnection'* | '') ;;
	# It is over already.
	*'nvalid job id'* | *'already complet'*) return 0 ;;
	*) slurm_said="slurm refused $(gist "$cancel_said")" ;;
	esac
	return 1
}
