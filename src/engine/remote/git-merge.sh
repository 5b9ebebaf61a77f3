# Functions that merge commits and touch no tree of anybody's; put before git-up and git-land, after git-commit.

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
		make_commit "$3" "$merged_tree" -p "$1" -p "$2"
		merged=$made
	fi
}

# The tree of both, in $merged_tree, or ends with a conflict.
read_merged_tree() {
	read_joined_tree "$1" "$2" || merge_trees "$1" "$2" || fail_conflict
}

# Ends with the conflict that merge_trees found.
fail_conflict() {
	set -- "into=$into" "from=$from"
	while IFS= read -r file; do set -- "$@" "files=$file"; done <<-END
		$conflicts
	END
	fail conflict "$@"
}

# The tree of commits $1 and $2 in $merged_tree. False: the files that conflict are in $conflicts.
merge_trees() {
	[ "$git_version" != unasked ] || read_git_version
	case $git_version in
	[01].* | 2.[0-9].* | 2.[12][0-9].* | 2.3[0-7].*)
		older_merge "$1" "$2"
		;;
	*)
		said=$(guard git -c core.quotePath=false -c merge.directoryRenames=false merge-tree --write-tree --name-only --no-messages "$1" "$2" 2>&1)
		;;
	esac
	case $? in
	0) merged_tree=$(printf '%s\n' "$said" | grep -xE '[0-9a-f]{40,64}' | head -n 1) && return ;;
	1) conflicts=$(printf '%s\n' "$said" | sed 1d) && return 1 ;;
	esac
	fail git-failed "side=$side" "what=merge $from" "reason=$(gist "$said")"
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

# A commit that no branch will ever reach, only to merge with; its id in $draft. The same each time.
# Arguments: tree, then -p PARENT as often as wanted.
make_draft() {
	draft=$(guard env GIT_AUTHOR_NAME=Hawser GIT_AUTHOR_EMAIL=hawser GIT_AUTHOR_DATE='@0 +0000' \
		GIT_COMMITTER_NAME=Hawser GIT_COMMITTER_EMAIL=hawser GIT_COMMITTER_DATE='@0 +0000' \
		git commit-tree -m draft "$@" 2>&1) ||
		fail git-failed "side=$side" "what=merge $from" "reason=$(gist "$draft")"
}

# --- commits that are on both sides under two names ---
#
# Results that were rebased onto base are there twice: as the workstation made them, and replayed. Nothing in the
# history joins the two, so a plain merge takes whatever became of them later on either side for a conflict. As
# `git rebase` does, such twins are told by their patches, and the merge is made as if they were joined.

# As merge_trees, for commits with twins. False where there are none, or they do not help.
read_joined_tree() {
	read_join "$1" "$2" && merge_through "$1" "$2" && return
	read_join "$2" "$1" && merge_through "$2" "$1"
}

# Merges $1 and $2, of which $join_mine (of $1) has nothing that $join_theirs (of $2) lacks.
merge_through() {
	make_draft "$join_theirs^{tree}" -p "$join_mine" -p "$join_theirs"
	if [ "$1" != "$join_mine" ]; then
		join=$draft
		merge_trees "$1" "$join" || return
		make_draft "$merged_tree" -p "$1" -p "$join"
	fi
	merge_trees "$draft" "$2"
}

# The commits of $1 that $2 lacks and that were in step with it no more, merges left out, oldest first: "=ID" for
# one that $2 has under another name, else "+ID". In $ours.
read_unlike() {
	read_settled "$1" "$2"
	ours=$(git rev-list --reverse --topo-order --cherry-mark --no-merges --left-only "$1...$2" \
		${settled:+"^$settled"} -- 2>/dev/null)
	# What was merged from $2 since then is on both sides now, and no twin is looked for there any more.
	merged_twins=$(git rev-list --merges --parents --max-count=20 "$2..$1" ${settled:+"^$settled"} -- 2>/dev/null |
		while IFS=' ' read -r _ merged_parents; do
			for merged_parent in $merged_parents; do
				contains "$2" "$merged_parent" ||
					git rev-list --cherry-mark --no-merges --left-only "$merged_parent...$2" -- 2>/dev/null
			done
		done | sed -n 's/^=//p')
	[ -z "$merged_twins" ] || ours=$({
		printf '%s\n' "$merged_twins"
		printf '%s\n' "$ours"
	} | awk '/^[0-9a-f]/ { twin["+" $0]; next } { print ($0 in twin) ? "=" substr($0, 2) : $0 }')
}

# The newest merge in $1 of a commit of $2 that it was no different from; all before it has found its way to $2. In
# $settled, the commit of $2 in $settled_by; empty when there is none.
read_settled() {
	settled=
	settled_by=
	while IFS=' ' read -r settled_merge settled_parents; do
		for settled_parent in $settled_parents; do
			if contains "$2" "$settled_parent" &&
				git diff-tree --quiet "$settled_merge" "$settled_parent" -- 2>/dev/null; then
				settled=$settled_merge settled_by=$settled_parent
				return
			fi
		done
	done <<-END
		$(git rev-list --topo-order --merges --parents --max-count=100 "$2..$1" -- 2>/dev/null)
	END
}

# The newest commit of $1 all of whose work is in $2, in $join_mine, and where in $2 that is, in $join_theirs.
read_join() {
	join_mine=
	join_theirs=
	read_unlike "$1" "$2"
	case $ours in =*) ;; *) return 1 ;; esac
	twins=
	while IFS= read -r line; do
		case $line in =*) ;; *) break ;; esac
		join_mine=${line#=}
		twins="$twins $join_mine"
	done <<-END
		$ours
	END
	theirs=$(git rev-list --topo-order --cherry-mark --no-merges --right-only "$1...$2" ${settled:+"^$settled"} -- |
		sed -n 's/^=//p')
	join_theirs=${theirs%%"$newline"*}
	[ -n "$join_theirs" ] || return
	for theirs_one in $theirs; do contains "$join_theirs" "$theirs_one" || return; done
	[ -z "$settled" ] || contains "$join_theirs" "$settled_by" || return
	for ours_one in $(git rev-list --no-merges "$join_mine" "^$join_theirs" ${settled:+"^$settled"} --); do
		case "$twins " in *" $ours_one "*) ;; *) return 1 ;; esac
	done
	are_plain_merges "$join_mine" "^$join_theirs" ${settled:+"^$settled"}
}

# Whether every merge in range "$@" is what git makes of it by itself: nobody's work is in the merge alone.
are_plain_merges() {
	while IFS=' ' read -r plain_merge plain_first plain_second plain_more; do
		[ -n "$plain_merge" ] || continue
		[ -z "$plain_more" ] || return
		# In a shell of its own: it asks the same questions of older commits.
		plain_tree=$({ read_joined_tree "$plain_first" "$plain_second" || merge_trees "$plain_first" "$plain_second"; } \
			>/dev/null && printf '%s' "$merged_tree")
		[ "$(git rev-parse "$plain_merge^{tree}")" = "$plain_tree" ] || return
	done <<-END
		$(git rev-list --merges --parents "$@" -- 2>/dev/null)
	END
}
