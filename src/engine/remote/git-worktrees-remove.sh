# Removing a worktree, put before git-worktrees: only what is on a branch elsewhere and what tools make again goes.

# Names on stdin, a line each, as what would be lost of kind $1; a few hundred are enough to say no.
lose() {
	sed -e '/^$/d' -e "s/^/lost	$1	/" | head -n 200
}

# Whether ignored $1 is only what tools make again by themselves; a folder may say so of itself (CACHEDIR.TAG, see
# https://bford.info/cachedir/). A repository in it is none of that.
is_cache() {
	cached=
	name=${1%/}
	case ${name##*/} in
	__pycache__ | .pytest_cache | .mypy_cache | .ruff_cache | node_modules | *.egg-info) cached=yes ;;
	*.pyc | *.pyo | *.o | *.class | .DS_Store) cached=yes ;;
	*)
		IFS= read -r tag 2>/dev/null <"$1/CACHEDIR.TAG" || tag=
		case $tag in 'Signature: 8a477f597d28d172789f06886806bc55'*) cached=yes ;; esac
		;;
	esac
	[ -n "$cached" ] && { [ ! -d "$name" ] || [ -L "$name" ] || [ -z "$(find "$name" -name .git | head -n 1)" ]; }
}

# What of the worktree at hand is not committed.
lose_files() {
	read_whole "$(uncommitted --ignored=matching | as_lines)"
	left_over=$whole
	# A killed removal has begun to delete: those files are as in the last commit.
	[ ! -e "$folder/hawser-removing" ] || left_over=$(printf '%s\n' "$whole" | sed '/^1 \.D /d')
	printf '%s\n' "$left_over" |
		sed -n -e 's/^1 \([^ ]* \)\{7\}//p' -e 's/^u \([^ ]* \)\{9\}//p' -e 's/^2 \([^ ]* \)\{8\}//p' | lose changed
	printf '%s\n' "$left_over" | sed -n 's/^? //p' | lose untracked
	printf '%s\n' "$left_over" | sed -n 's/^! //p' | while IFS= read -r file; do
		read_real "$file"
		is_cache "$real" || printf '%s\n' "$file"
	done | lose ignored
	lose_unseen
}

# Changes in files that git was told not to look at: assume-unchanged, skip-worktree.
lose_unseen() {
	read_whole "$({ listing git ls-files -z -v && end_list; } | as_lines)"
	flagged=$(printf '%s\n' "$whole" | sed -n 's/^[a-zS] //p')
	[ -n "$flagged" ] || return 0
	fresh=$folder/hawser-index.$owner.fresh
	guard env "GIT_INDEX_FILE=$fresh" git -c core.sparseCheckout=false read-tree HEAD
	guard env "GIT_INDEX_FILE=$fresh" git -c core.sparseCheckout=false update-index -q --refresh >/dev/null 2>&1
	read_whole "$({
		listing env "GIT_INDEX_FILE=$fresh" git -c core.sparseCheckout=false diff-files -z --no-renames \
			--name-only --diff-filter=MT && end_list
	} | as_lines)"
	discard "$fresh"
	printf '%s\n%s\n' "$flagged" "$whole" | sort | uniq -d | lose unseen
}

# What git keeps for the worktree at hand alone.
lose_own() {
	git for-each-ref --format='%(refname)' refs/worktree refs/bisect refs/rewritten | lose ref
	read_whole "$({ listing git ls-files -z --stage && end_list; } | as_lines)"
	printf '%s\n' "$whole" | sed -n 's/^160000 [^	]*	//p' | while IFS= read -r file; do
		read_real "$file"
		[ ! -e "$real/.git" ] || printf '%s\n' "$file"
	done | lose submodule
	for module in "$folder"/modules/*; do
		[ ! -d "$module" ] || printf '%s\n' "${module##*/}"
	done | lose submodule
}

