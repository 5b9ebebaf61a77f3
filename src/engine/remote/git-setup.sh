# A project's clone and worktree, made where they are not there yet, on either side.
# Arguments: mode operation repository worktree hub url base validation side, and
#   look: commits this project begins with. Changes nothing; says in its result what is there, as name=value.
#   clone: the same; makes the clone from the hub.
#   init: the same; begins a clone that the laptop pushes into, and says where it is.
#   finish: base and validation, as commits; completes what init began.
#   branches: the same, each only needed where that branch is missing; completes a clone that was there.
#   worktree: smudge, or pointers for Git LFS's without their content.
# Without a worktree ('') only the base branch counts. The url - is not to be asked, '' not to be given to anyone.
#
# Nothing is made in its place: it is made in a folder beside it and moved when it is whole.

# --- the clone ---

# An empty repository in $made, beside where it will be; $1 is a commit of the project.
begin_clone() {
	look_at "$repository"
	refuse_taken 'what was not there a moment ago'
	said=$(mkdir -p -- "${at%/*}/" 2>&1) || setup_failed "make $at" "$said"
	# Only now are all links on the way known.
	look_at "$repository"
	# What is still at work there belongs to a killed one, and fails.
	rm -rf -- "$making"
	made=$making/$operation
	format=sha1
	[ "${#1}" -ne 64 ] || format=sha256
	said=$(mkdir -p -- "$made" 2>&1 && cd -- "$made" && git init -q --object-format="$format" 2>&1) ||
		setup_failed "make $at" "$said"
	cd -- "$made" && git symbolic-ref HEAD "refs/heads/$base" && set_remote || exit
}

set_remote() {
	[ "$hub" != direct ] && ! has_config "remote.$hub.url" && [ -n "${url#-}" ] || return 0
	# The fetch line goes first: with an address a remote counts as complete.
	set_config "remote.$hub.fetch" "+refs/heads/*:refs/remotes/$hub/*"
	set_config "remote.$hub.url" "$url"
}

set_config() {
	said=$(setup_guard git config "$1" "$2" 2>&1) || setup_failed 'write its settings' "$said"
}

# In a repository that others may be at work in, all that changes something is known to the journal.
setup_guard() {
	if [ -n "${journal-}" ]; then guard "$@"; else "$@"; fi
}

setup_clone() {
	begin_clone "$1"
	network_surroundings
	said=$(git fetch -q --no-recurse-submodules -- "$hub" 2>&1) ||
		fail hub-unreachable "side=$side" "hub=$hub" "reason=$(gist "$said")"
	is_related "$@" ||
		fail hub-unreachable "side=$side" "hub=$hub" 'reason=another repository answers at its address there'
	read_commit "refs/remotes/$hub/$base"
	base_at=$commit_at
	read_commit "refs/remotes/$hub/$validation"
	complete_clone "$base_at" "${commit_at:-$base_at}"
}

setup_finish() {
	look_at "$repository"
	refuse_taken 'what was not there a moment ago'
	made=$making/$operation
	cd -- "$made" 2>/dev/null || fail moved-meanwhile "what=$making on the workstation"
	# What it would need for files of Git LFS is not carried over the link.
	GIT_LFS_SKIP_SMUDGE=1
	export GIT_LFS_SKIP_SMUDGE
	complete_clone "$@"
}

# In $made: branches, files, and then its place.
complete_clone() {
	set_branch "$base" "$1"
	set_branch "$validation" "$2"
	said=$(git read-tree -m -u HEAD 2>&1) || setup_failed 'check out the files' "$said"
	put_in_place
	say result "$at"
}

# Branch $1 at commit $2, where there is none, with its upstream.
set_branch() {
	read_commit "refs/heads/$1"
	if [ -z "$commit_at" ]; then
		if [ -z "$2" ] || ! has_commit "$2"; then fail branch-missing "side=$side" "branch=$1"; fi
		said=$(setup_guard git update-ref -m 'hawser: set up' "refs/heads/$1" "$2" '' 2>&1) ||
			setup_failed "make the branch $1" "$said"
	fi
	setup_guard git update-ref -d "refs/hawser/incoming/$1" 2>/dev/null
	[ "$hub" != direct ] && has_config "remote.$hub.url" && ! has_config "branch.$1.remote" || return 0
	set_config "branch.$1.merge" "refs/heads/$1"
	set_config "branch.$1.remote" "$hub"
}

