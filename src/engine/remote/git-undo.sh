# Brings branches back to before an operation, with what was checked out. Arguments: mode operation side repository
# hub undone, and for each branch: branch from to numbers. `undone` is the operation whose numbers (see git-keep)
# took the branch from `to` to `from`, oldest first: "1 3". `to` is '' for a branch that it made, `from` for one that
# it took away.
# Mode check changes nothing but adds objects; settle clears up after a killed one, with undone and branches left out;
# operation is '' for both. Apply without branches ends an undo that was killed when all was done.

safety=refs/hawser/safety

# --- what is to be where ---

# What branch $1, taken from $3 to $2 by numbers $4, has to become: from_index, from_files, to_index and to_files are
# trees that differ only in the files that the operation changed.
read_undo() {
	ref=refs/heads/$1 from=$2 to=$3
	# shellcheck disable=SC2086 # a list of numbers
	set -- "$1" $4
	name=$1
	shift
	eval "last=\${$#}"
	git diff-tree -r -z --no-renames --name-only "$from" "$to" -- >"$work.diff" || fail_undo 'compare both states'
	as_lines <"$work.diff" | sort >"$work.touched"
	mix_kept "$last/after-index" "$from"
	from_index=$mixed
	mix_kept "$last/after-tree" "$from"
	from_files=$mixed
	mix_kept "$1/index" "$to"
	to_index=$mixed
	mix_kept "$1/tree" "$to"
	to_files=$mixed
	for number; do
		kept_files=$safety/$undone/$number/tree
		git rev-parse -q --verify "$kept_files" >/dev/null || continue
		# Files of the person's, or of a run, that were there between: they stay as they were then.
		if [ "$number" != "$1" ]; then
			read_changed "$safety/$undone/$number/head/$name" "$kept_files"
			add_missing "$kept_files" "$changed"
		fi
		# Left out for its size, and committed by the operation: it stays.
		[ "$(git rev-parse "$kept_files")" = "$(git rev-parse "$safety/$undone/$number/head/$name")" ] ||
			add_missing "$from_files" "$(git log -1 --format=%B "$kept_files" -- | sed -n 's/^  //p')"
	done
}

fail_undo() {
	fail git-failed "side=$side" "what=$1" "reason=git could not read what was kept of $undone"
}

# Commit $from with the files that the operation touched as they are in what was kept at $1 (or, where nothing was,
# in commit $2), as a tree in $mixed.
mix_kept() {
	mixed=$(git rev-parse -q --verify "$safety/$undone/$1^{tree}") ||
		mixed=$(git rev-parse -q --verify "$2^{tree}") || fail_undo 'read a commit'
	for whole_tree in "$from" "$to"; do
		[ "$mixed" != "$(git rev-parse "$whole_tree^{tree}")" ] || return 0
	done
	discard "$work.mix"
	guard env "GIT_INDEX_FILE=$work.mix" git read-tree "$from" || fail_undo 'read a commit'
	read_entries "$from" "$mixed"
	write_mixed "$work.touched"
}

# Puts those $entries that are named in file $1 into the index at hand, and writes it as a tree.
write_mixed() {
	printf '%s\n' "$entries" | among "$1" | set_entries "$work.mix" || fail_undo 'write a tree'
	mixed=$(guard env "GIT_INDEX_FILE=$work.mix" git write-tree) || fail_undo 'write a tree'
}

# Of the entries on stdin those whose names are in file $1.
among() {
	LIST=$1 awk '
		BEGIN { while ((getline line < ENVIRON["LIST"]) > 0) listed[line] }
		{ name = $0; sub(/^[^\t]*\t/, "", name); if (name in listed) print }'
}

# Has those of the files $2 that were touched and that $to_files lacks in it, as they are in $1.
add_missing() {
	printf '%s\n' "$2" | sort -u | comm -12 - "$work.touched" >"$work.wanted"
	[ -s "$work.wanted" ] || return 0
	discard "$work.mix"
	guard env "GIT_INDEX_FILE=$work.mix" git read-tree "$to_files" || fail_undo 'read a tree'
	read_entries --diff-filter=A "$to_files" "$1"
	write_mixed "$work.wanted"
	to_files=$mixed
}

# --- whether it can be ---

undo_expect() {
	read_commit "$ref"
	[ "$commit_at" = "$from" ] || fail undo-moved "branch=$name" "side=$side" "ref=$safety/$undone/$1/head/$name"
	read_tree_of "$ref"
	[ -d "$tree" ] || tree=
	[ -z "$tree" ] || (cd -- "$tree" && refuse_ongoing && refuse_locked && look_to_carry) || exit
}

# --- what it would be ---