lose_ongoing() {
	for what in MERGE_HEAD=merge rebase-merge=rebase rebase-apply=rebase CHERRY_PICK_HEAD=cherry-pick \
		REVERT_HEAD=revert sequencer=sequence BISECT_LOG=bisect; do
		[ ! -e "$folder/${what%=*}" ] || printf '%s\n' "${what#*=}"
	done | sort -u | lose ongoing
}

# Programs at work below $1, where the system tells; a shell that waits for its person is none.
lose_work() {
	for process in /proc/[0-9]*; do
		working=$(readlink "$process/cwd" 2>/dev/null) || continue
		case $working/ in "$1"/*) ;; *) continue ;; esac
		IFS= read -r name 2>/dev/null <"$process/comm" || continue
		case $name in
		sh | bash | dash | zsh | fish | ksh | ash | tmux* | screen) ;;
		*) printf '%s (process %s)\n' "$name" "${process#/proc/}" ;;
		esac
	done | lose work
}

# Everything that speaks against it, as records.
losses() {
	[ -z "$found_main" ] || printf 'main\n' | lose main
	if is_validation "$found_path"; then printf 'validation\n' | lose validation; fi
	if [ -n "$found_lock" ]; then
		reason=${found_lock#.}
		[ -n "$reason" ] || reason=' no reason is given'
		printf '%s\n' "${reason# }" | lose locked
	fi
	read_unpushed "$found_head" "$found_branch"
	[ "$unpushed" = 0 ] || printf '%s\n' "$unpushed" | lose commits
	[ -z "$found_main" ] || return 0
	lose_ongoing
	read_real_path "$found_path"
	if [ -d "$found_path" ]; then
		(cd -- "$found_path" && lose_files && lose_own) || exit
		lose_work "$real_path"
	else
		# Its files are gone; what was staged is still there.
		read_whole "$({
			listing env "GIT_DIR=$folder" git diff-index --cached -z --no-renames --name-only HEAD -- && end_list
		} | as_lines)"
		printf '%s\n' "$whole" | lose changed
	fi
}

worktree_remove() {
	place "$1"
	find_worktree "$at" ||
		fail worktree-missing "side=$side" "path=$1" 'reason=git knows of none there'
	read_worktree_folder "$found_path"
	if [ -z "$found_main" ]; then
		[ -n "$folder" ] || fail worktree-missing "side=$side" "path=$1" 'reason=the folder that git keeps for it is gone'
		if [ -d "$found_path" ]; then hold_worktree; fi
	fi
	lost=$(losses)
	losing=$?
	if [ "$losing" -ne 0 ] || [ -n "$lost" ]; then
		release_worktree
		printf '%s\n' "$lost"
		exit "$losing"
	fi
	note "folder $common"
	keep_undoes
	case $found_head in
	*[!0]*) keep_worktree_as removed "$found_path" "$found_branch" "$found_head" "$folder" ;;
	esac
	if [ -d "$found_path" ]; then
		guard touch "$folder/hawser-removing"
		# What a killed removal has deleted: git itself removes only what is whole.
		(cd -- "$found_path" && guard git checkout-index -a -q) 2>/dev/null
	fi
	said=$(guard git -c status.showUntrackedFiles=all worktree remove -- "$found_path" 2>&1) && return
	release_worktree
	fail git-failed "side=$side" "what=remove the worktree at $found_path" "reason=$(gist "$said")"
}

# Nobody commits in it from here on. A killed removal may have taken its way to the repository.
hold_worktree() {
	if [ ! -e "$found_path/.git" ] && [ -e "$folder/hawser-removing" ]; then
		printf 'gitdir: %s\n' "$folder" >"$found_path/.git"
	fi
	is_there "$found_path" ||
		fail worktree-missing "side=$side" "path=$found_path" 'reason=what is there does not belong to this repository'
	cd -- "$found_path" || exit
	take_index
	cd -- "$repository" || exit
}

release_worktree() {
	[ -n "$found_main" ] || [ ! -d "$found_path" ] || release_index
}
