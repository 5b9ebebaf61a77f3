# Brings a commit into a branch of the laptop's repository, wherever it is checked out, if it is at all.
# Arguments: mode operation repository, and
#   check: base base-was how validation tip, then files that would come, change or go. `tip` is a commit that is here already.
#          Changes nothing but adds objects; operation is ''.
#   apply: base base-was hub validation tip how.
#   join: base other-commit base-commit. As check. Result: the tree of both merged, for commits that plain git cannot
#          merge because they hold the same work under two names; none where that does not help.
#   settle: nothing; operation is ''. Clears up after a killed one.
# `how` is merge, fast-forward, rebase or keep. Result of apply: the commit at base, then the one at validation
# where that one moved.

# Branch $1 is at commit $2, and can move where it is checked out, in $branch_tree.
land_expect() {
	read_commit "refs/heads/$1"
	[ "$commit_at" = "$2" ] || fail moved-meanwhile "what=$1 on the laptop"
	read_tree_of "refs/heads/$1"
	branch_tree=$tree
	[ -z "$branch_tree" ] || (cd -- "$branch_tree" && refuse_ongoing && refuse_locked && refuse_dirty) || exit
}

# The branch that moves in $moving_branch, the commit it is at in $moving_from (empty: it has to be made), and the
# one that it moves to in $merged. Changes nothing but adds objects.
land_foresee() {
	moving_branch=$base moving_from=$base_was
	into=$base from=$validation
	if [ "$how" = keep ]; then
		moving_branch=$validation
		read_commit "refs/heads/$validation"
		moving_from=$commit_at
		land_forward "$tip"
		[ -n "$moving_from" ] || return 0
	fi
	land_expect "$moving_branch" "$moving_from"
	case $how in
	keep) ;;
	fast-forward) land_forward "$tip" ;;
	rebase) replay "$base_was" "$tip" ;;
	merge)
		# Whoever only looks has foreseen the merge.
		merged=$base_was
		[ "$mode" = check ] || read_merged "$base_was" "$tip" "Merge branch '$validation' into $base"
		;;
	*) fail git-failed "side=$side" 'what=bring the results back' "reason=there is no way $how" ;;
	esac
	[ -z "$branch_tree" ] || [ "$moving_from" = "$merged" ] ||
		(cd -- "$branch_tree" && refuse_collisions "$moving_from" "$merged" &&
			refuse_lfs_between "$moving_from" "$merged") || exit
}

# Commit $1 where that is a fast-forward, in $merged.
land_forward() {
	merged=$1
	[ -n "$moving_from" ] && ! contains "$1" "$moving_from" || return 0
	merged=$moving_from
	contains "$moving_from" "$1" || fail diverged "branch=$moving_branch" "side=$side" 'other=the workstation'
}

land_check() {
	base_was=$1 how=$2 validation=$3 tip=$4
	shift 4
	draft_only=yes
	land_foresee
	[ "$#" -eq 0 ] || refuse_later_divergence
	[ -z "$moving_from" ] || [ -z "$branch_tree" ] || [ "$#" -eq 0 ] ||
		(cd -- "$branch_tree" && printf '%s\n' "$@" | refuse_untracked_among &&
			printf '%s\n' "$@" | refuse_overlooked_among) || exit
}

# There are results to come on top of `tip`, which our branch has left behind.
refuse_later_divergence() {
	case $how in fast-forward | keep) ;; *) return 0 ;; esac
	[ "$moving_from" != "$merged" ] || [ "$merged" = "$tip" ] ||
		fail diverged "branch=$moving_branch" "side=$side" 'other=the workstation'
}

land_join() {
	into=$base from=the\ workstation draft_only=yes
	! read_joined_tree "$1" "$2" || say result "$merged_tree"
}

land_apply() {
	base_was=$1 hub=$2 validation=$3 tip=$4 how=$5
	draft_only=
	[ "$how" = keep ] || land_expect "$base" "$base_was"
	[ "$hub" = direct ] || fetch_commit "$hub" "$validation" "$tip"
	land_foresee
	if [ -n "$moving_from" ]; then
		move "refs/heads/$moving_branch" "$moving_from" "$merged" "hawser: $how $validation"
	else
		land_make "refs/heads/$moving_branch" "$merged"
	fi
	if [ "$how" = keep ]; then say result "$base_was" "$merged"; else say result "$merged"; fi
}

# A branch that was not there.
land_make() {
	make_branch "$1" "$2" 'hawser: keep' || fail_move "$1" '' "$said"
}

git_land() {
	side='The laptop'
	mode=$1 operation=$2 base=${4-} journal=
	git_version=unasked
	git_surroundings
	open_repository "$3"
	[ "$#" -lt 4 ] || shift 4
	case $mode in
	check) land_check "$@" ;;
	join) land_join "$@" ;;
	apply) begin && land_apply "$@" ;;
	settle) begin ;;
	esac
}

(git_land "$@") </dev/null
