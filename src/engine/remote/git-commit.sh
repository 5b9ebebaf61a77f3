# Functions that make commits; put before git-up, git-back, git-land and git-save. They need git-lib and git-move.

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

# Stops when a result file is over $1 bytes (0: none is too big), or is one for Git LFS where that is missing. The
# other arguments are result globs.
refuse_big() {
	limit=$1
	shift
	read_results "$@"
	refuse_lfs_among "$results"
	refuse_over "$limit" "$results" results-too-big
}

# Stops with problem $3 when one of the files $2 is over $1 bytes.
refuse_over() {
	[ "$1" -gt 0 ] || return 0
	big=$(sizes_of "$2" | awk -v limit="$1" '$1 + 0 > limit { sub(/^[0-9]+ /, ""); print }')
	[ -n "$big" ] || return 0
	set -- "$3" "limit=$(($1 / 1048576)) MiB"
	while IFS= read -r file; do set -- "$@" "files=$file"; done <<-END
		$big
	END
	fail "$@"
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
		said=$(limited "$commit_seconds" git_at_index --literal-pathspecs commit -q -m "$message" --only \
			"--pathspec-from-file=$index.commit" --pathspec-file-nul 2>&1) || fail_commit "$said" $?
	fi
	install_index
	release_index
}

# $1 is what git said, $2 its exit code.
fail_commit() {
	release_index
	[ "${2-}" != 124 ] || set -- "$commit_late"
	fail git-failed "side=$side" 'what=commit the results' "reason=$(gist "$1")"
}

# Time for a commit with the hooks of a person, and for a signature alone: there may be a passphrase to type.
commit_seconds=300
sign_seconds=60
commit_late="a hook, or a signature that wants a passphrase, was still going on after $commit_seconds s"
sign_late="the signature was not there after $sign_seconds s; it may want a passphrase or a key"

# The person's wish to sign what they commit, as a word for commit-tree, in $sign.
read_signing() {
	sign=
	[ "$(git config --type=bool commit.gpgSign 2>/dev/null)" != true ] || sign=-S
}

# A commit of our own, signed where commits are; its id in $made. Arguments: message, tree, -p PARENT as often as
# wanted. Where $author_date is set, somebody else is its author. Nothing moves.
make_commit() {
	commit_message=$1 commit_tree=$2
	shift 2
	read_signing
	# shellcheck disable=SC2086 # one word or none
	set -- git -c i18n.commitEncoding=UTF-8 commit-tree $sign "$@" -m "$commit_message" "$commit_tree"
	[ -z "${author_date-}" ] || set -- env "GIT_AUTHOR_NAME=$author_name" "GIT_AUTHOR_EMAIL=$author_email" \
		"GIT_AUTHOR_DATE=$author_date" "$@"
	if [ -z "$sign" ]; then
		made=$(guard "$@" 2>&1)
	else
		made=$(limited "$sign_seconds" guard "$@" 2>&1)
		[ "$?" -ne 124 ] || made=$sign_late
	fi
	said=$made
	made=$(printf '%s\n' "$said" | grep -xE '[0-9a-f]{40,64}') ||
		fail git-failed "side=$side" "what=${sign:+sign and }commit" "reason=$(gist "$said")"
}

# --- Git LFS ---

# Whether files that git keeps with LFS would be: the program is there, and git was told of it.
has_lfs() {
	command -v git-lfs >/dev/null 2>&1 && git config --get-regexp '^filter\.lfs\.(process|clean)$' >/dev/null
}

# Of the files on stdin, ended by NUL, those that the attributes give to LFS. "$@" goes to check-attr.
lfs_among() {
	git check-attr "$@" -z --stdin filter 2>/dev/null | as_lines |
		awk 'NR % 3 == 1 { file = $0 } NR % 3 == 0 && $0 == "lfs" { print file }'
}

# Without LFS: stops when one of the files $1 of the worktree at hand is one for it.
refuse_lfs_among() {
	[ -n "$1" ] && ! has_lfs || return 0
	lfs_files=$(printf '%s\n' "$1" | as_names | lfs_among)
	[ -z "$lfs_files" ] || fail_lfs
}

# The same for what a move from commit $1 to $2 would write, by the attributes that come with it.
refuse_lfs_between() {
	! has_lfs && may_speak_of_lfs "$2" || return 0
	read_changed --diff-filter=d "$1" "$2"
	[ -n "$changed" ] || return 0
	lfs_index=$(mktemp "${TMPDIR:-/tmp}/hawser-lfs.XXXXXX") || return 0
	rm -f "$lfs_index"
	lfs_files=$(GIT_INDEX_FILE=$lfs_index git read-tree "$2" 2>/dev/null &&
		printf '%s\n' "$changed" | as_names | GIT_INDEX_FILE=$lfs_index lfs_among --cached)
	rm -f "$lfs_index"
	[ -z "$lfs_files" ] || fail_lfs
}

# Whether any attributes that count for commit $1 in the worktree at hand may name LFS: those in it, and those of the
# person, the machine and the repository. Asked without reading the whole of it into an index.
may_speak_of_lfs() {
	is_set core.attributesfile || [ -e "$common/info/attributes" ] ||
		[ -e "${XDG_CONFIG_HOME:-$HOME/.config}/git/attributes" ] && return
	for attributes in /etc /usr/local/etc /opt/homebrew/etc; do
		[ ! -e "$attributes/gitattributes" ] || return 0
	done
	git grep -q -a -e lfs "$1" -- ':(glob)**/.gitattributes' 2>/dev/null
	[ "$?" -ne 1 ]
}

fail_lfs() {
	set -- "side=$side"
	while IFS= read -r file; do set -- "$@" "files=$file"; done <<-END
		$(printf '%s\n' "$lfs_files" | head -n 50)
	END
	fail lfs-missing "$@"
}
