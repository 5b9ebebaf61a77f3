# Merges a commit into a branch of the laptop's repository, wherever it is checked out, if it is at all.
# Arguments: mode repository, and
#   check: base base-was, then files the merge will add. Changes nothing.
#   apply: base base-was hub validation tip.
#   settle: nothing; clears up after a killed one.

land_expect() {
	read_commit "refs/heads/$base"
	[ "$commit_at" = "$1" ] || fail moved-meanwhile "what=$base on the laptop"
	read_tree_of "refs/heads/$base"
	base_tree=$tree
	[ -z "$base_tree" ] || (cd -- "$base_tree" && refuse_ongoing && refuse_locked && refuse_dirty) || exit
}

land_check() {
	land_expect "$1"
	shift
	[ -z "$base_tree" ] || [ "$#" -eq 0 ] ||
		(cd -- "$base_tree" && printf '%s\n' "$@" | refuse_untracked_among) || exit
}

land_apply() {
	base_was=$1 hub=$2 validation=$3 tip=$4
	land_expect "$base_was"
	[ "$hub" = direct ] || fetch_commit "$hub" "$validation" "$tip"
	into=$base from=$validation
	read_merged "$base_was" "$tip" "Merge branch '$validation' into $base"
	[ -z "$base_tree" ] || (cd -- "$base_tree" && refuse_collisions "$base_was" "$merged") || exit
	move "refs/heads/$base" "$base_was" "$merged" "hawser: merge $validation"
	say result "$merged"
}

git_land() {
	side='The laptop'
	mode=$1 base=${3-}
	git_surroundings
	open_repository "$2"
	[ "$#" -lt 3 ] || shift 3
	case $mode in
	check) land_check "$@" ;;
	apply) begin && land_apply "$@" ;;
	settle) begin ;;
	esac
}

(git_land "$@") </dev/null