# Prints: undo.branch BRANCH FROM TO, then undo.off or undo.on (taken off, brought) and undo.commit, undo.files and
# undo.file of what is checked out, undo.hub when the hub has commits that are taken off.
undo_tell() {
	say undo.branch "$name" "$from" "$to"
	range=$to..$from way=off
	if contains "$to" "$from"; then range=$from..$to way=on; fi
	say "undo.$way" "$(git rev-list --count "$range" --)"
	git -c i18n.logOutputEncoding=UTF-8 log --no-show-signature --no-color --no-decorate -n 20 \
		--format='undo.commit%x09%H%x09%ct%x09%<(100,trunc)%an%x09%<(250,trunc)%s' "$range" --
	[ "$hub" = direct ] || [ "$way" = on ] || [ -z "$(git rev-list -n 1 "refs/remotes/$hub/$name" "^$to" -- 2>/dev/null)" ] ||
		say undo.hub "$name"
	read_tree_of "$ref"
	[ -d "$tree" ] || return 0
	read_whole "$({ listing git diff-tree -r -z --no-renames --name-status "$from_files" "$to_files" && end_list; } | as_lines)"
	[ -n "$whole" ] || return 0
	printf '%s\n' "$whole" | awk '
		NR % 2 { how = $0; next }
		++count <= 50 { print "undo.file\t" how "\t" $0 }
		END { print "undo.files\t" count }'
}

# --- doing it ---

undo_branch() {
	read_tree_of "$ref"
	[ -d "$tree" ] || tree=
	more=$(printf 'after-index %s\nafter-tree %s' "$to_index" "$to_files")
	[ "$to_index$to_files" != "$(git rev-parse "$to^{tree}")$(git rev-parse "$to^{tree}")" ] || more=
	keep "$ref" "$from" "$to" "$tree" "$more"
	if [ -n "$tree" ]; then
		(join_journal && carry_tree "hawser: undo $undone") || exit
	else
		note "ref $ref"
		said=$(guard git update-ref -m "hawser: undo $undone" "$ref" "$to" "$from" 2>&1) || fail_move "$ref" "$from" "$said"
	fi
}

# --- a branch that was made, or taken away ---

coming_tell() {
	if [ -z "$to" ]; then say undo.drop "$name"; else say undo.make "$name"; fi
}

coming_expect() {
	read_commit "$ref"
	[ "$commit_at" = "$from" ] || fail undo-moved "branch=$name" "side=$side" "ref=$safety/$undone/$1/made/$name"
	read_tree_of "$ref"
	[ -z "$tree" ] || fail_coming "it is checked out at $tree"
}

coming_branch() {
	if [ -z "$to" ]; then
		drop_branch "$ref" "$from"
	else
		make_branch "$ref" "$to" "hawser: undo $undone"
	fi || fail_coming "$(gist "$said")"
}

fail_coming() {
	what="remove the branch $name"
	[ -z "$to" ] || what="make the branch $name again"
	fail git-failed "side=$side" "what=$what" "reason=$1"
}

# Calls undo_$1 for each branch of the other arguments, or coming_$1; $2 on.
each_branch() {
	action=$1
	shift
	while [ "$#" -ge 4 ]; do
		if [ -n "$2" ] && [ -n "$3" ]; then
			read_undo "$1" "$2" "$3" "$4"
			"undo_$action" "${4%% *}" || return
		else
			name=$1 ref=refs/heads/$1 from=$2 to=$3
			"coming_$action" "${4%% *}" || return
		fi
		shift 4
	done
}

undo_check() {
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/hawser-undo.XXXXXX") || fail_undo 'make a folder for its work'
	trap 'rm -rf "$scratch"' EXIT
	work=$scratch/work index=$scratch/index
	each_branch tell "$@"
	each_branch expect "$@"
}

undo_apply() {
	begin
	work=$common/hawser-index.$owner.work index=$common/hawser-index.$owner.look
	note "folder $common"
	each_branch expect "$@"
	about=$safety/$operation/0
	[ "$#" -eq 0 ] || said=$(guard git update-ref "$about/undoes/$undone" "${2:-$3}" 2>&1) || fail_keep "$said"
	each_branch branch "$@"
	said=$(guard git update-ref "$about/ended" "$about/undoes/$undone" 2>&1) || fail_keep "$said"
	discard "$common/hawser-index.$owner".*
	say result
}

git_undo() {
	mode=$1 operation=$2 side=$3 hub=${5-} undone=${6-}
	git_surroundings
	open_repository "$4"
	[ "$#" -lt 6 ] || shift 6
	case $mode in
	check) undo_check "$@" ;;
	apply) undo_apply "$@" ;;
	settle) begin ;;
	esac
}

(git_undo "$@") </dev/null
