# Functions for whatever changes a repository; put before every script that does, with git-settle and git-keep.
#
# Whoever changes something holds the journal of the repository. It names every process at work, so that what a
# killed one left behind is told from what somebody is doing: the next one undoes or completes it.
# A checked-out branch is moved with an index of our own, so git's own lock is only ever held by a token that
# says whose it is, and files, index and branch can be brought back in step from any point.

# --- the journal ---

owner='' journal=''

# Takes the repository for us, after at most 5 s; clears up after a killed owner first.
begin() {
	journal=$common/hawser-journal
	read_boot_id
	read_own_pid
	owner=$own_pid
	read_start "$owner"
	owner_start=$start_of
	me="owner $owner $boot_id $owner_start"
	tries=0
	# Asked twice: an owner removes the journal before it ends, so one seen dead may have taken it away.
	until journal_is_ours && journal_is_ours; do
		tries=$((tries + 1))
		[ "$tries" -lt 25 ] || fail repository-busy "side=$side" "path=$repository" "lock=$journal"
		nap 0.2
	done
	trap end EXIT
	[ "$(cat "$journal")" = "$me" ] || recover
}

# Leaves the journal to the next one where there is still something to wait for or to clear up.
end() {
	left=$(unfinished) && [ -z "$left" ] && prune_safety && ! ours_at_work && clear_indexes && guard rm -f "$journal"
}

# Where a part of us was killed alone, the indexes that it had made are still there.
clear_indexes() {
	folders=$(sed -n 's/^folder //p' "$journal") || return
	while IFS= read -r folder; do
		set -- "$folder"/hawser-index.*
		[ ! -e "$1" ] || discard "$@"
	done <<-END
		$folders
	END
}

# Whether something that we started still goes on: the shell that waited for it may have been killed.
ours_at_work() {
	while IFS=' ' read -r kind pid boot rest; do
		[ "$kind ${rest%% *}" = "child $owner" ] && is_at_work "$pid" "$boot" "${rest#* }" && return
	done 2>/dev/null <"$journal"
	return 1
}

# As read_birth, without spaces, in $start_of.
read_start() {
	start_of=
	read_birth "$1" || return
	start_of=$birth_of
	case $start_of in *' '*) start_of=$(printf %s "$start_of" | tr ' ' _) ;; esac
}

# Whether process $1, of the start $2 of the machine, is there and began at $3: a number is given again some day.
is_at_work() {
	[ "$2" = "$boot_id" ] && read_start "$1" && [ "$start_of" = "$3" ]
}

note() {
	printf '%s\n' "$*" >>"$journal"
}

# The move that was begun and neither ended nor undone.
unfinished() {
	# shellcheck disable=SC2016 # for sed
	sed -n -e '/^move /h' -e '/^moved$/{s/.*//;h;}' -e '${x;s/^move //p;}' "$journal"
}

# Whether nobody who came before us is still at work. Lines are only ever appended, so all see the same order.
journal_is_ours() {
	grep -qxF -- "$me" "$journal" 2>/dev/null || note "$me" 2>/dev/null ||
		fail repository-unreadable "side=$side" "path=$repository" "reason=$journal cannot be written"
	before=' '
	held=
	ours=
	while IFS=' ' read -r kind pid boot rest; do
		case $kind in
		owner)
			if [ "$kind $pid $boot $rest" = "$me" ]; then
				ours=yes
			elif [ -z "$ours" ]; then
				before="$before$pid "
				is_at_work "$pid" "$boot" "$rest" && held=yes
			fi
			;;
		child)
			case $before in
			*" ${rest%% *} "*) is_at_work "$pid" "$boot" "${rest#* }" && held=yes ;;
			esac
			;;
		esac
	done 2>/dev/null <"$journal"
	[ -n "$ours" ] && [ -z "$held" ]
}

# The pid of this very shell in $own_pid; in a subshell $$ is another's.
read_own_pid() {
	if { IFS=' ' read -r own_pid own_rest </proc/self/stat; } 2>/dev/null; then return; fi
	own_rest=
	# shellcheck disable=SC2016 # for the inner shell
	own_pid=$(exec sh -c 'echo "$PPID"')
}

