# Code on its way into the workstation's clone. Arguments: mode operation repository worktree hub base
# validation, and (operation is '' where nothing changes)
#   check: base-was validation-was, then files the moves will add: b/FILE in the base branch's tree, v/FILE in
#          the worktree; B/FILE and V/FILE for those that they change or take away; l/FILE for what Git LFS
#          keeps. Changes nothing.
#   apply: base-was validation-was tip merge limit, then result globs. `merge` is a merge of tip into validation-was
#          that was made elsewhere and has arrived; empty: it is made here.
#   settle: nothing; clears up after a killed one.

up_expect() {
	read_commits "$base" "$validation"
	[ "$commit_at" = "$1" ] || fail moved-meanwhile "what=$base on the workstation"
	[ "$commit_also" = "$2" ] || fail moved-meanwhile "what=$validation on the workstation"
	read_tree_of "refs/heads/$base"
	base_tree=$tree
	open_worktree "$worktree" "$validation"
	worktree_at=$PWD
	refuse_ongoing
	refuse_locked
	if [ -n "$base_tree" ]; then
		cd -P -- "$base_tree" 2>/dev/null ||
			fail worktree-missing "side=$side" "path=$base_tree" "branch=$base" 'reason=nothing is there'
		refuse_ongoing
		refuse_locked
		refuse_dirty
	fi
	cd -- "$repository" || exit
}

up_check() {
	up_expect "$1" "$2"
	shift 2
	[ "$hub" = direct ] || read_hub "$hub" "$base"
	[ "$#" -gt 0 ] || return 0
	[ -z "$base_tree" ] || (cd -- "$base_tree" && up_check_tree b B "$@") || exit
	(cd -- "$worktree_at" && up_check_tree v V "$@") || exit
	lfs_files=$(printf '%s\n' "$@" | sed -n 's|^l/||p')
	[ -z "$lfs_files" ] || has_lfs || fail_lfs
}

# In the worktree at hand: nothing is in the way of the files with these two letters.
up_check_tree() {
	letter=$1 old_letter=$2
	shift 2
	printf '%s\n' "$@" | sed -n "s|^$letter/||p" | refuse_untracked_among
	printf '%s\n' "$@" | sed -n "s|^$old_letter/||p" | refuse_overlooked_among
}

up_apply() {
	up_expect "$1" "$2"
	base_was=$1 validation_was=$2 tip=$3 prepared=$4 limit=$5
	shift 5
	if [ "$hub" = direct ]; then
		has_commit "${prepared:-$tip}" || fail moved-meanwhile "what=$base on its way"
	else
		fetch_commit "$hub" "$base" "$tip"
	fi
	open_worktree "$worktree" "$validation"
	read_whole "$(changes_besides "$@")"
	[ -z "$whole" ] || fail_dirty "$whole"
	refuse_lfs_between "$validation_was" "${prepared:-$tip}"
	read_results "$@"
	if [ -n "$results" ]; then
		refuse_big "$limit" "$@"
		keep "refs/heads/$validation" "$validation_was" '' "$(pwd -P)"
		commit_results "refs/heads/$validation" 'Results left by an earlier run' "$@"
		keep_end "refs/heads/$validation"
		read_commit "refs/heads/$validation"
		validation_was=$commit_at
	fi
	into=$validation from=$base
	read_merged "$validation_was" "${prepared:-$tip}" "Merge branch '$base' into $validation"
	refuse_collisions "$validation_was" "$merged"
	if contains "$base_was" "$tip"; then
		tip=$base_was
	elif ! contains "$tip" "$base_was"; then
		fail diverged "branch=$base" "side=$side" 'other=the laptop'
	fi
	[ -z "$base_tree" ] || (cd -P -- "$base_tree" && refuse_collisions "$base_was" "$tip") || exit
	move "refs/heads/$base" "$base_was" "$tip" 'hawser: fast-forward'
	move "refs/heads/$validation" "$validation_was" "$merged" "hawser: merge $base"
	[ "$hub" != direct ] || up_forget
	say result "$tip" "$merged"
}

# The commits have arrived; their way in is not needed any more.
up_forget() {
	note 'ref packed-refs'
	note "ref refs/hawser/incoming/$base"
	guard git update-ref -d "refs/hawser/incoming/$base" 2>/dev/null || :
}

git_up() {
	side='The workstation'
	mode=$1 operation=$2 worktree=$4 hub=$5 base=$6 validation=$7
	git_version=unasked
	git_surroundings
	open_repository "$3"
	shift 7
	case $mode in
	check) up_check "$@" ;;
	apply) begin && up_apply "$@" ;;
	settle) begin ;;
	esac
}

(git_up "$@") </dev/null
