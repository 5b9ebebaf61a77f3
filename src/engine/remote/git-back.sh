# Results on their way out of the workstation. Arguments: mode operation repository worktree hub
# validation validation-was limit message, then result globs. Mode check changes nothing; apply commits and pushes.
# For check, validation-was may be two commits: the one it is at, and the one it will be taken on to first.

# The hub's branch has nothing that ours lacks. Its commit stays in $hub_was.
back_expect() {
	read_commit "refs/heads/$validation"
	[ "$commit_at" = "${1% *}" ] || fail moved-meanwhile "what=$validation on the workstation"
	refuse_ongoing
	hub_was=
	[ "$hub" != direct ] || return 0
	read_hub "$hub" "$validation"
	hub_was=$commit_at
	[ -z "$hub_was" ] || contains "${1#* }" "$hub_was" ||
		fail diverged "branch=$validation" "side=$side" 'other=the hub'
}

back_push() {
	[ "$hub" != direct ] && [ "$1" != "$hub_was" ] || return 0
	note "ref refs/remotes/$hub/$validation"
	note "folder $common"
	# The lease makes it exact: it is a fast-forward from what was seen, or nothing.
	said=$(guard git push --porcelain "--force-with-lease=refs/heads/$validation:$hub_was" -- \
		"$hub" "$1:refs/heads/$validation" 2>&1) && return
	case $said in
	*'(stale info)'* | *'(fetch first)'* | *'(non-fast-forward)'* | *'(failed to update ref)'* | *'(incorrect old value'*)
		fail moved-meanwhile "what=$validation on the hub"
		;;
	*'failed to push some refs'*)
		fail git-failed 'side=git' "what=push $validation to the hub" "reason=$(gist "$said")"
		;;
	*) fail hub-unreachable "side=$side" "hub=$hub" "reason=$(gist "$said")" ;;
	esac
}

git_back() {
	side='The workstation'
	mode=$1 operation=$2 worktree=$4 hub=$5 validation=$6 validation_was=$7 limit=$8 message=$9
	git_version=unasked
	git_surroundings
	open_repository "$3"
	shift 9
	[ "$mode" = check ] || begin
	open_worktree "$worktree" "$validation"
	back_expect "$validation_was"
	refuse_big "$limit" "$@"
	[ "$mode" != check ] || return 0
	committed=0
	read_results "$@"
	if [ -n "$results" ]; then
		keep "refs/heads/$validation" "$validation_was" '' "$(pwd -P)"
		commit_results "refs/heads/$validation" "$message" "$@"
		keep_end "refs/heads/$validation"
	fi
	read_commit "refs/heads/$validation"
	commit=$commit_at
	back_push "$commit"
	say result "$commit" "$committed"
}

(git_back "$@") </dev/null
