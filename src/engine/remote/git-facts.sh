# Facts of the workstation's clone, without changing anything.
# Arguments: most repository worktree hub base validation, then result globs. The hub `direct` is none. A list of
# files holds the first $most names, or all of them when that is empty; its count is always that of all.

# One git for all of them.
git_refs() {
	incoming=refs/hawser/incoming/$base
	hub_base=refs/remotes/$hub/$base hub_validation=refs/remotes/$hub/$validation
	[ "$hub" != direct ] || hub_base=$incoming hub_validation=$incoming
	refs=$(git for-each-ref '--format=%(objectname) %(refname)' "refs/heads/$base" "refs/heads/$validation" \
		"$incoming" "$hub_base" "$hub_validation" 2>/dev/null)
	base_at='' validation_at=''
	while IFS=' ' read -r commit_at ref; do
		case $ref in
		"refs/heads/$base") base_at=$commit_at && say git.ref base "$commit_at" ;;
		"refs/heads/$validation") validation_at=$commit_at && say git.ref validation "$commit_at" ;;
		"$incoming") say git.ref incoming "$commit_at" ;;
		"$hub_base") say git.ref hub-base "$commit_at" ;;
		"$hub_validation") say git.ref hub-validation "$commit_at" ;;
		esac
	done <<-END
		$refs
	END
	[ -n "$base_at" ] || say problem branch-missing "side=$side" "branch=$base"
	[ -n "$validation_at" ] || say problem branch-missing "side=$side" "branch=$validation"
}

# Where an operation of ours left marks, and the branch of a move that it neither ended nor undid.
git_journal() {
	# shellcheck disable=SC2016 # for sed
	left=$(sed -n -e '/^move /h' -e '/^moved$/{s/.*//;h;}' -e '${x;s/^move //p;}' "$common/hawser-journal" 2>/dev/null)
	# shellcheck disable=SC2086 # a commit, another one, four trees, and the ref, whose name holds no blank
	set -- $left
	say git.journal "$common/hawser-journal" "${7-}"
}

git_lines() {
	sed -e '/^$/d' -e "s/^/git.$1	/"
}

# Lines on stdin, at most $most of them, as records git.$1; then their number as git.$1-count.
git_files() {
	awk -v name="git.$1" -v most="$most" '
		/^$/ { next }
		most == "" || count < most { print name "\t" $0 }
		{ count++ }
		END { print name "-count\t" count + 0 }'
}

