# What operations kept in a repository, and where its branches are. Arguments: side repository. Changes nothing.
# Of a worktree that was added or removed it tells also: safety.worktree REF STATE FOUND BRANCH PROJECT PATH, where STATE
# is absent, whole or half (a killed operation has begun to make or remove it), and FOUND the branch it has now.

tell_kept_worktree() {
	kept_branch='' kept_project='' kept_path=''
	while IFS= read -r line; do
		case $line in
		'branch '*) kept_branch=${line#branch } ;;
		'project '*) kept_project=${line#project } ;;
		'path '*) kept_path=${line#path } ;;
		esac
	done <<-END
		$(git cat-file commit "$1" | sed '1,/^$/d')
	END
	[ -n "$kept_path" ] || return 0
	read_real "$kept_path"
	state=absent found_branch=
	if find_worktree "$real"; then
		read_worktree_folder "$found_path"
		state=whole
		[ "$found_lock" != ". $unfinished_lock" ] && [ ! -e "$folder/hawser-removing" ] || state=half
	fi
	say safety.worktree "$1" "$state" "$found_branch" "$kept_branch" "$kept_project" "$kept_path"
}

git_safety() {
	side=$1
	git_surroundings
	open_repository "$2"
	say git.path "$repository"
	[ ! -e "$common/hawser-journal" ] || say git.journal "$common/hawser-journal"
	refs=$(git for-each-ref '--format=safety.ref%09%(objectname)%09%(refname)' refs/hawser/safety/ refs/heads/) ||
		fail git-failed "side=$side" 'what=list its branches' 'reason=for-each-ref failed'
	[ -z "$refs" ] || printf '%s\n' "$refs"
	# Names of ours hold no blanks.
	for ref in $(printf '%s\n' "$refs" | cut -f 3 |
		grep -E '^refs/hawser/safety/[^/]+/[0-9]+/(added|removed)$'); do
		tell_kept_worktree "$ref"
	done
	say result
}

(git_safety "$@") </dev/null
