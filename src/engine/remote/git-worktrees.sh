# Worktrees of a repository, on either side. Arguments: mode operation repository side validation project, where
# `validation` is the path that the settings give the validation branch ('': none), and operation '' where nothing
# changes; then
#   list: nothing.
#   add: path branch from base hub. A branch that is not there is made from `from`; with '' from the hub's, or base.
#   remove: path.
#   undo-check, undo-apply: undone ref commit, see undo_worktree.
# Tells a worktree as: worktree FLAGS HEAD CHANGED UNTRACKED UNPUSHED BRANCH PATH, BRANCH '' for none; what removing
# it would lose as: lost KIND NAME.

is_validation() {
	[ -n "$validation" ] || return
	place "$validation"
	read_real_path "$at"
	validation_path=$real_path
	read_real_path "$1"
	[ "$real_path" = "$validation_path" ]
}

# What is not committed in the worktree at hand, in lines of git's own: "1 …", "2 …", "u …", "? NAME", "! NAME". An
# ignored folder is one line.
# shellcheck disable=SC2120 # arguments come from the other file
uncommitted() {
	listing git --no-optional-locks status --porcelain=v2 -z --no-renames --untracked-files=all \
		--ignore-submodules=none "$@" && end_list
}

# How many commits of $1 are on no remote's branch and no other local branch than $2, in $unpushed.
read_unpushed() {
	unpushed=0
	case $1 in '' | *[!0]*) ;; *) return ;; esac
	unpushed=$(git rev-list --count "$1" --not ${2:+"--exclude=$2"} --branches --remotes -- 2>&1) ||
		fail git-failed "side=$side" "what=look through the history of $2" "reason=$(gist "$unpushed")"
}

tell_worktree() {
	flags=
	[ -z "$tree_main" ] || flags=main
	[ -z "$tree_lock" ] || flags=$flags,locked
	[ "$tree_lock" != ". $unfinished_lock" ] || flags=$flags,unfinished
	if is_validation "$tree_path"; then flags=$flags,validation; fi
	counts='0 0'
	if is_there "$tree_path"; then
		# shellcheck disable=SC2119
		counts=$(cd -- "$tree_path" && uncommitted | as_lines |
			awk '/^\?/ { new++ } /^[12u]/ { changed++ } { last = $0 } END { print changed + 0, new + 0; exit last != "/" }') ||
			fail git-failed "side=$side" "what=read the status of $tree_path" 'reason=its files cannot be listed'
	else
		flags=$flags,missing
	fi
	read_unpushed "$tree_head" "$tree_branch"
	say worktree ",$flags," "$tree_head" "${counts% *}" "${counts#* }" "$unpushed" "$tree_branch" \
		"$(printf %s "$tree_path" | tr '\n' '\001')"
}

# --- add ---

