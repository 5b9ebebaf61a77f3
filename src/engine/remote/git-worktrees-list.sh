# Functions that find the worktrees of a repository; put before git-worktrees and git-safety.

soh=$(printf '\001')
# Git's lock on a worktree that is not complete yet.
unfinished_lock='hawser is making it'

porcelain_list() {
	case $git_version in
	[01].* | 2.[0-9].* | 2.[12][0-9]* | 2.3[0-5]*) git worktree list --porcelain | as_names ;;
	*) listing git worktree list --porcelain -z ;;
	esac && end_list
}

# A name as git has it, in $real; a line break in it is not the line's end.
read_real() {
	real=$1
	case $1 in *"$soh"*) real=$(printf '%s.' "$1" | tr '\001' '\n') real=${real%.} ;; esac
}

# Runs "$@" for every worktree, the main one first, with its $tree_path, $tree_head, $tree_branch, $tree_lock (a dot
# and the reason, when locked) and $tree_main.
each_worktree() {
	read_whole "$(porcelain_list | as_lines)"
	tree_main=yes tree_path='' tree_seen=
	while IFS= read -r line; do
		case $line in
		'worktree '*)
			read_real "${line#worktree }"
			tree_seen=yes tree_path=$real tree_head='' tree_branch='' tree_lock='' tree_bare=''
			;;
		'HEAD '*) tree_head=${line#HEAD } ;;
		'branch '*) tree_branch=${line#branch refs/heads/} ;;
		locked*) tree_lock=".${line#locked}" ;;
		bare) tree_bare=yes ;;
		'')
			[ -z "$tree_path" ] || [ -n "$tree_bare" ] || "$@" || exit
			tree_main='' tree_path=''
			;;
		esac
	done <<-END
		$whole

	END
	[ -n "$tree_seen" ] || fail git-failed "side=$side" 'what=list the worktrees' 'reason=it named none'
}

# The real path of $1 in $real_path; as it was given where nothing is there.
read_real_path() {
	real_path=$(cd -- "$1" 2>/dev/null && pwd -P) || real_path=$1
}

# Stops at the worktree at $sought_path.
seek() {
	[ -z "$sought" ] || return 0
	read_real_path "$tree_path"
	[ "$real_path" = "$sought_path" ] || return 0
	sought=yes found_path=$tree_path found_head=$tree_head found_branch=$tree_branch found_lock=$tree_lock
	found_main=$tree_main
}

# The worktree at $1, as $found_…; false when git knows none there.
find_worktree() {
	read_real_path "$1"
	sought_path=$real_path sought=
	each_worktree seek
	[ -n "$sought" ]
}

# Whether the folder of a worktree is there, and leads to this repository.
is_there() {
	[ -e "$1/.git" ] && [ "$(cd -- "$1" 2>/dev/null && common_folder 2>/dev/null)" = "$common" ]
}

# The git folder of worktree $1, in $folder; empty when there is none. Its own way there may be gone.
read_worktree_folder() {
	folder=
	read_real_path "$1"
	wanted_path=$real_path
	for candidate in "$common"/worktrees/*; do
		IFS= read -r gitdir 2>/dev/null <"$candidate/gitdir" || [ -n "${gitdir-}" ] || continue
		case $gitdir in /*) ;; *) gitdir=$candidate/$gitdir ;; esac
		gitdir=${gitdir%/.git}
		read_real_path "$gitdir"
		[ "$real_path" != "$wanted_path" ] || folder=$candidate
	done 2>/dev/null
}
