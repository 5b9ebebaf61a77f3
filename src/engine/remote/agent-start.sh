# shellcheck disable=SC2154 # some come from lib.sh, run-causes.sh and agent-lib.sh
# Starts a coding agent in its tmux session; one that goes on is left as it is. Its end stays to be read.
# $1 session, $2 worktree, $3 command, $4 project, $5 "anyway": also where a log-out would end it
# Prints: result started or going. Kept as options of the session and its window:
#   @hawser-pane  the pane it lives in
#   @hawser-exit  "CODE SECONDS" when its command has ended: some versions of tmux lose that
#   @hawser-bell  when it last rang the bell, in seconds

trap '' HUP
command -v tmux >/dev/null 2>&1 || fail agent-no-tmux
session=$1 command=$3
place "$2"
cd -- "$at" 2>/dev/null || fail folder-missing "path=$at" "project=$4"
# To tmux a name there is a format, and a last `;` the end of its command.
folder=$(pwd -P | sed 's/#/##/g')/
read_login_shell

# Ctrl-C is for the agent; a trap that does something is not passed on to it.
# shellcheck disable=SC2016 # for the shell in the pane
around='trap : INT QUIT
"$1" -lc "$2"
code=$?
tmux set-option -w -t "$TMUX_PANE" @hawser-exit "$code $(date +%s)" >/dev/null 2>&1
exit "$code"'

# Runs tmux with "$@" and the agent's command. The blank behind it: a last `;` again.
begin_in() {
	said=$(tmux -u "$@" /bin/sh -c "$around" sh "$login_shell" "$command " \; \
		set-option -w -t "$target" remain-on-exit on \; \
		set-option -w -t "$target" monitor-bell on \; \
		set-option -t "=$session:" bell-action any \; \
		set-option -t "=$session:" destroy-unattached off \; \
		set-hook -t "=$session:" alert-bell 'set-option -w -F @hawser-bell "#{window_activity}"' 2>&1 </dev/null)
}

fail_begin() {
	fail remote-failed "script=tmux $1" code=1 "stderr=$(gist "$said")"
}

note_pane() {
	tmux set-option -t "=$session:" @hawser-pane "$1" >/dev/null 2>&1
}

if find_agent "$session" && [ "$pane_dead" = 0 ]; then
	say result going
	exit 0
fi
if [ "${5-}" != anyway ] && log_out_ends_runs; then fail log-out-ends-runs "user=$log_out_user"; fi
if [ -n "$pane" ]; then
	target=$pane
	tmux set-option -w -u -t "$pane" @hawser-exit \; set-option -w -u -t "$pane" @hawser-bell >/dev/null 2>&1
	begin_in respawn-pane -k -c "$folder" -t "$pane" || fail_begin respawn-pane
elif tmux has-session -t "=$session" 2>/dev/null; then
	# Windows that the person opened beside it.
	pane=$(tmux new-window -d -P -F '#{pane_id}' -t "=$session:" /bin/sh -c 'sleep 5' 2>/dev/null)
	target=$pane
	begin_in respawn-pane -k -c "$folder" -t "$pane" || fail_begin new-window
	note_pane "$pane"
else
	target="=$session:"
	# It begins in the folder that tmux is called from.
	if begin_in new-session -d -s "$session" -x 200 -y 50; then
		note_pane "$(tmux display-message -p -t "=$session:" '#{pane_id}' 2>/dev/null)"
	else
		# Somebody else may have just made it.
		find_agent "$session" || fail_begin new-session
	fi
fi
say result started
