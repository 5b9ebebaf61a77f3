# Code on its way into the workstation's clone. Arguments: mode repository worktree hub base validation, and
#   check: base-was validation-was, then files the moves will add: b/FILE in the base branch's tree, v/FILE in
#          the worktree. Changes nothing.
#   apply: base-was validation-was tip limit, then result globs.
#   settle: nothing; clears up after a killed one.

up_expect() {
	read_commit "refs/heads/$base"
	[ "$commit_at" = "$1" ] || fail moved-meanwhile "what=$base on the workstation"
	read_commit "refs/heads/$validation"
	[ "$commit_at" = "$2" ] || fail moved-meanwhile "what=$validation on the workstation"
	(
		open_worktree "$worktree" "$validation"
		refuse_ongoing
		refuse_locked
	) || exit
	read_tree_of "refs/heads/$base"
	base_tree=$tree
	[ -z "$tree" ] || (cd -- "$tree" && refuse_ongoing && refuse_locked && refuse_dirty) || exit
}

up_check() {
	up_expect "$1" "$2"
	shift 2
	[ "$hub" = direct ] || read_hub "$hub" "$base"
	[ "$#" -gt 0 ] || return 0
	[ -z "$base_tree" ] || (cd -- "$base_tree" && printf '%s\n' "$@" | sed -n 's|^b/||p' | refuse_untracked_among) || exit
	(cd -- "$repository" && open_worktree "$worktree" "$validation" &&
		printf '%s\n' "$@" | sed -n 's|^v/||p' | refuse_untracked_among) || exit
}

up_apply() {
	up_expect "$1" "$2"
	base_was=$1 validation_was=$2 tip=$3 limit=$4
	shift 4
	if [ "$hub" = direct ]; then
		has_commit "$tip" || fail moved-meanwhile "what=$base on its way"
	else
		fetch_commit "$hub" "$base" "$tip"
	fi
	open_worktree "$worktree" "$validation"
	read_whole "$(changes_besides "$@")"
	[ -z "$whole" ] || fail_dirty "$whole"
	read_results "$@"
	if [ -n "$results" ]; then
		refuse_big "$limit" "$@"
		commit_results "refs/heads/$validation" 'Results left by an earlier run' "$@"
		read_commit "refs/heads/$validation"
		validation_was=$commit_at
	fi
	into=$validation from=$base
	read_merged "$validation_was" "$tip" "Merge branch '$base' into $validation"
	refuse_collisions "$validation_was" "$merged"
	if contains "$base_was" "$tip"; then
		tip=$base_was
	elif ! contains "$tip" "$base_was"; then
		fail diverged "branch=$base" "side=$side" 'other=the laptop'
	fi
	[ -z "$base_tree" ] || (cd -- "$base_tree" && refuse_collisions "$base_was" "$tip") || exit
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
	mode=$1 worktree=$3 hub=$4 base=$5 validation=$6
	git_surroundings
	open_repository "$2"
	shift 6
	case $mode in
	check) up_check "$@" ;;
	apply) begin && up_apply "$@" ;;
	settle) begin ;;
	esac
}

(git_up "$@") </dev/null
