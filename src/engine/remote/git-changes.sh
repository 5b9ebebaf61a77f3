# What changed in a worktree, and what would be in the way of a move; goes with git-lib.

# Tracked files with changes in the worktree at hand, staged or not; "$@" are pathspecs. A submodule that stands
# elsewhere than its pointer is no change: git moves the pointer and leaves the folder alone, and so do we.
tracked_changes() {
	{
		listing git --no-optional-locks status --porcelain=v2 -z --no-renames --untracked-files=no \
			--ignore-submodules=dirty -- "$@" && end_list
	} | as_lines |
		sed -e '/^[#?!]/d' -e '/^1 \.[^ ]* S/d' -e 's/^1 \([^ ]* \)\{7\}//' -e 's/^u \([^ ]* \)\{9\}//'
}

# The same without what the result globs "$@" name.
changes_besides() {
	glob_count=$#
	while [ "$glob_count" -gt 0 ]; do
		set -- "$@" ":(exclude,glob)$1"
		shift
		glob_count=$((glob_count - 1))
	done
	tracked_changes . "$@"
}

# Files that the result globs "$@" name and that are not as in the last commit; ignored files stay out.
result_files() {
	glob_count=$#
	while [ "$glob_count" -gt 0 ]; do
		set -- "$@" ":(glob)$1"
		shift
		glob_count=$((glob_count - 1))
	done
	{
		listing git ls-files -z --others --modified --deleted --exclude-standard -- "$@" &&
			listing git diff-index --cached -z --no-renames --name-only HEAD -- "$@" && end_list
	} | as_lines | awk '!seen[$0]++'
}

# The same in $results.
read_results() {
	read_whole "$(result_files "$@")"
	results=$whole
}

# "BYTES NAME" for each of the files in $1 that is there.
sizes_of() {
	[ -z "$1" ] || printf '%s\n' "$1" | sed 's|^|./|' | as_names | xargs -0 wc -c 2>/dev/null |
		sed -n 's|^ *\([0-9][0-9]*\) \./|\1 |p'
}

# A text that is another one as soon as one of the files in $1 was written to.
mark_of() {
	printf '%s\n' "$1" | sed 's|^|./|' | as_names | {
		if stat -c %s / >/dev/null 2>&1; then
			xargs -0 stat -c '%s %y %z %n' 2>/dev/null
		else
			xargs -0 stat -f '%z %Fm %Fc %N' 2>/dev/null
		fi
	} | cksum
}

# Ends with a tree-dirty problem; $1 holds the files.
fail_dirty() {
	list=$1
	set -- "side=$side" "path=$(pwd -P)"
	while IFS= read -r file; do set -- "$@" "files=$file"; done <<-END
		$(printf '%s\n' "$list" | head -n 50)
	END
	fail tree-dirty "$@"
}

refuse_dirty() {
	read_whole "$(tracked_changes)"
	[ -z "$whole" ] || fail_dirty "$whole"
}

