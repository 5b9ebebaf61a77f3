# Takes a branch on to where the hub has it, when what the hub has more is what an undo took off here. Arguments: mode
# operation side repository branch from to, then globs of files that stay as they are on disk: what they hold is for
# the next commit to take. `to` is the hub's commit. Result: how they stand to each other, which is
#   behind    `from` has all of `to`
#   undone    `to` comes after `from`, and was here: the branch can go on to it
#   parted    `to` was here, and `from` has gone on without it
#   foreign   `to` was never here
# Mode check changes nothing but adds objects, and operation is '' for it; apply is for what was undone.

# Whether commit $2 was here on branch $1 until an undo took it off.
was_undone() {
	for undo in $(git for-each-ref '--format=%(refname)' 'refs/hawser/safety/*/0/undoes/*' | cut -d / -f 4 | sort -u); do
		for head in $(git for-each-ref '--format=%(objectname)' "refs/hawser/safety/$undo/*/head/$1"); do
			! contains "$head" "$2" || return 0
		done
	done
	return 1
}

read_relation() {
	relation=foreign
	if contains "$from" "$to"; then
		relation=behind
	elif was_undone "$branch" "$to"; then
		relation=parted
		! contains "$to" "$from" || relation=undone
	fi
}

# In the worktree: the trees between which it is carried. Of the files that "$@" name, those on disk stay, and what is
# staged of them gives way to what the branch has there.
read_adoption() {
	from_index=$(git rev-parse "$from^{tree}") from_files=$from_index
	to_index=$(git rev-parse "$to^{tree}") to_files=$to_index
	glob_count=$#
	[ "$glob_count" -gt 0 ] || return 0
	while [ "$glob_count" -gt 0 ]; do
		set -- "$@" ":(glob)$1"
		shift
		glob_count=$((glob_count - 1))
	done
	read_whole "$({ listing git diff-tree -r -z --no-renames --name-only "$from" "$to" -- "$@" && end_list; } | as_lines)"
	printf '%s\n' "$whole" | sort >"$work.touched"
	read_entries_by diff-index --cached "$from" -- "$@"
	write_mixed "$from"
	from_index=$mixed
	read_entries "$to" "$from" -- "$@"
	write_mixed "$to"
	to_files=$mixed
}

# Commit $1 with those $entries that were touched, as a tree in $mixed.
write_mixed() {
	discard "$work.mix"
	printf '%s\n' "$entries" | LIST=$work.touched awk '
		BEGIN { while ((getline line < ENVIRON["LIST"]) > 0) listed[line] }
		{ name = $0; sub(/^[^\t]*\t/, "", name); if (name in listed) print }' >"$work.entries"
	mixed=$(guard env "GIT_INDEX_FILE=$work.mix" git read-tree "$1" && set_entries "$work.mix" <"$work.entries" &&
		guard env "GIT_INDEX_FILE=$work.mix" git write-tree) ||
		fail git-failed "side=$side" "what=go on to the hub's commits" 'reason=a tree could not be written'
}

# Whether it can be, or ends.
adopt_expect() {
	read_commit "$ref"
	[ "$commit_at" = "$from" ] || fail moved-meanwhile "what=$branch" "side=$side"
	read_tree_of "$ref"
	[ -d "$tree" ] || tree=
	[ -n "$tree" ] || return 0
	cd -- "$tree" || exit
	refuse_ongoing
	refuse_locked
	read_adoption "$@"
	look_to_carry
	cd -- "$repository" || exit
}

adopt_check() {
	read_relation
	if [ "$relation" = undone ]; then
		scratch=$(mktemp -d "${TMPDIR:-/tmp}/hawser-adopt.XXXXXX") || exit
		trap 'rm -rf "$scratch"' EXIT
		work=$scratch/work index=$scratch/index
		adopt_expect "$@"
	fi
	say result "$relation"
}

adopt_apply() {
	begin
	work=$common/hawser-index.$owner.work index=$common/hawser-index.$owner.look
	note "folder $common"
	adopt_expect "$@"
	keep "$ref" "$from" "$to" "$tree"
	if [ -n "$tree" ]; then
		(join_journal && carry_tree "hawser: go on from the hub's commits") || exit
	else
		note "ref $ref"
		said=$(guard git update-ref -m "hawser: go on from the hub's commits" "$ref" "$to" "$from" 2>&1) ||
			fail_move "$ref" "$from" "$said"
	fi
	discard "$common/hawser-index.$owner".*
	say result undone
}

git_adopt() {
	mode=$1 operation=$2 side=$3 branch=$5 ref=refs/heads/$5 from=$6 to=$7
	git_surroundings
	open_repository "$4"
	shift 7
	case $mode in
	check) adopt_check "$@" ;;
	apply) adopt_apply "$@" ;;
	esac
}

(git_adopt "$@") </dev/null