# Moves $made to $at. A mv that found a folder there would have put it inside.
put_in_place() {
	cd -- "${at%/*}/" || exit
	[ "$there" != empty ] || rmdir -- "$at" 2>/dev/null
	said=$([ ! -e "$at" ] && [ ! -L "$at" ] && setup_guard mv -- "$made" "$at" 2>&1) ||
		refuse_place "$at" "${said:-what was not there a moment ago}"
	if [ -e "$at/${made##*/}/.git" ] && [ ! -e "$made" ]; then
		mv -- "$at/${made##*/}" "$made"
		refuse_place "$at" 'what was not there a moment ago'
	fi
	setup_guard rm -rf -- "$making"
}

# --- what goes into a clone that is there ---

enter_setup() {
	look_at "$repository"
	if [ "$there" != folder ] || ! enter_clone; then fail repository-missing "side=$side" "path=$repository"; fi
	begin
	note "folder $common"
	note 'ref config'
	note "ref refs/heads/$base"
	note "ref refs/heads/$validation"
}

setup_branches() {
	enter_setup
	[ ! -e "$making" ] || guard rm -rf -- "$making"
	set_remote
	want "$base" "$1"
	set_branch "$base" "$1"
	if [ -n "$worktree" ]; then
		want "$validation" "$2"
		set_branch "$validation" "$2"
	fi
	say result
}

# Has commit $2 here for branch $1, where that is missing; the hub may have it, or the laptop has pushed it.
want() {
	read_commit "refs/heads/$1"
	[ -z "$commit_at$2" ] || [ -n "$commit_at" ] || has_commit "$2" || [ "$hub" = direct ] ||
		fetch_commit "$hub" "$1" "$2"
}

setup_worktree() {
	[ "$1" = smudge ] || GIT_LFS_SKIP_SMUDGE=1
	[ "$1" = smudge ] || export GIT_LFS_SKIP_SMUDGE
	enter_setup
	look_at "$worktree"
	if [ "$there" = folder ]; then
		enter_worktree "$worktree" "$validation" || refuse_worktree
		at=$(pwd -P)
		cd -- "$repository" || exit
	else
		make_worktree
	fi
	# A worktree and its clone name each other by path; killed between the move and this, they disagree.
	said=$(guard git worktree repair "$at" 2>&1) || setup_failed "put the worktree at $at" "$said"
	clear_making
	[ "$there" = folder ] || (cd -- "$at" && run_hook post-checkout "$(printf '%040d' 0)" "$validation_at" 1)
	say result "$at"
}

make_worktree() {
	clear_making
	read_tree_of "refs/heads/$validation"
	refuse_elsewhere
	refuse_taken
	read_commit "refs/heads/$validation"
	validation_at=$commit_at
	[ -n "$commit_at" ] || fail branch-missing "side=$side" "branch=$validation"
	said=$(guard mkdir -p -- "${at%/*}/" 2>&1) || setup_failed "make $at" "$said"
	# Only now are all links on the way known.
	look_at "$worktree"
	made=$making/$operation/${at##*/}
	said=$(guard mkdir -p -- "${made%/*}" 2>&1) || setup_failed "make $at" "$said"
	# Any branch name will do for symbolic-ref; worktree add takes a dash for an option.
	said=$(
		guard git -c worktree.useRelativePaths=false worktree add -q --no-checkout --detach "$made" \
			"$validation_at" 2>&1 &&
			cd -- "$made" && guard git symbolic-ref HEAD "refs/heads/$validation" 2>&1 &&
			guard git read-tree -m -u HEAD 2>&1
	) || setup_failed 'make the worktree' "$said"
	put_in_place
	cd -- "$repository" || exit
}

# What a killed one was making, on the clone's record too. Whoever was moved into place is not among them.
clear_making() {
	for record in "$common"/worktrees/*/; do
		{ IFS= read -r pointed <"$record/gitdir"; } 2>/dev/null || continue
		case $pointed in "$making"/*) guard rm -rf -- "$record" ;; esac
	done
	[ ! -e "$making" ] || guard rm -rf -- "$making"
}

git_setup() {
	mode=$1 operation=$2 repository=$3 worktree=$4 hub=$5 url=$6 base=$7 validation=$8 side=$9
	shift 9
	git_surroundings
	case $mode in
	look) setup_look "$@" ;;
	clone) setup_clone "$@" ;;
	init) begin_clone "$@" && say result "$made" ;;
	finish) setup_finish "$@" ;;
	branches) setup_branches "$@" ;;
	worktree) setup_worktree "$@" ;;
	esac
}

(git_setup "$@") </dev/null
