# Functions for reading a repository; put before every git script. $side says whose repository it is.

git_surroundings() {
	unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES \
		GIT_COMMON_DIR GIT_NAMESPACE GIT_PREFIX GIT_LITERAL_PATHSPECS GIT_GLOB_PATHSPECS SSH_ASKPASS
	LC_ALL=C GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=false GIT_EDITOR=true GIT_PAGER=cat
	export LC_ALL GIT_TERMINAL_PROMPT GIT_ASKPASS GIT_EDITOR GIT_PAGER
	# A Mac without the command line tools has a git that only opens a window.
	if [ "$(command -v git)" = /usr/bin/git ] && [ -x /usr/bin/xcode-select ] &&
		! xcode-select -p >/dev/null 2>&1; then
		fail git-missing "side=$side" 'reason=the command line developer tools are not installed'
	fi
	[ "${git_version-}" = unasked ] || read_git_version
}

# The version of git, in $git_version. Whoever was preceded by the facts has no need of it: it sets `unasked` before.
read_git_version() {
	git_version=$(git version 2>/dev/null) || git_version=
	case $git_version in
	'git version '[0-9]*) git_version=${git_version#git version } ;;
	*) fail git-missing "side=$side" 'reason=git was not found' ;;
	esac
}

# Waits that end: a hub that is gone must not hold the line. What the person set stays.
network_surroundings() {
	if [ -z "${GIT_SSH_COMMAND-}${GIT_SSH-}" ] && ! is_set core.sshcommand; then
		GIT_SSH_COMMAND='ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=10'
		export GIT_SSH_COMMAND
	fi
	GIT_HTTP_LOW_SPEED_LIMIT=1 GIT_HTTP_LOW_SPEED_TIME=30
	export GIT_HTTP_LOW_SPEED_LIMIT GIT_HTTP_LOW_SPEED_TIME
}

# Whether the setting $1 (section and key in small letters) has a value in the repository at hand. All of them are
# asked for once in each folder: a worktree may have its own.
is_set() {
	if [ "$PWD" = "${repository-}" ]; then
		settings=${settings_here-}
		[ -n "$settings" ] || settings=$(git config --list --name-only 2>/dev/null)
		settings_here=$settings
	elif [ "${settings_of-}" = "$PWD" ]; then
		settings=$settings_there
	else
		settings=$(git config --list --name-only 2>/dev/null)
		settings_of=$PWD settings_there=$settings
	fi
	case $newline$settings$newline in *"$newline$1$newline"*) return 0 ;; *) return 1 ;; esac
}

# Of the folder at hand: its git folder in $own_folder, the shared one in $common_of, and in $prefix its way down from
# the topmost folder. False: $reason says why.
read_folders() {
	own_folder='' common_of=''
	reason=$(git rev-parse --show-prefix --absolute-git-dir --git-common-dir 2>&1) || return
	prefix=${reason%%"$newline"*}
	reason=${reason#*"$newline"}
	own_folder=${reason%%"$newline"*}
	common_of=${reason#*"$newline"}
	own_folder_of=$PWD
	case $common_of in
	.git | "$own_folder") common_of=$own_folder ;;
	*) common_of=$(cd -- "$common_of" && pwd -P) ;;
	esac
}

# The git folder of the worktree at hand, in $own_folder.
read_own_folder() {
	[ "$PWD" != "${repository-}" ] || [ -z "${repository_folder-}" ] || own_folder=$repository_folder own_folder_of=$PWD
	[ "${own_folder_of-}" != "$PWD" ] || return 0
	own_folder=$(git rev-parse --absolute-git-dir) && own_folder_of=$PWD
}

# What is checked out in the worktree of git folder $1, in $head; empty when it is no branch.
read_head() {
	head=
	{ IFS= read -r head <"$1/HEAD"; } 2>/dev/null
	case $head in
	# With reftable, it stands elsewhere.
	'ref: refs/heads/.invalid') head=$(git symbolic-ref -q HEAD) ;;
	'ref: '*) head=${head#ref: } ;;
	*) head=$(git symbolic-ref -q HEAD) ;;
	esac
}

# Goes to the repository at $1, its topmost folder; its shared git folder is then in $common.
open_repository() {
	place "$1"
	cd -P -- "$at" 2>/dev/null || fail repository-missing "side=$side" "path=$1"
	if ! read_folders; then
		case $reason in
		*'not a git repository'*) fail repository-missing "side=$side" "path=$1" ;;
		*) fail repository-unreadable "side=$side" "path=$1" "reason=$(gist "$reason")" ;;
		esac
	fi
	# Else it is a plain folder inside some other repository.
	[ -z "$prefix" ] || fail repository-missing "side=$side" "path=$1"
	repository=$PWD
	repository_folder=$own_folder
	common=$common_of
}

