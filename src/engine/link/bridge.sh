#!/bin/sh
# Stands where git and rsync expect ssh. It hands their remote command, and the streams that go with it, to
# the app that started them; the app carries both over the connection it already has.
#
# Descriptor 3: our input goes up, the remote command's errors come down. Descriptor 4: its output comes
# down. Descriptor 5: up, the command and a NUL, then "e" when our input has ended; down, the exit code.

while [ $# -gt 1 ]; do
	case $1 in
	-[lpoiF]) shift 2 ;;
	-*) shift ;;
	*) break ;;
	esac
done
if [ $# -lt 2 ]; then
	echo 'hawser: no remote command was given' >&2
	exit 255
fi
shift # the host

# A command in the background has no input of its own in sh, so ours is kept first.
exec 6<&0
if ! printf '%s\000' "$*" >&5; then
	echo 'hawser: nobody listens' >&2
	exit 255
fi 2>/dev/null
{
	cat <&6 >&3
	printf e >&5
} >/dev/null 2>&1 4<&- &
up=$!
# When nobody takes the output any more, there is nothing left to wait for.
{ cat <&4 || kill "$$"; } 3<&- 5<&- 6<&- &
down=$!
cat <&3 >&2 4<&- 5<&- 6<&- &
errors=$!
exec 6<&-

read -r code <&5 || code=255
wait "$down"
wait "$errors"
exec 2>/dev/null
kill "$up"
exit "${code:-255}"
