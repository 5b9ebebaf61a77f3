# shellcheck disable=SC2034,SC2154 # some come from lib.sh; these files set and read each other's variables
# The tmux session of a project's coding agent: the person's own tmux, by its default socket.

# The pane that the agent lives in, of session $1: in $pane, $pane_pid, $pane_dead, and $pane_facts as agent-look.sh
# tells them. False: there is no such session, or somebody closed that pane. A session that a person began by hand has
# it in its first pane.
find_agent() {
	pane='' pane_pid='' pane_dead='' pane_facts=''
	agent_panes=$(tmux -u list-panes -s -t "=$1" -F "$agent_format" 2>/dev/null) || return
	agent_line=$(printf '%s\n' "$agent_panes" | awk -F ';' 'NR == 1 && $2 == "" { print; exit } $1 == $2 { print; exit }')
	[ -n "$agent_line" ] || return
	pane=${agent_line%%;*}
	pane_facts=${agent_line#*;*;}
	pane_pid=${pane_facts%%;*}
	pane_facts=${pane_facts#*;}
	pane_dead=${pane_facts%%;*}
}

# Formats that a tmux does not know are empty. @hawser-… are options of ours, see agent-start.sh.
agent_format='#{pane_id};#{@hawser-pane};#{pane_pid};#{pane_dead};#{pane_dead_status};#{@hawser-exit};'
agent_format=$agent_format'#{window_activity};#{window_bell_flag};#{@hawser-bell};#{session_created}'

# The login's shell where it takes `-lc`, else the plain one: in $login_shell. As runs start.
read_login_shell() {
	login_shell=${SHELL:-/bin/sh}
	case ${login_shell##*/} in
	bash | zsh | ksh | fish | sh | dash) ;;
	*) login_shell=/bin/sh ;;
	esac
}

unset TMUX TMUX_PANE
