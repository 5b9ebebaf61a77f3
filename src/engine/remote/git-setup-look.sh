# Functions that look at where a project's clone and worktree are or will be, without changing anything; put before
# git-setup.

refuse_place() {
	fail folder-in-the-way "side=$side" "path=$1" "found=$2"
}

setup_failed() {
	fail git-failed "side=$side" "what=$1" "reason=$(gist "$2")"
}

# Where $1 is or will be, in $at, links followed; $there says what is there: nothing, empty, folder or file.
look_at() {
	place "$1"
	while :; do
		case $at in
		?*/) at=${at%/} ;;
		*) break ;;
		esac
	done
	there=nothing
	if [ -d "$at" ]; then
		there=folder
		at=$(cd -- "$at" 2>/dev/null && pwd -P) || refuse_place "$1" 'a folder that cannot be entered'
		[ -n "$(ls -A -- "$at" 2>&1)" ] || there=empty
	else
		above=${at%/*}
		if [ -d "$above/" ]; then at=$(cd -- "$above/" && pwd -P | sed 's|^/$||')/${at##*/}; fi
		if [ -e "$at" ] || [ -L "$at" ]; then there='file'; fi
	fi
	making=${at%/*}/.${at##*/}.hawser-setup
}

# Ends unless something can be made at $at.
refuse_taken() {
	case $there in
	file) refuse_place "$at" 'a file' ;;
	folder) refuse_place "$at" "$1" ;;
	esac
	above=${at%/*}
	until [ -e "${above:=/}" ] || [ -L "$above" ]; do above=${above%/*}; done
	[ -d "$above" ] || refuse_place "$above" 'a file'
	[ -w "$above" ] || setup_failed "make $at" "$above cannot be written to"
}

# Goes to the repository at $at, its topmost folder. False: $found says what is there instead.
enter_clone() {
	cd -- "$at" || return
	found='a folder with other files'
	if ! said=$(git rev-parse --show-prefix 2>&1); then
		case $said in
		*'not a git repository'*) return 1 ;;
		*) fail repository-unreadable "side=$side" "path=$at" "reason=$(gist "$said")" ;;
		esac
	fi
	[ -z "$said" ] || return
	found='a bare repository'
	[ "$(git rev-parse --is-inside-work-tree)" = true ] || return
	repository=$(pwd -P)
	common=$(common_folder)
}

# Whether one of the commits "$@" is in the history of the repository at hand.
is_related() {
	for first in "$@"; do
		[ -z "$(git for-each-ref --count=1 --contains "$first" 2>/dev/null)" ] || return 0
	done
	return 1
}

has_config() {
	git config --get-all "$1" >/dev/null
}

# --- look ---

tell() {
	told="$told	$1"
}

setup_look() {
	told="version=$git_version"
	if git lfs version >/dev/null 2>&1 && git config --get-regexp '^filter\.lfs\.(process|clean)$' >/dev/null; then
		tell lfs=yes
	fi
	if [ -n "$worktree" ]; then
		look_at "$worktree"
		worktree_at=$at
		[ ! -e "$making" ] || tell todo=leftovers
	fi
	look_at "$repository"
	case "$at/" in
	"${worktree_at-/dev/null}"/*) refuse_place "$worktree_at" 'the clone or a folder that holds it' ;;
	esac
	[ ! -e "$making" ] || tell todo=leftovers
	if [ "$there" = folder ]; then
		look_clone "$@"
	else
		refuse_taken
		if [ -n "$worktree" ]; then
			look_at "$worktree"
			refuse_taken 'a folder that is no worktree of this clone'
		fi
	fi
	look_hub
	say result "$told"
}

look_clone() {
	enter_clone || refuse_place "$at" "$found"
	if ! is_related "$@"; then
		[ "$(git rev-parse --is-shallow-repository)" != true ] ||
			fail repository-shallow "side=$side" "path=$repository"
		refuse_place "$repository" 'a repository with another history'
	fi
	tell "clone=$repository"
	[ ! -e "$common/hawser-journal" ] || tell todo=journal
	if [ "$hub" != direct ] && ! has_config "remote.$hub.url"; then tell todo=remote; fi
	look_branch base "$base"
	[ -z "$worktree" ] || look_branch validation "$validation"
	[ -z "$worktree" ] || look_worktree
}

look_branch() {
	read_commit "refs/heads/$2"
	[ -n "$commit_at" ] || tell "todo=$1"
	tell "$1=$commit_at"
	read_commit "refs/hawser/incoming/$2"
	tell "incoming-$1=$commit_at"
	[ "$hub" = direct ] || has_config "branch.$2.remote" || tell todo=upstream
}

look_worktree() {
	look_at "$worktree"
	read_tree_of "refs/heads/$validation"
	if [ "$there" = folder ]; then
		enter_worktree "$worktree" "$validation" || refuse_worktree
		at=$(pwd -P)
		tell "worktree=$at"
		[ "$tree" = "$at" ] || tell todo=worktree
	else
		refuse_elsewhere
		refuse_taken
		tell todo=worktree
	fi
	cd -- "$repository" || exit
}

refuse_worktree() {
	case $found in
	*' is checked out there') found="a worktree of the branch ${found% is checked out there}" ;;
	'no branch') found='a worktree with no branch checked out' ;;
	*) found='a folder that is no worktree of this clone' ;;
	esac
	refuse_place "$at" "$found"
}

# A branch is checked out in one place only; $tree may be what a killed one was making.
refuse_elsewhere() {
	case $tree in
	'' | "$making"/*) ;;
	*)
		[ -d "$tree" ] || refuse_place "$tree" 'a worktree on record whose folder is gone (git worktree prune forgets it)'
		refuse_place "$tree" "the branch $validation checked out"
		;;
	esac
}

# Whether this machine reaches the hub: by the remote of a clone that has it, else by its address.
look_hub() {
	[ "$hub" != direct ] && [ "$url" != - ] || return 0
	address=$url
	if [ -n "${common-}" ] && has_config "remote.$hub.url"; then address=$hub; fi
	[ -n "$address" ] || return 0
	network_surroundings
	if said=$(limited 30 git ls-remote -- "$address" "refs/heads/$base" "refs/heads/$validation" 2>&1); then
		tell "hub-base=$(hub_has "$base")"
		tell "hub-validation=$(hub_has "$validation")"
	else
		tell "unreachable=$(gist "${said:-it did not answer in 30 seconds}")"
	fi
}

hub_has() {
	printf '%s\n' "$said" | awk -F '\t' -v ref="refs/heads/$1" '$2 == ref { print $1; exit }'
}