common_folder() {
	cd -- "$(git rev-parse --git-common-dir)" && pwd -P
}

# From the clone: goes to its worktree at $1 where branch $2 must be checked out. False: $found says why.
enter_worktree() {
	found='nothing is there'
	place "$1"
	cd -P -- "$at" 2>/dev/null || return
	found='it is no worktree of this clone'
	read_folders && [ -z "$prefix" ] && [ "$common_of" = "$common" ] || return
	read_head "$own_folder"
	found=${head:-no branch}
	[ "$found" != "refs/heads/$2" ] || return 0
	found="${found#refs/heads/} is checked out there"
	return 1
}

# As above, or ends.
open_worktree() {
	enter_worktree "$1" "$2" || fail worktree-missing "side=$side" "path=$1" "branch=$2" "reason=$found"
}

# Where branch ref $1 is checked out, in $tree; empty when nowhere.
read_tree_of() {
	tree=
	listed=
	while IFS= read -r line; do
		case $line in
		'worktree '*) listed=${line#worktree } ;;
		"branch $1") tree=$listed ;;
		esac
	done <<-END
		$(git worktree list --porcelain)
	END
}

# The commit that ref $1 is at, in $commit_at; empty when there is none.
read_commit() {
	commit_at=$(git rev-parse -q --verify "$1^{commit}" 2>/dev/null) || commit_at=
}

# The commits that branches $1 and $2 are at, in $commit_at and $commit_also; empty when there is none.
read_commits() {
	commit_at='' commit_also=''
	both=$(git for-each-ref '--format=%(objectname) %(refname)' "refs/heads/$1" "refs/heads/$2" 2>/dev/null)
	while IFS=' ' read -r one_commit one_ref; do
		case $one_ref in
		"refs/heads/$1") commit_at=$one_commit ;;
		"refs/heads/$2") commit_also=$one_commit ;;
		esac
	done <<-END
		$both
	END
}

# Whether commit $2 is reachable from $1. What was found out of two commits is not asked again.
contains() {
	case $1/$2 in
	*[!0-9a-f/]*)
		git merge-base --is-ancestor "$2" "$1" 2>/dev/null
		return
		;;
	esac
	case ${contained-} in
	*" $1/$2=0 "*) return 0 ;;
	*" $1/$2=1 "*) return 1 ;;
	esac
	git merge-base --is-ancestor "$2" "$1" 2>/dev/null
	contains_code=$?
	[ "$contains_code" -gt 1 ] || contained="${contained- } $1/$2=$contains_code "
	return "$contains_code"
}

# Git prints names ended by NUL; the tools at hand want lines. A line break in a name becomes \001.
as_lines() {
	tr '\n\000' '\001\n'
}

as_names() {
	tr '\001\n' '\n\000'
}

# What a line break in a name is in our lists.
line_break=$(printf '\001')

# The file that a line of a list names, in $file.
read_name() {
	file=$1
	case $file in
	*"$line_break"*)
		file=$(printf '%s/' "$file" | tr '\001' '\n')
		file=${file%/}
		;;
	esac
}

# A list is names ended by NUL, then an end: a lone slash, which is no file's name, or after a failure a slash and
# the reason. A list without an end was cut off, and a part must not pass for all.

# Runs "$@", which prints names so, and prints an end only when it failed.
listing() {
	{ listing_said=$("$@" 2>&1 >&3); } 3>&1
	listing_code=$?
	[ "$listing_code" -eq 0 ] && return
	printf '/%s (exit code %s)\000' "$(gist "$listing_said")" "$listing_code"
	return "$listing_code"
}

end_list() {
	printf '/\000'
}

# The names of list $1, a line each and its end among them, in $whole.
read_whole() {
	case $1 in
	*"$newline/") whole=${1%"$newline/"} ;;
	/) whole= ;;
	*)
		reason=$(printf '%s\n' "$1" | tail -n 1 | sed -n 's|^/||p')
		fail git-failed "side=$side" 'what=list files' "reason=${reason:-it ended early}"
		;;
	esac
}

newline='
'