# Of the files on stdin those that are there and belong to nobody in the index: a move would overwrite them.
# Ignored ones too, about which git would not ask; and a file where a folder has to be.
untracked_among() {
	hits=$(
		above=
		while IFS= read -r name; do
			while :; do
				read_name "$name"
				if [ -L "$file" ] || { [ -e "$file" ] && { [ ! -d "$file" ] || [ -z "$above" ]; }; }; then
					printf '%s\n' "$name"
				fi
				case $name in */*) name=${name%/*} above=yes ;; *) break ;; esac
				read_name "$name"
				[ ! -d "$file" ] || [ -L "$file" ] || break
			done
			above=
		done
	) || return
	[ -n "$hits" ] || {
		printf '/\n'
		return
	}
	hits=$(printf '%s\n' "$hits" | sort -u)
	{
		printf '%s\n' "$hits" | as_names |
			listing xargs -0 git --literal-pathspecs ls-files -z --others -- || exit
		not_in_index || exit
		end_list
	} | as_lines | awk '!seen[$0]++'
}

# Of the files in $hits those that the index does not have: of what lies in a repository of somebody's own, git does
# not even say that it is there.
not_in_index() {
	tracked=$(printf '%s\n' "$hits" | as_names | listing xargs -0 git --literal-pathspecs ls-files -z --cached -- | as_lines)
	printf '%s\n\n%s\n' "$tracked" "$hits" |
		awk '$0 == "" { past = 1; next } !past { known[$0]; next } !($0 in known)' |
		while IFS= read -r name; do
			read_name "$name"
			{ [ -d "$file" ] && [ ! -L "$file" ]; } || printf '%s\n' "$name"
		done | as_names
}

# Of the files on stdin those that git was told to overlook and that are there otherwise than in the index.
overlooked_among() {
	{ as_names |
		listing xargs -0 git --literal-pathspecs ls-files -v -z -- && end_list; } | as_lines |
		while IFS= read -r line; do
			case $line in
			/*) printf '%s\n' "$line" && continue ;;
			[a-zS]\ *) name=${line#? } ;;
			*) continue ;;
			esac
			read_name "$name"
			{ [ -e "$file" ] || [ -L "$file" ]; } || continue
			[ "$(git hash-object -- "$file" 2>/dev/null)" = "$(git rev-parse -q --verify ":$file")" ] ||
				printf '%s\n' "$name"
		done
}

# The same, or ends. Whether there are any at all is asked first: naming files one by one costs more.
refuse_overlooked_among() {
	read_whole "$({ listing git ls-files -v -z && end_list; } | as_lines | sed -n -e '/^[a-zS] /p' -e '/^\//p')"
	[ -n "$whole" ] || return 0
	overlooked=$(printf '%s\n' "$whole" | sed 's/^..//')
	named=$({
		printf '%s\n' "$overlooked"
		printf '/\n'
		cat
	} | awk '$0 == "/" { past = 1; next } !past { known[$0]; next } $0 in known')
	[ -n "$named" ] || return 0
	read_whole "$(printf '%s\n' "$named" | overlooked_among)"
	in_the_way=$whole
	[ -z "$in_the_way" ] || fail_dirty "$in_the_way"
}

refuse_untracked_among() {
	read_whole "$(untracked_among)"
	in_the_way=$whole
	[ -z "$in_the_way" ] || fail_dirty "$in_the_way"
}

# The files that differ between two commits, in $changed.
read_changed() {
	read_whole "$({ listing git diff-tree -r -z --no-renames --name-only "$@" && end_list; } | tr '\n\000' '\001\n')"
	changed=$whole
}

# Untracked and overlooked files that a move from $1 to $2 would overwrite in the worktree at hand, in $in_the_way.
read_collisions() {
	in_the_way=
	# The same move is looked at more than once.
	if [ "${moved_over-}" != "$1 $2" ]; then
		# A letter and a name, by turns.
		read_whole "$({ listing git diff-tree -r -z --no-renames --name-status "$1" "$2" && end_list; } |
			tr '\n\000' '\001\n')"
		new='' old=''
		if [ -n "$whole" ]; then
			changed=$whole
			new=$(printf '%s\n' "$changed" | awk 'NR % 2 { new = $0 == "A"; next } new')
			old=$(printf '%s\n' "$changed" | awk 'NR % 2 { new = $0 == "A"; next } !new')
		fi
		case $1$2 in *[!0-9a-f]*) ;; *) moved_over="$1 $2" ;; esac
	fi
	if [ -n "$new" ]; then
		read_whole "$(printf '%s\n' "$new" | untracked_among)"
		in_the_way=$whole
	fi
	if [ -n "$old" ]; then
		read_whole "$(printf '%s\n' "$old" | overlooked_among)"
		in_the_way=$in_the_way${in_the_way:+${whole:+$newline}}$whole
	fi
}

refuse_collisions() {
	read_collisions "$1" "$2"
	[ -z "$in_the_way" ] || fail_dirty "$in_the_way"
}
