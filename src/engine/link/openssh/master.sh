#!/bin/sh
# Holds one ssh for as long as the app that started this lives: descriptor 3 is a pipe whose other end is the app's.
# It leads a process group of its own, so whatever ssh starts (jump hosts, proxies, questions) ends with it.
# Arguments: those of ssh.

folder=${0%/*}

ssh "$@" </dev/null 3<&- &
ssh=$!
{
	while read -r _; do :; done
	# The app closed it, or is gone. ssh says goodbye to the server; if it cannot, it has to go all the same.
	kill "$ssh"
	sleep 2
	rm -rf "$folder"
	kill -KILL 0
} <&3 2>/dev/null &
exec 3<&- 2>/dev/null

wait "$ssh"
code=$?
rm -rf "$folder"
trap '' TERM
kill 0
exit "$code"
