# Rebases commits and touches no tree of anybody's; put before git-land, after git-merge. Made are commits alone:
# killed anywhere, nothing is left but objects that nobody refers to, and git's housekeeping takes those away.

# Replays onto commit $1 what $2 has and it lacks, oldest first; the last one is then in $merged. What $1 has under
# another name is left out, and so are merges and whatever changes nothing any more. With $draft_only no commit is
# anything but a draft. Ends with a conflict.
replay() {
	merged=$1
	! contains "$1" "$2" || return 0
	git merge-base "$1" "$2" >/dev/null ||
		fail diverged "branch=$into" "side=$side" "other=$from" 'reason=no common commit'
	[ -n "$draft_only" ] || read_identity
	read_unlike "$2" "$1"
	replayed=$ours
	are_plain_merges "$2" "^$1" ${settled:+"^$settled"}
	plain=$?
	for line in $replayed; do
		case $line in +*) replay_one "${line#+}" ;; esac
	done
	[ "$plain" -eq 0 ] || refuse_lost_merges "$1" "$2"
}

# Commit $1 on top of $merged.
replay_one() {
	replay_parent=$(git rev-parse -q --verify "$1^" 2>/dev/null)
	if [ "$replay_parent" = "$merged" ]; then
		merged=$1
		return
	fi
	replay_theirs=$1
	if [ -z "$replay_parent" ]; then
		make_draft "$(git hash-object -t tree /dev/null)"
		replay_parent=$draft
		make_draft "$1^{tree}" -p "$replay_parent"
		replay_theirs=$draft
	fi
	# A merge whose common commit is the parent of the one that is replayed.
	make_draft "$merged^{tree}" -p "$replay_parent"
	merge_trees "$draft" "$replay_theirs" || fail_conflict
	[ "$merged_tree" != "$(git rev-parse "$merged^{tree}")" ] || return 0
	if [ -n "$draft_only" ]; then
		make_draft "$merged_tree" -p "$merged"
		merged=$draft
	else
		read_author "$1"
		make_commit "$(commit_text '%B' "$1")" "$merged_tree" -p "$merged"
		author_date=
		merged=$made
	fi
}

# What format $1 makes of commit $2, in UTF-8.
commit_text() {
	git -c i18n.logOutputEncoding=UTF-8 log -1 --no-show-signature --no-color --date=raw "--format=$1" "$2" --
}

read_author() {
	author_name=$(commit_text %an "$1")
	author_email=$(commit_text %ae "$1")
	author_date=@$(commit_text %ad "$1")
}

# Merges are left out, but somebody may have done work in one: then all of it has to be in $merged another way.
refuse_lost_merges() {
	read_merged_tree "$1" "$2"
	read_changed "$merged_tree" "$merged"
	conflicts=$changed
	[ -z "$conflicts" ] || fail_conflict
}
