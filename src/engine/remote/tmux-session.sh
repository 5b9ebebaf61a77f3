# shellcheck disable=SC2154 # some come from lib.sh
# Sees to it that a tmux session can be attached to, in the person's own tmux: its default socket, its configuration.
# $1 the session's name, $2 "make" (when it is not there) or "find", $3 the folder it is made in, $4 columns, $5 rows,
# $6 the terminal's kind, $7 what it is, for the words of a problem.
# Prints one record: result, then the kind of terminal that is known here.

command -v tmux >/dev/null 2>&1 || fail tool-missing tool=tmux "disables=there is no session to come back to"
unset TMUX TMUX_PANE
name=$1
there() {
	tmux has-session -t "=$name" >/dev/null 2>&1
}

if ! there; then
	[ "$2" = make ] || fail agent-idle "project=$7"
	place "$3"
	[ -d "$at" ] || fail folder-missing "path=$at" "project=$7"
	cd "$at" 2>/dev/null || fail folder-missing "path=$at" "project=$7"
	# It begins in the folder that tmux is called from: what -c names is a format to tmux, and `#(…)` in it a command.
	# Another one may be making it too.
	if ! said=$(tmux new-session -d -s "$name" -x "$4" -y "$5" 2>&1 </dev/null) && ! there; then
		fail remote-failed "script=tmux new-session" code=1 "stderr=$(gist "$said")"
	fi
fi

# A new terminal's kind is often not known on an older machine: tmux would refuse it.
kind=$6
if command -v infocmp >/dev/null 2>&1 && ! infocmp "$kind" >/dev/null 2>&1; then kind=xterm-256color; fi
say result "$kind"
