#!/bin/sh
# Holds one ssh for as long as the app that started this lives: descriptor 3 is a pipe whose other end is the app's.
# It leads a process group of its own, so whatever ssh starts (jump hosts, proxies, questions) ends with it.
# Arguments: those of ssh, among them -E for its log.
#
# Standard output is the log of this very ssh, and of nothing else: what jump hosts, proxies and servers say goes to
# standard error. The file "pid" names it, for askpass to know its questions from those of a jump host's ssh.

folder=${0%/*}
umask 077

mkfifo "$folder/log" || exit 1
# Nothing that ends the others may cost the last lines of it; it ends with the last that writes to it.
(
	trap '' TERM
	exec cat "$folder/log"
) 3<&- &
# Held open until ssh has ended: the reader ends with the last writer, also where ssh does not even start.
exec 4>"$folder/log"
sh -c 'echo "$$" >"$0/pid" && exec ssh "$@"' "$folder" "$@" </dev/null >/dev/null 3<&- 4>&- &
ssh=$!
{
	while read -r _; do :; done
	# The app closed it, or is gone. ssh says goodbye to the server; if it cannot, it has to go all the same.
	kill "$ssh"
	sleep 2
	rm -rf "$folder"
	kill -KILL 0
} <&3 2>/dev/null 4>&- &
exec 3<&- 2>/dev/null

wait "$ssh"
code=$?
exec 4>&-
rm -rf "$folder"
trap '' TERM
kill 0
exit "$code"
