# Functions that take a branch to another commit of its history, with an index and files that need not be that commit's;
# put before git-undo and git-adopt. from_index, from_files, to_index and to_files are trees, as in git-settle.

# Whether the worktree at hand can be carried, without a change to it.
look_to_carry() {
	folder=$(git rev-parse --absolute-git-dir)
	guard cp -p "$folder/index" "$index.new" ||
		fail git-failed "side=$side" 'what=copy its index' "reason=$folder is not as expected"
	git_at_index update-index -q --refresh >/dev/null 2>&1 || :
	move_towards to
	refuse_foreign
}

# In a worktree with our index: the files that are to change are as the operation left them, and nobody's are in the
# way. Those that already are as they have to become are left as they are.
refuse_foreign() {
	{ foreign_staged >"$index.foreign" && changed_files >>"$index.foreign"; } ||
		fail git-failed "side=$side" 'what=list files' 'reason=a list ended early'
	foreign=$(sort -u "$index.foreign")
	[ -z "$foreign" ] || fail_dirty "$foreign"
}

changed_files() {
	differing "$to_files" "$from_files" "$index.a" >"$index.in-a" || return
	differing "$from_files" "$to_files" "$index.b" >"$index.in-b" || return
	read_changed --diff-filter=A "$from_files" "$to_files"
	arriving=$changed
	printf '%s\n' "$arriving" | sort >"$index.arriving"
	read_changed --diff-filter=D "$from_files" "$to_files"
	printf '%s\n' "$changed" | sort >"$index.leaving"
	comm -12 "$index.in-a" "$index.in-b" | comm -23 - "$index.arriving" | while IFS= read -r line; do
		read_name "$line"
		[ -e "$file" ] || [ -L "$file" ] || ! grep -qxF -e "$line" "$index.leaving" || continue
		printf '%s\n' "$line"
	done
	read_whole "$(printf '%s\n' "$arriving" | GIT_INDEX_FILE=$index.a untracked_among)"
	[ -z "$whole" ] || printf '%s\n' "$whole"
}

# Takes branch ref $ref of worktree $tree from $from to $to, whichever way that is, index and files with it. $1 goes to the
# reflog. Killed anywhere, the next owner of the journal completes or undoes it.
carry_tree() {
	cd -- "$tree" || exit
	carrying="$from $to $from_index $from_files $to_index $to_files $ref $tree"
	note "ref $ref"
	take_index
	move_towards to
	if ! (refuse_foreign); then
		release_index
		exit 10
	fi
	note "move $carrying"
	if said=$(put_files 2>&1); then
		install_index
		if said=$(guard git update-ref -m "$1" "$ref" "$to" "$from" 2>&1); then
			release_index
			note moved
			return 0
		fi
	fi
	release_index
	(join_journal && settle "$carrying") || exit
	note moved
	fail_move "$ref" "$from" "$said"
}