# Ends when something is at $1 that a worktree would be put over.
refuse_place() {
	in_place=
	if [ -L "$1" ] && [ ! -d "$1" ]; then
		in_place='a link that leads nowhere'
		[ ! -e "$1" ] || in_place='a file'
	elif [ -d "$1" ]; then
		[ -r "$1" ] || in_place='a folder that cannot be read'
		for inside in "$1"/* "$1"/.[!.]* "$1"/..?*; do
			[ ! -e "$inside" ] && [ ! -L "$inside" ] || in_place='a folder that is not empty'
		done
	elif [ -e "$1" ]; then
		in_place='a file'
	fi
	case $1/ in "$common"/*) in_place='the folder of git itself' ;; esac
	[ -z "$in_place" ] || fail folder-in-the-way "side=$side" "path=$1" "found=$in_place"
}

# Ends when branch $1 is in use: checked out, or about to be moved by a rebase or a bisect.
refuse_in_use() {
	in_use=
	each_worktree note_use "$1"
	for begun_file in "$common" "$common"/worktrees/*; do
		for head_name in rebase-merge/head-name rebase-apply/head-name BISECT_START; do
			IFS= read -r begun_branch 2>/dev/null <"$begun_file/$head_name" || continue
			case $begun_branch in "refs/heads/$1" | "$1") in_use='a rebase or bisect that is under way' ;; esac
		done
	done 2>/dev/null
	[ -z "$in_use" ] || fail git-failed "side=$side" "what=check out the branch $1 at $path" "branch=$1" \
		"reason=it is in use already, at $in_use"
}

note_use() {
	[ "$tree_branch" != "$1" ] || in_use=$tree_path
}

# The commit that a new branch begins at, in $commit_at. $1 is a name or empty.
read_start_point() {
	set_upstream=
	if [ -z "$1" ]; then
		read_commit "refs/remotes/$hub/$branch"
		[ -z "$commit_at" ] || { set_upstream=yes && return; }
		set -- "$base"
	fi
	for start_ref in "refs/heads/$1" "refs/remotes/$1" "refs/tags/$1"; do
		read_commit "$start_ref"
		[ -z "$commit_at" ] || return 0
	done
	case $1 in -*) ;; *) read_commit "$1" ;; esac
	[ -n "$commit_at" ] || fail branch-missing "side=$side" "branch=$1"
}

worktree_add() {
	place "$1"
	path=$at branch=$2 from=$3 base=$4 hub=$5
	while [ "$path" != / ] && [ "$path" != "${path%/}" ]; do path=${path%/}; done
	[ -z "$branch" ] || git check-ref-format "refs/heads/$branch" || fail unsafe-name "name=$branch"
	resuming=
	if find_worktree "$path"; then
		if [ "$found_lock" = ". $unfinished_lock" ]; then
			resume_add
		elif [ "$found_branch" = "$branch" ] && is_there "$path"; then
			each_worktree tell_found
			return
		elif is_there "$path"; then
			fail folder-in-the-way "side=$side" "path=$path" "found=the worktree of ${found_branch:-no branch}"
		else
			fail folder-in-the-way "side=$side" "path=$path" 'found=a worktree that git remembers, though it is gone,'
		fi
	else
		refuse_place "$path"
	fi
	[ -z "$branch" ] || [ "$resuming$found_branch" = "yes$branch" ] || refuse_in_use "$branch"
	made_branch=
	note "folder $common"
	read_beginning
	keep_undoes
	if [ -z "$resuming" ]; then
		read_placed "$path"
		keep_worktree_as added "$placed" "$branch" "$start"
	fi
	[ -n "$is_there" ] || begin_branch
	if [ -z "$resuming" ]; then
		said=$(guard git worktree add -q --no-checkout --detach --lock --reason "$unfinished_lock" \
			-- "$path" "$start" 2>&1) || fail_add "$said"
	fi
	(fill_worktree) || exit
	find_worktree "$path"
	each_worktree tell_found
}

# A killed one of ours has begun. Killed very early it left only what git knows of it.
resume_add() {
	resuming=yes
	is_there "$path" && return
	note "folder $common"
	guard git worktree unlock -- "$found_path" && guard git worktree remove -- "$found_path" && resuming=
	refuse_place "$path"
}

tell_found() {
	[ "$tree_path" != "$found_path" ] || tell_worktree
}

# Where the branch is, or is to be made, in $start; where there is none to be, the commit $from.
read_beginning() {
	is_there=yes set_upstream='' start=$from
	[ -n "$branch" ] || return 0
	read_commit "refs/heads/$branch"
	start=$commit_at
	if [ -n "$start" ]; then
		[ -n "$from" ] || return 0
		# Again is safe, and nothing else is passed over.
		read_start_point "$from"
		[ "$commit_at" = "$start" ] || fail git-failed "side=$side" "what=make the branch $branch" "branch=$branch" \
			'reason=it is there already, at another commit'
		return 0
	fi
	# Git's own commands do not take such a name, though it can be a ref.
	git check-ref-format --branch "$branch" >/dev/null 2>&1 || fail unsafe-name "name=$branch"
	read_start_point "$from"
	start=$commit_at is_there=
}

begin_branch() {
	make_branch "refs/heads/$branch" "$start" 'hawser: branch of a worktree' ||
		fail git-failed "side=$side" "what=make the branch $branch" "reason=$(gist "$said")"
	made_branch=yes
	[ -z "$set_upstream" ] || {
		guard git config "branch.$branch.remote" "$hub" &&
			guard git config "branch.$branch.merge" "refs/heads/$branch"
	} || :
}

fail_add() {
	[ -z "$made_branch" ] || guard git update-ref -d "refs/heads/$branch" "$start" 2>/dev/null
	fail git-failed "side=$side" "what=make a worktree at $path" "reason=$(gist "$1")"
}

# Checks the branch out in the new worktree; what a killed one has written there already is completed.
fill_worktree() {
	join_journal
	is_there "$path" || fail git-failed "side=$side" "what=make a worktree at $path" 'reason=it is not there'
	cd -- "$path" || exit
	folder=$(git rev-parse --absolute-git-dir)
	note "folder $folder"
	[ -z "$branch" ] || guard git symbolic-ref -m 'hawser: worktree' HEAD "refs/heads/$branch"
	how=-m
	if [ -n "$resuming" ]; then
		discard "$folder/index.lock"
		refuse_foreign
		how=--reset
	fi
	said=$(guard git read-tree "$how" -u HEAD 2>&1) || {
		(take_back)
		fail git-failed "side=$side" "what=fill the worktree at $path" "reason=$(gist "$said")"
	}
	said=$(guard git worktree unlock -- "$path" 2>&1) ||
		fail git-failed "side=$side" "what=unlock the worktree at $path" "reason=$(gist "$said")"
	run_hook post-checkout "$(printf %s "$start" | tr '0-9a-f' 0)" "$start" 1
}

# Takes away what could not be filled; a file of somebody else keeps it for the next time.
take_back() {
	discard "$folder/index.lock"
	(refuse_foreign) >/dev/null || return 0
	git ls-tree -r -z --name-only --full-tree HEAD | guard xargs -0 rm -f --
	guard rm -f .git
	cd -- "$repository" || exit
	guard find "$path" -depth -type d -exec rmdir {} \; 2>/dev/null
	guard git worktree unlock -- "$path" && guard git worktree remove -- "$path"
	[ -z "$made_branch" ] || guard git update-ref -d "refs/heads/$branch" "$start"
} >/dev/null 2>&1

# Ends when something lies there that is not what a killed checkout may have written.
refuse_foreign() {
	fresh=$folder/hawser-index.$owner.fresh
	guard env "GIT_INDEX_FILE=$fresh" git read-tree HEAD
	guard env "GIT_INDEX_FILE=$fresh" git update-index -q --refresh >/dev/null 2>&1
	read_whole "$({
		listing env "GIT_INDEX_FILE=$fresh" git ls-files -z --others &&
			listing env "GIT_INDEX_FILE=$fresh" git diff-files -z --no-renames --name-only --diff-filter=MT && end_list
	} | as_lines)"
	while IFS= read -r file; do
		[ -z "$file" ] || { [ -f "$file" ] && [ ! -L "$file" ] && begins_as HEAD "$file"; } ||
			fail folder-in-the-way "side=$side" "path=$path" "found=$file"
	done <<-END
		$whole
	END
	discard "$fresh"
}

git_worktrees() {
	mode=$1 operation=$2 side=$4 validation=$5 project=$6 undone=
	git_surroundings
	open_repository "$3"
	shift 6
	case $mode in
	list) each_worktree tell_worktree ;;
	add) begin && worktree_add "$@" ;;
	remove) begin && worktree_remove "$@" ;;
	undo-check | undo-apply) undone=$1 && undo_worktree "$2" "$3" ;;
	esac
}

(git_worktrees "$@") </dev/null