# What the worktree at hand is in the middle of, in $ongoing; empty when nothing.
read_ongoing() {
	ongoing=
	read_own_folder
	for what in MERGE_HEAD=merge rebase-merge=rebase rebase-apply=rebase CHERRY_PICK_HEAD=cherry-pick \
		REVERT_HEAD=revert; do
		[ ! -e "$own_folder/${what%=*}" ] || ongoing=${what#*=}
	done
}

refuse_ongoing() {
	read_ongoing
	[ -z "$ongoing" ] || fail merge-in-progress "side=$side" "what=$ongoing" "path=$(pwd -P)"
}

# Git's own lock on the worktree at hand: another git may be at work for a moment, or was killed.
refuse_locked() {
	read_own_folder
	lock=$own_folder/index.lock
	tries=0
	while [ -e "$lock" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 25 ] || fail_locked "$lock"
		nap 0.2
	done
}

# Ends with the lock $1 on the worktree at hand, and who has it where that can be told.
fail_locked() {
	holder=$(holder_of "$1")
	[ -n "$holder" ] || holder=$(git_at_work)
	set -- repository-busy "side=$side" "path=$(pwd -P)" "lock=$1"
	[ -z "$holder" ] || set -- "$@" "owner=$holder"
	fail "$@"
}

# The process that has file $1 open, such as `git (process 4242)`; empty where that cannot be told.
holder_of() {
	if [ -d /proc/self/fd ]; then
		holder=$(
			# shellcheck disable=SC2012 # what is to be read is where the links lead
			ls -l /proc/[0-9]*/fd 2>/dev/null | FILE=" -> $1" awk '
				/^\/proc\/[0-9]+\/fd:$/ { split($0, part, "/"); next }
				substr($0, length($0) - length(ENVIRON["FILE"]) + 1) == ENVIRON["FILE"] { print part[3]; exit }'
		)
		program=
		[ -z "$holder" ] || { IFS= read -r program <"/proc/$holder/comm"; } 2>/dev/null
	else
		found=$(limited 3 lsof -w -F pc -- "$1" 2>/dev/null)
		holder=$(printf '%s\n' "$found" | sed -n 's/^p//p' | head -n 1)
		program=$(printf '%s\n' "$found" | sed -n 's/^c//p' | head -n 1)
	fi
	[ -z "$holder" ] || printf '%s (process %s)\n' "${program:-a program}" "$holder"
}

# A git in the worktree at hand, as above: while a person writes the message of a commit, git has closed its lock and
# keeps it. Whoever takes no locks, as our own reading, is no owner.
git_at_work() {
	here=$(pwd -P)
	for at_work in /proc/[0-9]*; do
		program=
		{ IFS= read -r program <"$at_work/comm"; } 2>/dev/null
		if [ "$program" = git ] && [ "$(readlink "$at_work/cwd" 2>/dev/null)" = "$here" ] &&
			! grep -qa GIT_OPTIONAL_LOCKS=0 "$at_work/environ" 2>/dev/null; then
			printf 'git (process %s)\n' "${at_work#/proc/}"
			return
		fi
	done
}

# What the hub has at branch $2, in $commit_at; empty when it has none.
read_hub() {
	network_surroundings
	is_set "remote.$1.url" || fail hub-missing "side=$side" "hub=$1"
	said=$(git ls-remote -- "$1" "refs/heads/$2" 2>&1) ||
		fail hub-unreachable "side=$side" "hub=$1" "reason=$(gist "$said")"
	commit_at=$(printf '%s\n' "$said" | sed -n 's|^\([0-9a-f]\{40,64\}\)	refs/heads/.*|\1|p' | head -n 1)
}

# Whether commit $1 is here with all that belongs to it. A fetch that was killed may leave a commit without its
# files, since it unpacks one object after another; what a ref reaches is known to be whole.
has_commit() {
	git rev-list --objects --quiet --missing=allow-promisor "$1" --not --all -- 2>/dev/null
}

# Has commit $3 here, from branch $2 of hub $1 when it is not here yet.
fetch_commit() {
	has_commit "$3" && return
	network_surroundings
	is_set "remote.$1.url" || fail hub-missing "side=$side" "hub=$1"
	note "ref refs/remotes/$1/$2"
	note "folder $common"
	said=$(guard git fetch -q --no-tags --no-recurse-submodules -- "$1" "refs/heads/$2" 2>&1) ||
		fail hub-unreachable "side=$side" "hub=$1" "reason=$(gist "$said")"
	has_commit "$3" || fail moved-meanwhile "what=$2 on the hub" "side=$side"
}