# In a subshell that changes things: it may outlive the owner. Either the next owner finds it in the journal, and
# waits, or it finds here that its own is gone, and ends: a look at the journal comes after one at the owner.
join_journal() {
	read_own_pid
	if [ -n "$own_rest" ]; then
		# As read_birth reads it, from what is at hand already.
		set -f
		# shellcheck disable=SC2086 # the fields are to be split
		set -- ${own_rest##*) }
		set +f
		start_of=${20}
	else
		read_start "$own_pid"
	fi
	note "child $own_pid $boot_id $owner $start_of"
	[ -z "$owner_start" ] || is_at_work "$owner" "$boot_id" "$owner_start" || exit 75
}

# Runs "$@" so. All that changes a repository is run by it, be it as small as a mv. Where nothing but objects is
# added, there need not be a journal.
guard() (
	[ -z "${owner-}" ] || join_journal
	exec "$@"
)

# Takes files of ours away. Were that one command killed alone, the operation would come to its end, and nobody would
# look for them again: so once more.
discard() {
	guard rm -f "$@" || guard rm -f "$@"
}

# Undoes or completes what a killed owner was doing. None of its processes is left.
recover() {
	left=$(sed -n 's/^commit //p' "$journal") || exit
	[ -z "$left" ] || settle_commit "$(printf '%s\n' "$left" | tail -n 1)"
	refs="HEAD $(sed -n 's/^ref //p' "$journal" | sort -u | tr '\n' ' ')" || exit
	folders=$(sed -n 's/^folder //p' "$journal") || exit
	while IFS= read -r folder; do clear_folder "$folder" "$refs"; done <<-END
		$(printf '%s\n' "$folders" | sort -u)
	END
	left=$(unfinished) || exit
	if [ -n "$left" ]; then
		(join_journal && settle "$left") || exit
		note moved
	fi
	recover_kept
}

# Removes our leftovers from git folder $1 (a worktree's own, or the shared one). Another git holds the lock of a
# ref for an instant only: one of $2 that stays is a leftover too.
clear_folder() {
	[ -d "$1" ] || return 0
	if { IFS= read -r token <"$1/index.lock"; } 2>/dev/null; then
		case $token in hawser\ *) discard "$1/index.lock" ;; esac
	fi
	discard "$1"/hawser-index.* "$1"/next-index-*.lock
	# Only we write there.
	[ ! -d "$1/refs/hawser" ] || guard find "$1/refs/hawser" -type f -name '*.lock' -exec rm -f {} +
	for locked in $2; do
		tries=0
		while [ -e "$1/$locked.lock" ] && [ "$tries" -lt 10 ]; do
			tries=$((tries + 1))
			nap 0.2
		done
		discard "$1/$locked.lock"
		[ "$locked" != packed-refs ] || discard "$1/packed-refs.new"
	done
}

# --- the index ---

# In a worktree: takes git's lock on its index, after at most 5 s, and copies it to $index.new.
take_index() {
	read_own_folder
	folder=$own_folder
	note "folder $folder"
	index=$folder/hawser-index.$owner
	printf 'hawser %s\n' "$owner" >"$index.token"
	tries=0
	until take_lock; do
		tries=$((tries + 1))
		if [ "$tries" -ge 25 ]; then
			discard "$index".*
			fail_locked "$folder/index.lock"
		fi
		nap 0.2
	done
	if ! guard cp -p "$folder/index" "$index.new" 2>/dev/null; then
		release_index
		fail git-failed "side=$side" 'what=copy its index' "reason=$folder is not as expected"
	fi
	# Also of files that git was told to overlook: one that is as it was must not be taken for a changed one.
	git_at_index update-index -q --really-refresh >/dev/null 2>&1 || :
}

take_lock() {
	guard ln "$index.token" "$folder/index.lock" 2>/dev/null && return
	# No lock and still no link: a file system without them.
	[ ! -e "$folder/index.lock" ] && (set -C && cat "$index.token" >"$folder/index.lock") 2>/dev/null
}

install_index() {
	guard mv -f "$index.new" "$folder/index"
}

release_index() {
	discard "$index".* "$folder/index.lock"
}

# Runs git with our index.
git_at_index() (
	GIT_INDEX_FILE=$index.new
	export GIT_INDEX_FILE
	[ -z "${owner-}" ] || join_journal
	exec git "$@"
)

# --- moving ---

# Moves branch ref $1 from commit $2 to its descendant $3; $4 goes to the reflog. Where it is checked out, the
# worktree moves with it. How it was is kept first. Killed anywhere, the next owner of the journal completes or
# undoes it.
move() {
	[ "$2" != "$3" ] || return 0
	note "ref $1"
	note "folder $common"
	read_tree_of "$1"
	keep "$1" "$2" "$3" "$tree"
	if [ -z "$tree" ]; then
		moving=$(guard git update-ref -m "$4" "$1" "$3" "$2" 2>&1) || fail_move "$1" "$2" "$moving"
	else
		(join_journal && move_tree "$@") || exit
	fi
}

move_tree() {
	cd -P -- "$tree" 2>/dev/null ||
		fail worktree-missing "side=$side" "path=$tree" "branch=${1#refs/heads/}" 'reason=nothing is there'
	take_index
	note "move $2 $3 $2 $2 $3 $3 $1 $tree"
	read_collisions "$2" "$3"
	if [ -z "$in_the_way" ] && moving=$(git_at_index read-tree -m -u "$2" "$3" 2>&1); then
		install_index
		if moving=$(guard git update-ref -m "$4" "$1" "$3" "$2" 2>&1); then
			release_index
			note moved
			run_hook post-merge 0
			return 0
		fi
	fi
	release_index
	if [ -n "$in_the_way" ]; then
		note moved
		fail_dirty "$in_the_way"
	fi
	(join_journal && settle "$2 $3 $2 $2 $3 $3 $1 $tree") || exit
	note moved
	refuse_dirty
	fail_move "$1" "$2" "$moving"
}

fail_move() {
	read_commit "$1"
	[ "$commit_at" = "$2" ] || fail moved-meanwhile "what=${1#refs/heads/}" "side=$side"
	fail git-failed "side=$side" "what=move ${1#refs/heads/}" "reason=$(gist "$3")"
}

run_hook() {
	if is_set core.hookspath; then
		hook=$(git rev-parse --git-path "hooks/$1")
	else
		hook=$common/hooks/$1
	fi
	[ -x "$hook" ] || return 0
	shift
	guard "$hook" "$@" >/dev/null 2>&1 || :
}
