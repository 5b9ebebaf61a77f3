#!/bin/sh
# ssh runs this when it has to ask a person (SSH_ASKPASS). It passes the question to the app that started ssh
# through the private folder it lies in: the question as a file, ask.PID; the answer through a FIFO, answer.PID,
# so that no secret ever lies in a file. The question starts with a line that says who asks: "self", the ssh that the
# app has started, or "other", whatever that one has started, such as a jump host's ssh. An answer is "yes" or "no" on a line of its own, then the text for ssh.
#
# SSH_ASKPASS_PROMPT is "confirm" where the exit code is the answer, and "none" where there is nothing to answer:
# then ssh ends this as soon as the reason for it is gone.

folder=${0%/*}
ask=$folder/ask.$$
answer=$folder/answer.$$
reader=
umask 077

leave() {
	trap '' HUP INT TERM
	[ -z "$reader" ] || kill "$reader" 2>/dev/null
	rm -f "$ask" "$ask.new" "$answer"
	exit "$1"
}
trap 'leave 1' HUP INT TERM

asker=other
[ -r "$folder/pid" ] && IFS= read -r ssh <"$folder/pid" && [ "$ssh" = "$PPID" ] && asker=self

mkfifo "$answer" || exit 1
printf '%s\n%s\n%s\n' "$asker" "${SSH_ASKPASS_PROMPT-}" "$1" >"$ask.new" || leave 1
mv "$ask.new" "$ask"
# In the background, for a shell hears a signal only between its commands, and the answer may be long in coming.
{ IFS= read -r verdict && [ "$verdict" = yes ] && cat; } <"$answer" &
reader=$!
wait "$reader"
code=$?
reader=
leave "$code"
