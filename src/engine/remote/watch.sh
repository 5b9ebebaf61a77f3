# shellcheck disable=SC2154 # some come from lib.sh
# Tells what changes on the workstation, until its input ends or nobody takes its output any more. One line each:
#   tick CLOCK                at least every 5 s; the first one when it hears of every end from then on
#   progress ID SIZE LINE     a run that is going on has a longer log
#   run.… then end ID         a run has ended: its whole record, then the word
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
	for dir in "$runs"/*; do
		id=${dir##*/}
		if [ -e "$dir/exit" ]; then
			# Normally told already, through the FIFO.
			case $going in *" $id "*) tell_end "$id" ;; esac
			continue
		fi
		{ [ -e "$dir/pid" ] && [ -e "$dir/on-$host" ]; } || continue
		case $going in *" $id "*) ;; *) going="$going$id " ;; esac
		[ "$((beats % 2))" -ne 0 ] || run_look "$dir"
		progress "$dir"
	done
	[ "$((beats % 4))" -ne 1 ] || tell "tick $(now_ms)"
}

# A line for run folder $1 when its log has grown since the last one. The sizes are in $sizes, as " id:size ".
sizes=' '
progress() {
	size=$(log_size "$1/log")
	case $sizes in *" ${1##*/}:$size "*) return ;; esac
	case $sizes in
	*" ${1##*/}:"*)
		rest=${sizes#*" ${1##*/}:"}
		sizes="${sizes%%" ${1##*/}:"*} ${rest#* }"
		;;
	esac
	sizes="$sizes${1##*/}:$size "
	tell "progress ${1##*/} $size $(last_line "$1/log")"
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
