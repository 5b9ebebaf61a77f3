# shellcheck disable=SC2154 # some come from lib.sh
# Prints the log of run $1 from byte $2 on, then what is added, until its input ends. Says on stderr "ended" and
# the log's last size when the run has ended. Exits with 3 when there is no such run.

dir=$runs/$1
[ -f "$dir/log" ] || exit 3
read_host
mkdir -p "$waiters"
fifo=$waiters/$host.$$
rm -f "$fifo"
mkfifo -m 600 "$fifo" || exit 4
exec 3<&0 4<>"$fifo"

tail -c "+$(($2 + 1))" -f "$dir/log" </dev/null 3<&- 4<&- &
tail=$!
(
	while IFS= read -r _; do :; done <&3
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
	[ "$event" != stop ] || break
done
exit 0