# How the worktree at hand stands: git.tree with its path, what was begun there ($begun), and whether no branch is
# checked out. Git's own lock follows when it has stayed for longer than a moment.
git_standing() {
	read_own_folder || return
	git_folder=$own_folder
	begun=
	for sign in BISECT_LOG=bisect sequencer/todo=cherry-pick REVERT_HEAD=revert CHERRY_PICK_HEAD=cherry-pick \
		MERGE_HEAD=merge rebase-apply=rebase 'rebase-apply/applying=patch series' rebase-merge=rebase; do
		[ ! -e "$git_folder/${sign%=*}" ] || begun=${sign#*=}
	done
	# With reftable these two are refs and no files.
	if [ -z "$begun" ] && [ -d "$common/reftable" ]; then
		! git rev-parse -q --verify CHERRY_PICK_HEAD >/dev/null || begun=cherry-pick
		! git rev-parse -q --verify REVERT_HEAD >/dev/null || begun=revert
	fi
	detached=
	read_head "$git_folder"
	[ -n "$head" ] || detached=detached
	say git.tree "$PWD" "$begun" "$detached"
	if has_stayed "$git_folder/index.lock"; then
		say git.lock "$PWD" "$git_folder/index.lock" "$(holder_of "$git_folder/index.lock")"
	fi
}

# What was begun in the worktree at hand keeps its branch from being moved. A bisection has let go of it.
git_begun() {
	[ -z "$begun" ] || [ "$begun" = bisect ] || say git.ongoing "$begun" "$PWD"
}

# Whether file $1 was last written more than a moment ago; a time that lies ahead says nothing.
has_stayed() {
	[ -e "$1" ] || return
	written=$(stat -c %Y "$1" 2>/dev/null || stat -f %m "$1" 2>/dev/null) || return 0
	age=$(($(date +%s) - written))
	[ "$age" -lt 0 ] || [ "$age" -gt 2 ]
}

# Changed and untracked files of the worktree at hand, without what the result globs "$@" name. One git for both.
git_status() {
	glob_count=$#
	while [ "$glob_count" -gt 0 ]; do
		set -- "$@" ":(exclude,glob)$1"
		shift
		glob_count=$((glob_count - 1))
	done
	{
		listing git --no-optional-locks status --porcelain=v2 -z --no-renames --untracked-files=all \
			--ignore-submodules=dirty -- . "$@" && end_list
	} | as_lines | awk -v most="$most" -v few="${most:-100}" '
		function listed(name, fields) {
			limit = name == "untracked" ? few : most
			if (++count[name] > limit + 0 && limit != "") return
			for (; fields > 0; fields--) sub(/^[^ ]* /, "")
			print "git." name "\t" $0
		}
		/^1 / && !/^1 [.][^ ]* S/ { listed("changed", 8) } # else a submodule elsewhere than its pointer: see git-lib
		/^u / { listed("changed", 10) }
		/^[?] / { listed("untracked", 1) }
		{ last = $0 }
		END {
			print "git.changed-count\t" count["changed"] + 0
			print "git.untracked-count\t" count["untracked"] + 0
			if (last != "/") print "problem\tgit-failed\tside=The workstation\twhat=list files\treason=" \
				(last ~ /^\/./ ? substr(last, 2) : "it ended early")
		}'
}

git_facts() {
	side='The workstation'
	most=$1
	shift
	worktree=$2 hub=$3 base=$4 validation=$5
	git_surroundings
	say git.version "$git_version"
	open_repository "$1"
	shift 5
	say git.path "$repository"
	[ ! -e "$common/hawser-journal" ] || git_journal
	git_refs
	[ "$hub" = direct ] || is_set "remote.$hub.url" || say problem hub-missing "side=$side" "hub=$hub"
	git rev-list --parents -n 200 "refs/heads/$validation" -- 2>/dev/null | git_lines line
	git_log commit "refs/heads/$base..refs/heads/$validation"
	git_log base-commit "refs/heads/$base" --not "refs/heads/$validation" --remotes
	git_trees "$@"
}

# The newest few commits of a range as records git.$1, and how many there are.
git_log() {
	[ "$base_at" != "$validation_at" ] || return 0
	kind=$1
	shift
	logged=$(git -c i18n.logOutputEncoding=UTF-8 log --no-show-signature --no-color --no-decorate -n 20 \
		--format='%H%x09%ct%x09%<(100,trunc)%an%x09%<(250,trunc)%s' "$@" -- 2>/dev/null)
	[ -n "$logged" ] || return 0
	printf '%s\n' "$logged" | git_lines "$kind"
	[ "$kind" = commit ] || say git.base-count "$(git rev-list --count "$@" -- 2>/dev/null)"
}

git_trees() {
	stashes=0
	# Without the log of that ref there is none, but for where refs are kept in another way.
	if [ -e "$common/logs/refs/stash" ] || [ -d "$common/reftable" ]; then
		stashes=$(git rev-list --walk-reflogs --count refs/stash -- 2>/dev/null) || stashes=0
	fi
	say git.stashes "$stashes"
	git_standing
	read_tree_of "refs/heads/$base"
	if [ -n "$tree" ] && cd -P -- "$tree" 2>/dev/null; then
		[ "$PWD" = "$repository" ] || git_standing
		git_begun
		read_whole "$(tracked_changes)"
		printf '%s\n' "$whole" | git_files clone-changed
	fi
	cd -- "$repository" || return
	if ! enter_worktree "$worktree" "$validation"; then
		case $found in
		'no branch' | *' is checked out there')
			git_standing
			# A rebase takes the branch off for as long as it lasts: that is no missing worktree.
			[ -z "$begun" ] || say problem merge-in-progress "side=$side" "what=$begun" "path=$(pwd -P)"
			;;
		esac
		say problem worktree-missing "side=$side" "path=$worktree" "branch=$validation" "reason=$found"
		return
	fi
	git_standing
	git_begun
	git_status "$@"
	read_results "$@"
	[ -n "$most" ] || [ -z "$results" ] || {
		sizes_of "$results" | git_lines size
		say git.result-mark "$(mark_of "$results")"
	}
	printf '%s\n' "$results" | git_files result
}

(git_facts "$@") </dev/null
