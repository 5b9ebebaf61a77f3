# shellcheck disable=SC2154 # some come from lib.sh
# Starts a run that outlives the link, and answers when it has started.
# $1 id, $2 project, $3 folder, $4 branch, $5 commit, $6 command, $7 runner (tmux or detached), $8 the text of
# its wrapper with \002 for line breaks; then the globs of its metrics.
# Prints the run's record, also when this id was started before; or "refused" with the reason, and exits with 1.

trap '' HUP PIPE
dir=$runs/$1
folder=$3
case $folder in
\~) folder=$HOME ;;
\~/*) folder=$HOME/${folder#??} ;;
/*) ;;
*) folder=$HOME/$folder ;;
esac

refuse() {
	echo "refused $1"
	exit 1
}

# Waits until the wrapper has said that it is there. True when it has.
await_pid() {
	await_left=200
	until [ -e "$dir/pid" ] || [ "$await_left" -eq 0 ]; do
		await_left=$((await_left - 1))
		nap 0.05
	done
	[ -e "$dir/pid" ]
}

write_run() {
	{
		printf 'project %s\nfolder %s\nbranch %s\ncommit %s\ncommand %s\n' "$project" "$folder" "$branch" "$commit" "$command"
		printf 'runner %s\nshell %s\nstarted %s\n' "$runner" "${SHELL:-/bin/sh}" "$started"
		for glob in "$@"; do printf 'glob %s\n' "$glob"; done
	} >"$dir/.run" && mv "$dir/.run" "$dir/run"
}

# A private folder for tmux's socket, in $socket; a socket's path has room for some 100 bytes only.
find_socket() {
	socket=$hawser/tmux.sock
	[ "$(printf %s "$socket" | wc -c)" -gt 100 ] || return 0
	socket_name=hawser-$(id -u)-$(printf %s "$HOME" | cksum | tr -dc '0-9')
	for socket_base in "${TMPDIR:-/tmp}" /tmp; do
		socket_folder=${socket_base%/}/$socket_name
		socket=$socket_folder/tmux.sock
		[ "$(printf %s "$socket" | wc -c)" -le 100 ] || continue
		mkdir -m 700 "$socket_folder" 2>/dev/null
		[ -z "$(find "$socket_folder" -prune -type d -user "$(id -u)" -perm 700 2>/dev/null)" ] || return 0
	done
	return 1
}

start_in_tmux() {
	command -v tmux >/dev/null 2>&1 && find_socket || return 1
	unset TMUX TMUX_PANE
	tmux -S "$socket" -f /dev/null new-session -d -s "$id" -x 200 -y 50 /bin/sh "$dir/wrapper" "$dir" \
		</dev/null >/dev/null 2>&1
}

# In a session of its own: the end of this one is nothing to it, and its whole group can be ended.
start_detached() {
	if command -v setsid >/dev/null 2>&1; then
		setsid /bin/sh "$dir/wrapper" "$dir" </dev/null >/dev/null 2>&1 &
	elif perl -MPOSIX -e 1 >/dev/null 2>&1; then
		perl -MPOSIX -e 'POSIX::setsid(); exec @ARGV' /bin/sh "$dir/wrapper" "$dir" </dev/null >/dev/null 2>&1 &
	else
		set -m 2>/dev/null
		nohup /bin/sh "$dir/wrapper" "$dir" </dev/null >/dev/null 2>&1 &
		set +m
	fi
}

id=$1 project=$2 branch=$4 commit=$5 command=$6 runner=$7 wrapper=$8
shift 8
[ -d "$folder" ] || refuse "there is no folder $folder"
(cd "$folder") 2>/dev/null || refuse "the folder $folder cannot be entered"

[ -d "$hawser" ] || mkdir -m 700 "$hawser" 2>/dev/null
mkdir -p "$runs" "$waiters" 2>/dev/null
if ! mkdir "$dir" 2>/dev/null; then
	[ -d "$dir" ] || refuse "$dir cannot be made"
	await_pid || refuse "an earlier start of it did not come to its end"
	run_record "$dir"
	exit 0
fi

read_host
started=$(now_ms)
if ! printf '%s\n' "$wrapper" | tr '\002' '\n' >"$dir/wrapper" || ! write_run "$@" || ! : >"$dir/on-$host" ||
	! head -c 16384 /dev/zero >"$dir/spare"; then
	rm -rf "$dir"
	refuse "its folder $dir cannot be written: is the disk full?"
fi
if [ "$runner" != tmux ] || ! start_in_tmux; then
	runner=detached
	write_run "$@"
	start_detached
fi
# Whoever makes the folder "go" first decides: made here, a wrapper that comes late does nothing.
if ! await_pid && mkdir "$dir/go" 2>/dev/null; then
	rm -rf "$dir"
	refuse "it did not come up within 10 s"
fi
await_pid || refuse "it came up, but could not write to $dir"
run_record "$dir"
