# Facts of the workstation's clone, without changing anything.
# Arguments: repository worktree hub base validation, then result globs. The hub `direct` is none.

git_ref() {
	read_commit "$2"
	[ -z "$commit_at" ] || say git.ref "$1" "$commit_at"
}

git_branch() {
	git_ref "$1" "refs/heads/$2"
	[ -n "$commit_at" ] || say problem branch-missing "side=$side" "branch=$2"
}

git_lines() {
	sed -e '/^$/d' -e "s/^/git.$1	/"
}

git_ongoing() {
	read_ongoing
	[ -z "$ongoing" ] || say git.ongoing "$ongoing" "$(pwd -P)"
}

git_facts() {
	side='The workstation'
	worktree=$2 hub=$3 base=$4 validation=$5
	git_surroundings
	say git.version "$git_version"
	open_repository "$1"
	shift 5
	say git.path "$repository"
	[ ! -e "$common/hawser-journal" ] || say git.journal "$common/hawser-journal"
	git_branch base "$base"
	git_branch validation "$validation"
	git_ref incoming "refs/hawser/incoming/$base"
	if [ "$hub" != direct ]; then
		git_ref hub-base "refs/remotes/$hub/$base"
		git_ref hub-validation "refs/remotes/$hub/$validation"
		git config --get-all "remote.$hub.url" >/dev/null || say problem hub-missing "side=$side" "hub=$hub"
	fi
	git rev-list --parents -n 200 "refs/heads/$validation" -- 2>/dev/null | git_lines line
	git -c i18n.logOutputEncoding=UTF-8 log --no-show-signature --no-color --no-decorate -n 20 \
		--format='%H%x09%ct%x09%<(100,trunc)%an%x09%<(250,trunc)%s' "refs/heads/$base..refs/heads/$validation" -- 2>/dev/null |
		git_lines commit
	git_trees "$@"
}

git_trees() {
	read_tree_of "refs/heads/$base"
	if [ -n "$tree" ] && cd -- "$tree" 2>/dev/null; then
		say git.tree "$(pwd -P)"
		git_ongoing
		read_whole "$(tracked_changes)"
		printf '%s\n' "$whole" | git_lines clone-changed
	fi
	cd -- "$repository" || return
	if ! enter_worktree "$worktree" "$validation"; then
		say problem worktree-missing "side=$side" "path=$worktree" "branch=$validation" "reason=$found"
		return
	fi
	git_ongoing
	read_whole "$(changes_besides "$@")"
	printf '%s\n' "$whole" | git_lines changed
	read_results "$@"
	sizes_of "$results" | git_lines size
	printf '%s\n' "$results" | git_lines result
}

(git_facts "$@") </dev/null
