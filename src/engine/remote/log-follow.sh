# shellcheck disable=SC2154 # some come from lib.sh
# Prints the log of run $1 from byte $2 on, then what is added, until its input ends. Says on stderr "ended" and
# the log's last size when the run has ended. Exits with 3 when there is no such run.
#
# A line on its input, the byte up to which the reader has it, says that the reader cannot keep up: what comes from there
# on is left out but for the last $4 bytes. The word $3, which no log holds, the byte where these begin and a line break
# come before them.

dir=$runs/$1
[ -f "$dir/log" ] || exit 3
read_host
mkdir -p "$waiters"
fifo=$waiters/$host.$$
rm -f "$fifo"
mkfifo -m 600 "$fifo" || exit 4
exec 3<&0 4<>"$fifo"

print_from() {
	tail -c "+$(($1 + 1))" -f "$dir/log" </dev/null 3<&- 4<&- &
	tail=$!
}

print_from "$2"
(
	while IFS= read -r read_to; do echo "skip $read_to" >&4; done <&3
	echo stop >&4
) >/dev/null 2>&1 &
trap 'kill "$tail" 2>/dev/null; rm -f "$fifo"' EXIT
trap 'exit 1' TERM INT HUP PIPE

told=
while :; do
	if [ -z "$told" ] && [ -e "$dir/exit" ]; then
		told=yes
		echo "ended $(log_size "$dir/log")" >&2
	fi
	IFS= read -r event <&4 || break
	case $event in
	stop) break ;;
	'skip '*)
		kill "$tail" 2>/dev/null
		wait "$tail" 2>/dev/null
		from=$(($(log_size "$dir/log") - $4))
		[ "$from" -ge "${event#skip }" ] || from=${event#skip }
		printf '%s %s\n' "$3" "$from"
		print_from "$from"
		;;
	esac
done
exit 0
