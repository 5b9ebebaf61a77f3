# Functions that make commits; put before git-up, git-back and git-land. They need git-lib and git-move.

# A name for our own commits where nobody is configured.
read_identity() {
	git -c user.useConfigOnly=true var GIT_COMMITTER_IDENT >/dev/null 2>&1 &&
		git -c user.useConfigOnly=true var GIT_AUTHOR_IDENT >/dev/null 2>&1 && return
	host_name=$(uname -n)
	GIT_AUTHOR_NAME="Hawser on $host_name" GIT_AUTHOR_EMAIL="hawser@$host_name"
	GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
	export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
	say identity "$GIT_AUTHOR_NAME"
}

# Stops when a result file is over $1 bytes. The other arguments are result globs.
refuse_big() {
	limit=$1
	shift
	read_results "$@"
	big=$(sizes_of "$results" | awk -v limit="$limit" '$1 + 0 > limit { sub(/^[0-9]+ /, ""); print }')
	[ -n "$big" ] || return 0
	set -- "limit=$((limit / 1048576)) MiB"
	while IFS= read -r file; do set -- "$@" "files=$file"; done <<-END
		$big
	END
	fail results-too-big "$@"
}

# Commits what the result globs name, and nothing else that may be staged, in the worktree at hand, where branch
# ref $1 is checked out; $2 is the message. Sets $committed to how many files that were.
commit_results() {
	note "ref $1"
	note "folder $common"
	message=$2
	shift 2
	take_index
	committed=0
	read_results "$@"
	if [ -n "$results" ]; then
		printf '%s\n' "$results" | as_names >"$index.files"
		said=$(git_at_index update-index -z --add --remove --stdin <"$index.files" 2>&1) || fail_commit "$said"
		said=$(GIT_INDEX_FILE=$index.new git diff-index --cached -z --no-renames --name-only HEAD 2>&1 \
			>"$index.staged") || fail_commit "$said"
		as_lines <"$index.staged" | sort >"$index.files"
		printf '%s\n' "$results" | sort | comm -12 - "$index.files" | as_names >"$index.commit"
		committed=$(($(as_lines <"$index.commit" | wc -l)))
	fi
	if [ "$committed" -gt 0 ]; then
		read_identity
		said=$(git_at_index --literal-pathspecs commit -q -m "$message" --only \
			"--pathspec-from-file=$index.commit" --pathspec-file-nul 2>&1) || fail_commit "$said"
	fi
	install_index
	release_index
}

fail_commit() {
	release_index
	fail git-failed "side=$side" 'what=commit the results' "reason=$(gist "$1")"
}

# What commit $1 becomes when $2 is merged into it, in $merged. Nothing moves; $3 is the message. The branch
# names $into and $from are for words only.
read_merged() {
	if contains "$1" "$2"; then
		merged=$1
	elif contains "$2" "$1"; then
		merged=$2
	else
		git merge-base "$1" "$2" >/dev/null ||
			fail diverged "branch=$into" "side=$into" "other=$from" 'reason=no common commit'
		read_merged_tree "$1" "$2"
		read_identity
		said=$(guard git commit-tree -p "$1" -p "$2" -m "$3" "$merged_tree" 2>&1)
		merged=$(printf '%s\n' "$said" | grep -xE '[0-9a-f]{40,64}') ||
			fail git-failed "side=$side" 'what=commit the merge' "reason=$(gist "$said")"
	fi
}

read_merged_tree() {
	case $git_version in
	[01].* | 2.[0-9].* | 2.[12][0-9].* | 2.3[0-7].*)
		older_merge "$1" "$2"
		;;
	*)
		said=$(guard git -c core.quotePath=false merge-tree --write-tree --name-only --no-messages "$1" "$2" 2>&1)
		;;
	esac
	case $? in
	0) merged_tree=$(printf '%s\n' "$said" | grep -xE '[0-9a-f]{40,64}' | head -n 1) && return ;;
	1) said=$(printf '%s\n' "$said" | sed 1d) ;;
	*) fail git-failed "side=$side" "what=merge $from" "reason=$(gist "$said")" ;;
	esac
	set -- "into=$into" "from=$from"
	while IFS= read -r file; do set -- "$@" "files=$file"; done <<-END
		$said
	END
	fail conflict "$@"
}

# For a git before 2.38, with the same answers: a three-way merge without renames, in a folder of its own.
older_merge() {
	said=$(git merge-base --all "$1" "$2")
	[ "$(printf '%s\n' "$said" | wc -l)" -eq 1 ] || fail git-missing "side=$side" "reason=git $git_version is there"
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/hawser-merge.XXXXXX") || return 2
	said=$(
		GIT_DIR=$(git rev-parse --absolute-git-dir) GIT_WORK_TREE=$scratch GIT_INDEX_FILE=$scratch.index
		export GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
		cd -- "$scratch" && git read-tree -i -m --aggressive "$said" "$1" "$2" 2>&1 || exit 2
		git merge-index -o -q git-merge-one-file -a >/dev/null 2>&1 && git write-tree && exit
		printf 'conflicts\n'
		git ls-files -u -z | as_lines | sed -e 's/^[^	]*	//' | sort -u
		exit 1
	)
	older_code=$?
	rm -rf "$scratch" "$scratch.index"
	return "$older_code"
}
