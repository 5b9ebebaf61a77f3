# What is kept of worktrees that are made and removed (see git-keep), and how that is undone; put before git-worktrees.
#
# The message of such a commit is lines "project NAME", "branch NAME" (empty: none) and "path PATH", a line break in
# the path as \001.

# Keeps that worktree $2 with branch $3 at commit $4 is going to be $1: added or removed. $5: the git folder of one that
# is there already, for its reflog.
keep_worktree_as() {
	logged=
	[ -z "${5-}" ] || read_logged "$4" HEAD "$5"
	commit_of "$4" "$(printf 'project %s\nbranch %s\npath %s' "$project" "$3" "$(printf %s "$2" | tr '\n' '\001')")" ||
		fail_keep "$said"
	next_entry
	keep_refs "create $entry/$1 $said"
}

# When this undoes something, that is kept too: from here on it changes something.
keep_undoes() {
	[ -z "$undone" ] ||
		said=$(guard git update-ref "refs/hawser/safety/$operation/0/undoes/$undone" "$kept_ref" 2>&1) || fail_keep "$said"
}

# Where $1, which is not there yet, is going to be as git will tell it: without links as far as it leads; in $placed.
read_placed() {
	above=$1 below=
	until placed=$(cd -P -- "$above/" 2>/dev/null && pwd -P); do
		below=/${above##*/}$below above=${above%/*}
	done
	placed=${placed%/}$below
}

# What was kept at ref $1, in $kept_head, $kept_branch and $kept_path.
read_kept() {
	read_commit "$1^"
	kept_head=$commit_at kept_branch='' kept_path=''
	while IFS= read -r line; do
		case $line in
		'branch '*) kept_branch=${line#branch } ;;
		'path '*) read_real "${line#path }" && kept_path=$real ;;
		esac
	done <<-END
		$(git cat-file commit "$1" | sed '1,/^$/d')
	END
	[ -n "$kept_head$kept_path" ] || fail git-failed "side=$side" "what=read what was kept" "reason=$1 is not as expected"
}

# $1 is a ref as above, $2 the commit that its branch was made at, or taken away from; empty where that is not to be
# undone. Check says: undo.take or undo.bring PATH, undo.drop or undo.make or undo.stays BRANCH. Without $1, an undo
# is ended that was killed when all was done.
undo_worktree() {
	[ "$mode" = undo-check ] || begin
	if [ -n "$1" ]; then
		kept_ref=$1
		read_kept "$1"
		case $1 in
		*/added) undo_added "$2" ;;
		*/removed) undo_removed ;;
		esac || exit
	fi
	[ "$mode" != undo-check ] || return 0
	about=refs/hawser/safety/$operation/0
	said=$(guard git update-ref "$about/ended" "$about/undoes/$undone" 2>&1) || fail_keep "$said"
	say result
}

# The worktree that was made goes, when it may; its branch too, where nothing was committed to it.
undo_added() {
	if find_worktree "$kept_path"; then
		if [ "$found_branch" != "$kept_branch" ] && [ "$found_lock" != ". $unfinished_lock" ]; then
			printf '%s\n' "${found_branch:-a detached head}" | lose switched
			exit 0
		fi
		if [ "$mode" = undo-check ]; then
			say undo.take "$(printf %s "$found_path" | tr '\n' '\001')"
			undo_look "$kept_path" || exit
		else
			# What a killed one has not completed.
			[ "$found_lock" != ". $unfinished_lock" ] || worktree_add "$kept_path" "$kept_branch" '' '' ''
			worktree_remove "$kept_path"
		fi
	fi
	[ -n "$1" ] || return 0
	read_commit "refs/heads/$kept_branch"
	[ -n "$commit_at" ] || return 0
	users=
	each_worktree note_other_use "$kept_branch"
	if [ "$commit_at" != "$1" ] || [ -n "$users" ]; then
		[ "$mode" != undo-check ] || say undo.stays "$kept_branch"
	elif [ "$mode" = undo-check ]; then
		say undo.drop "$kept_branch"
	else
		keep_undoes
		drop_branch "refs/heads/$kept_branch" "$1" ||
			fail git-failed "side=$side" "what=remove the branch $kept_branch" "reason=$(gist "$said")"
	fi
}

note_other_use() {
	[ "$tree_branch" != "$1" ] || [ "$tree_path" = "${found_path-}" ] || users=yes
}

# What speaks against removing worktree $1, as worktree_remove would find it, without a change.
undo_look() {
	[ "$found_lock" != ". $unfinished_lock" ] || return 0
	read_worktree_folder "$found_path"
	[ -n "$folder" ] || fail worktree-missing "side=$side" "path=$1" 'reason=the folder that git keeps for it is gone'
	[ ! -d "$found_path" ] || is_there "$found_path" || [ -e "$folder/hawser-removing" ] ||
		fail worktree-missing "side=$side" "path=$found_path" 'reason=what is there does not belong to this repository'
	losses
}

# The worktree that was removed is made again, with its branch as that is now.
undo_removed() {
	[ "$mode" != undo-check ] || say undo.bring "$(printf %s "$kept_path" | tr '\n' '\001')"
	from=$kept_head
	if [ -n "$kept_branch" ]; then
		read_commit "refs/heads/$kept_branch"
		if [ -z "$commit_at" ]; then
			[ "$mode" != undo-check ] || say undo.make "$kept_branch"
		else
			from=
			[ "$mode" != undo-check ] || [ "$commit_at" = "$kept_head" ] || say undo.moved "$kept_branch"
		fi
	fi
	if find_worktree "$kept_path"; then
		read_worktree_folder "$found_path"
		if [ -n "$folder" ] && [ -e "$folder/hawser-removing" ]; then
			[ "$mode" = undo-check ] || undo_removing
			return
		fi
		[ "$found_lock" = ". $unfinished_lock" ] || [ "$mode" != undo-check ] ||
			fail folder-in-the-way "side=$side" "path=$kept_path" "found=the worktree of ${found_branch:-no branch}"
	elif [ "$mode" = undo-check ]; then
		refuse_place "$kept_path"
	fi
	if [ "$mode" = undo-check ]; then
		path=$kept_path
		[ -z "$kept_branch" ] || [ -n "$sought" ] || refuse_in_use "$kept_branch"
	else
		worktree_add "$kept_path" "$kept_branch" "$from" '' ''
	fi
}

# A removal that was killed has begun to delete files: they come back.
undo_removing() {
	note "folder $common"
	guard mkdir -p -- "$found_path"
	[ -e "$folder/index" ] || guard git "--git-dir=$folder" read-tree HEAD
	hold_worktree
	keep_undoes
	keep_worktree_as added "$found_path" "$found_branch" "$found_head"
	(cd -- "$found_path" && guard git checkout-index -a -q) 2>/dev/null
	guard rm -f "$folder/hawser-removing"
	release_index
}
