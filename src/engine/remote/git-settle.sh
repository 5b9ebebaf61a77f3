# Functions that bring a worktree in step with where its branch is; put after git-move.
#
# A move is written in the journal as "A B from-index from-files to-index to-files REF FOLDER": the branch goes from
# commit A to B, its index and its files from one tree to another. For a move forward the trees are those of the
# commits; an undo leaves files that no commit of the branch holds.

# Brings files and index of an interrupted move, $1, in step with where its branch is: at B it is completed, at A
# undone. Stops when a file holds something that is in neither.
settle() {
	read_move "$1"
	[ -d "$tree" ] || return 0
	cd -- "$tree" || return 0
	[ "$(git symbolic-ref -q HEAD)" = "$branch_ref" ] || return 0
	read_commit "$branch_ref"
	case $commit_at in
	"$move_a") move_towards from ;;
	"$move_b") move_towards to ;;
	*) return 0 ;; # somebody moved it on, and took the files as they were
	esac
	take_index
	if ! foreign_staged >"$index.foreign" || ! foreign_files >>"$index.foreign"; then
		release_index
		fail git-failed "side=$side" "what=compare $tree" 'reason=a list ended early'
	fi
	foreign=$(cat "$index.foreign")
	if [ -n "$foreign" ]; then
		release_index
		fail_dirty "$foreign"
	fi
	settling=$(put_files 2>&1)
	settled=$?
	[ "$settled" -ne 0 ] || install_index
	release_index
	[ "$settled" -eq 0 ] ||
		fail git-failed "side=$side" "what=bring $tree back in step" "reason=$(gist "$settling")"
}

read_move() {
	IFS=' ' read -r move_a move_b from_index from_files to_index to_files branch_ref tree <<-END
		$1
	END
	tree=${1#* * * * * * * }
}

move_towards() {
	old_index=$from_index old_files=$from_files new_index=$to_index new_files=$to_files
	[ "$1" = to ] || old_index=$to_index old_files=$to_files new_index=$from_index new_files=$from_files
}

# Files and our index from $old_… to $new_…, whatever of it was done already.
put_files() {
	overlay "$index.new" "$old_index" "$new_index" &&
		guard cp -p "$index.new" "$index.files" && overlay "$index.files" "$old_files" "$new_files" || return
	read_changed --diff-filter=D "$old_files" "$new_files"
	while IFS= read -r name; do
		read_name "$name"
		if [ -e "$file" ] || [ -L "$file" ]; then guard rm -f -- "$file" 2>/dev/null; fi
		case $file in */*) rmdir -p -- "${file%/*}" 2>/dev/null ;; esac
	done <<-END
		$changed
	END
	read_changed --diff-filter=d "$old_files" "$new_files"
	[ -z "$changed" ] || printf '%s\n' "$changed" | as_names |
		guard env "GIT_INDEX_FILE=$index.files" git checkout-index -f -q -u -z --stdin || return
	git_at_index update-index -q --refresh >/dev/null 2>&1 || :
}

# Sets in index $1 what differs between trees $2 and $3 to how it is in $3. More arguments are diff-tree's.
overlay() {
	into_index=$1
	shift
	read_entries "$@"
	printf '%s\n' "$entries" | set_entries "$into_index"
}

# What differs between trees $1 and $2 as it is in $2, a line "MODE ID<tab>NAME" each, in $entries.
read_entries() {
	read_entries_by diff-tree -r "$@"
}

# The same by another of git's commands that prints so.
read_entries_by() {
	entries_by=$1
	shift
	read_whole "$({ listing git "$entries_by" -z --no-renames "$@" && end_list; } | as_lines)"
	entries=$(printf '%s\n' "$whole" | awk '
		NR % 2 { split($0, field, " "); next }
		{ print field[2] " " field[4] "\t" $0 }')
}

# Puts the entries on stdin into index $1; those of mode 0 are taken out.
set_entries() {
	sed '/^$/d' | as_names | guard env "GIT_INDEX_FILE=$1" git update-index -z --index-info
}

# Of the files that the two indexes differ in, those that our index has as in neither.
foreign_staged() {
	[ "$old_index" != "$new_index" ] || return 0
	for one in "$old_index" "$new_index"; do
		GIT_INDEX_FILE=$index.new git diff-index --cached -z --no-renames --name-only "$one" -- >"$index.staged" || return
		as_lines <"$index.staged" | sort >"$index.as-$one"
	done
	read_changed "$old_index" "$new_index"
	printf '%s\n' "$changed" | sort | comm -12 - "$index.as-$old_index" | comm -12 - "$index.as-$new_index"
}

# Of the files that differ between $old_files and $new_files, those that hold neither content nor the beginning of
# one.
foreign_files() {
	differing "$new_files" "$old_files" "$index.a" >"$index.in-a" || return
	differing "$old_files" "$new_files" "$index.b" >"$index.in-b" || return
	comm -12 "$index.in-a" "$index.in-b" | while IFS= read -r name; do
		read_name "$name"
		[ -e "$file" ] || [ -L "$file" ] || continue
		if [ ! -f "$file" ] || [ -L "$file" ] ||
			! { begins_as "$old_files" "$file" || begins_as "$new_files" "$file"; }; then
			printf '%s\n' "$name"
		fi
	done
}

# Of the files that $1 and $2 differ in, those that on disk are not as in $2, sorted.
differing() {
	guard cp -p "$index.new" "$3" && overlay "$3" "$1" "$2" || return
	guard env "GIT_INDEX_FILE=$3" git update-index -q --refresh >/dev/null 2>&1
	GIT_INDEX_FILE=$3 git diff-files -z --no-renames --ignore-submodules --name-only >"$3.dirty" || return
	read_changed "$1" "$2"
	printf '%s\n' "$changed" | sort >"$3.changed"
	read_changed --diff-filter=D "$1" "$2"
	{
		as_lines <"$3.dirty"
		printf '%s\n' "$changed"
	} | sort -u | comm -12 - "$3.changed"
}

# Whether file $2 is what a killed checkout of commit $1 may have written so far.
begins_as() {
	git cat-file -e "$1:$2" 2>/dev/null || return
	bytes=$(($(wc -c <"$2")))
	git cat-file --filters "$1:$2" | head -c "$bytes" | cmp -s - "$2"
}

# Puts the index of a commit that a killed owner made in place, $1 "WAS OWNER REF GIT-FOLDER" of the journal. Until
# then git's own is as before the commit, which looks as if all of it were to be taken back.
settle_commit() {
	IFS=' ' read -r commit_was commit_owner commit_ref folder <<-END
		$1
	END
	commit_index=$folder/hawser-index.$commit_owner.new
	# Our lock is still there: nobody was at the index since.
	[ "$(cat "$folder/index.lock" 2>/dev/null)" = "hawser $commit_owner" ] && [ -f "$commit_index" ] || return 0
	[ "$(git rev-parse -q --verify "$commit_ref^")" = "$commit_was" ] || return 0
	[ "$(GIT_INDEX_FILE=$commit_index guard git write-tree 2>/dev/null)" = "$(git rev-parse "$commit_ref^{tree}")" ] ||
		return 0
	guard mv -f "$commit_index" "$folder/index"
}
