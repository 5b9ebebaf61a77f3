# shellcheck disable=SC2154 # some come from lib.sh
# Tells what changes on the workstation, until its input ends or nobody takes its output any more. One line each:
#   tick CLOCK                at least every 5 s; the first one when it hears of every end from then on
#   progress ID SIZE LINE     a run that is going on has a longer log
#   spent ID SECONDS MIB      what it was seen to hold of the GPUs
#   run.… then end ID         a run has ended: its whole record, then the word
#   run.… alone               a run that is going on waits for something else now, or waits no more
#   gpu.…                     a reading of the GPU
# $1 seconds between readings of the GPU, default 5.

# Everything reaches one loop through one FIFO, so lines never mix: "end ID" from the wrapper of a run, "beat"
# every second, "gpu" when a reading lies ready, "stop" when the input has ended.

gpu_every=${1:-5}
read_host
read_boot_id
[ -d "$hawser" ] || mkdir -m 700 "$hawser" 2>/dev/null
mkdir -p "$runs" "$waiters" || exit 4
for other in "$waiters/$host".*; do
	kill -0 "${other##*.}" 2>/dev/null || rm -f "$other" "$waiters/reading-$host.${other##*.}"
done
fifo=$waiters/$host.$$
reading=$waiters/reading-$host.$$
main=$$
trap '' PIPE HUP
trap 'exit 1' TERM INT
rm -f "$fifo"
mkfifo -m 600 "$fifo" || exit 4
exec 3<&0 4<>"$fifo"

(
	while IFS= read -r _; do :; done <&3
	echo stop >&4
) >/dev/null 2>&1 &
helpers=$!

# The helpers end with this process even when it is killed: then they take the FIFO away.
(
	exec 3<&-
	while kill -0 "$main" 2>/dev/null; do
		echo beat >&4
		sleep 1
	done
	rm -f "$fifo" "$reading"
) </dev/null >/dev/null 2>&1 &
helpers="$helpers $!"

(
	exec 3<&-
	while kill -0 "$main" 2>/dev/null; do
		before=$(date +%s)
		gpu_record >"$reading.new"
		mv "$reading.new" "$reading"
		echo gpu >&4
		# Without persistence mode each look wakes the driver and takes seconds: then look less often.
		if [ "$(($(date +%s) - before))" -lt 2 ]; then sleep "$gpu_every"; else sleep 30; fi
	done
) </dev/null >/dev/null 2>&1 &
helpers="$helpers $!"

# Slurm can take long to answer: asked beside all else, and only while there are runs of it.
(
	exec 3<&-
	command -v squeue >/dev/null 2>&1 || exit
	while kill -0 "$main" 2>/dev/null; do
		slurm_look 20
		sleep 5
	done
) </dev/null >/dev/null 2>&1 &
helpers="$helpers $!"

# Stopped first, so that the helpers start nothing between being looked at and being ended.
# shellcheck disable=SC2086,SC2046,SC2317 # lists of pids; reached by the trap
finish() {
	{
		kill -STOP $helpers
		kill -KILL $(members "$main")
	} 2>/dev/null
	rm -f "$fifo" "$reading" "$reading.new"
}
trap finish EXIT

tell() {
	printf '%s\n' "$1" 2>/dev/null || exit 0
}

going=' '
told=' '

tell_end() {
	case $told in *" $1 "*) return ;; esac
	[ -e "$runs/$1/exit" ] || return
	told="$told$1 "
	tell "$(run_record "$runs/$1")
end $1"
}

look() {
	beats=$((beats + 1))
	set --
	for dir in "$runs"/*; do
		id=${dir##*/}
		if [ -e "$dir/exit" ]; then
			# Normally told already, through the FIFO.
			case $going in *" $id "*) tell_end "$id" ;; esac
			continue
		fi
		run_known "$dir" || continue
		case $going in *" $id "*) ;; *) going="$going$id " ;; esac
		[ "$((beats % 2))" -ne 0 ] || run_look "$dir"
		[ "$((beats % 5))" -ne 0 ] || spent "$dir"
		waits "$dir"
		[ ! -e "$dir/log" ] || set -- "$@" "$dir/log"
	done
	[ "$#" -eq 0 ] || progress "$@"
	[ "$((beats % 4))" -ne 1 ] || tell "tick $(now_ms)"
}

# Lines for logs "$@" that have grown since the last one, all looked at by one tool. The sizes are in $sizes, as
# " id:size ". A second file makes it print a name beside each size.
sizes=' '
progress() {
	sizes_now=$(wc -c "$@" /dev/null 2>/dev/null)
	while read -r size path; do
		id=${path%/log}
		id=${id##*/}
		case $path:$sizes in
		/dev/null:* | *:*" $id:$size "*) continue ;;
		*/log:*" $id:"*)
			rest=${sizes#*" $id:"}
			sizes="${sizes%%" $id:"*} ${rest#* }"
			;;
		*/log:*) ;;
		*) continue ;;
		esac
		sizes="$sizes$id:$size "
		tell "progress $id $size $(last_line "$path")"
	done <<END
$sizes_now
END
}

# Remembers that $2 is so of run $1. Fails when that was so before.
told_facts='
'
news() {
	case $told_facts in *"
$1 $2
"*) return 1 ;; esac
	case $told_facts in
	*"
$1 "*)
		rest=${told_facts#*"
$1 "}
		told_facts="${told_facts%%"
$1 "*}
${rest#*"
"}"
		;;
	esac
	told_facts="$told_facts$1 $2
"
}

# What the run in folder $1 holds of the GPUs, when that is more than before.
spent() {
	[ -e "$1/gpu" ] || return 0
	spent_seconds='' spent_peak=''
	while IFS=' ' read -r key value; do
		case $key in seconds) spent_seconds=$value ;; peak) spent_peak=$value ;; esac
	done 2>/dev/null <"$1/gpu"
	if news "gpu:${1##*/}" "$spent_seconds $spent_peak"; then tell "spent ${1##*/} $spent_seconds $spent_peak"; fi
}

# The record of the run in folder $1 when it waits for something else than before, or waits no more.
waits() {
	waits_now=
	if [ -e "$1/queue" ]; then
		while IFS= read -r value; do waits_now="$waits_now;$value"; done 2>/dev/null <"$1/queue"
	else
		# One that never waited is no news; one that did may have begun before this saw it wait.
		[ -e "$1/waited" ] || return 0
	fi
	[ -e "$1/exit" ] || ! news "queue:${1##*/}" "$waits_now" || tell "$(run_record "$1")"
}

beats=0
while IFS=' ' read -r event id <&4; do
	case $event in
	beat) look ;;
	end) tell_end "$id" ;;
	gpu) tell "$(cat "$reading" 2>/dev/null)" ;;
	stop) break ;;
	esac
done
exit 0
