# Functions that keep how a repository was before an operation changes it; put after git-move.
#
# In refs/hawser/safety/<operation>/<number>/ of that repository, one number for each change of one branch, from 1 on.
# A number holds a single branch, so the names of branches never stand in each other's way:
#   head/<branch>   the commit it was at
#   after/<branch>  the commit it was taken to; written before it goes there
#   index           of the worktree where it is checked out: the index, as a commit on HEAD
#   tree            and the files, as another: with those that nobody tracks, without ignored ones. Its message names
#                   what was left out. Both are HEAD itself where nothing was changed. Only the first number of a
#                   branch in one run of a script has these two: what comes after it is ours.
#   after-index     what an undo left, as trees: files that the commit does not have
#   after-tree
# Of a branch that was made there is no head, but made/<branch>, the commit it was made at; of one that was taken away
# gone/<branch> in place of after. What only the reflog of something that goes has is kept with it, as the parents of
# one commit: logged/<branch>, and for a worktree the next two.
#   added           a worktree was made: a commit on its head; its message says where, see git-worktrees-undo
#   removed         one was removed; the same, with its reflog's commits
# 0/undoes/<operation> is there when the operation undoes another one, and 0/ended when it came to its end here.

# Files over so many bytes that nobody tracks are only named.
biggest_kept=52428800
# How long and how many operations are kept; the one that is under way always is.
kept_days=30 kept_operations=50

safety_read='' safety_refs='' safety_number=0 kept=' '

# The next number of our operation, as the beginning of its refs in $entry.
next_entry() {
	[ -n "${operation-}" ] || fail git-failed "side=$side" 'what=keep how it is' 'reason=the operation has no name'
	read_safety
	safety_number=$((safety_number + 1))
	entry=refs/hawser/safety/$operation/$safety_number
	note "folder $common"
}

# Keeps branch ref $1, which is at commit $2 and is to go to $3 (empty: a commit that is about to be made, see
# keep_end), and the worktree $4 where it is checked out (empty: nowhere). $5: more refs, lines "NAME ID".
keep() {
	next_entry
	keeping="create $entry/head/${1#refs/heads/} $2"
	[ -z "$3" ] || keeping="$keeping${newline}create $entry/after/${1#refs/heads/} $3"
	[ -z "${5-}" ] || keeping="$keeping$newline$(printf '%s\n' "$5" | sed "s|^|create $entry/|")"
	case $kept in
	*" $1 "*) ;;
	*)
		kept="$kept$1 "
		if [ -d "$4" ]; then
			kept_worktree=$(join_journal && cd -P -- "$4" && keep_worktree "$2") || {
				kept_code=$?
				# Not what is kept, but the problem.
				[ -z "$kept_worktree" ] || printf '%s\n' "$kept_worktree"
				exit "$kept_code"
			}
			keeping="$keeping$newline$kept_worktree"
		fi
		;;
	esac
	if [ -z "$3" ]; then
		note "ref $1"
		note "keeping $entry $1"
		# By this a commit is known as ours, should we be killed before keep_end.
		GIT_REFLOG_ACTION="hawser $operation"
		export GIT_REFLOG_ACTION
	fi
	keep_refs "$keeping"
}

# Makes refs, as `git update-ref --stdin` takes them.
keep_refs() {
	said=$(printf '%s\n' "$1" | guard git update-ref --stdin 2>&1) || fail_keep "$said"
}

# The commit that was about to be made is there.
keep_end() {
	keep_after "$entry" "$1"
	note kept
	unset GIT_REFLOG_ACTION
}

keep_after() {
	read_commit "$1/head/${2#refs/heads/}"
	was=$commit_at
	read_commit "$2"
	[ "$commit_at" = "$was" ] ||
		said=$(guard git update-ref "$1/after/${2#refs/heads/}" "$commit_at" 2>&1) || fail_keep "$said"
}

# A killed owner's commit: the next change of the branch may be somebody else's.
recover_kept() {
	# shellcheck disable=SC2016 # for sed
	left=$(sed -n -e '/^keeping /h' -e '/^kept$/{s/.*//;h;}' -e '${x;s/^keeping //p;}' "$journal") || exit
	[ -n "$left" ] || return 0
	kept_by=${left#refs/hawser/safety/}
	case $(git log -g -1 --format=%gs "${left#* }" -- 2>/dev/null) in
	"hawser ${kept_by%%/*}: "*) keep_after "${left%% *}" "${left#* }" ;;
	esac
	note kept
}

# --- branches that come and go ---

# Makes branch ref $1, which is not there, at commit $2; that it was made is kept first. $3 goes to the reflog. False:
# $said says why not.
make_branch() {
	next_entry
	keep_refs "create $entry/made/${1#refs/heads/} $2"
	note "ref $1"
	said=$(guard git update-ref -m "$3" "$1" "$2" '' 2>&1)
}

# Takes away branch ref $1, which is at commit $2 and checked out nowhere; it is kept first. False: $said says why not.
drop_branch() {
	next_entry
	keeping="create $entry/head/${1#refs/heads/} $2${newline}create $entry/gone/${1#refs/heads/} $2"
	read_logged "$2" "$1"
	if [ -n "$logged" ]; then
		commit_of "$2" "What only the reflog of $1 has" || fail_keep "$said"
		keeping="$keeping${newline}create $entry/logged/${1#refs/heads/} $said"
	fi
	keep_refs "$keeping"
	note "ref $1"
	note 'ref packed-refs'
	said=$(guard git update-ref -d "$1" "$2" 2>&1)
}

# The commits that only the reflog of ref $2 has, $1 aside, in $logged: no more than are needed to reach them all.
# `$3`: the git folder that the reflog is in, where it is not the one at hand.
read_logged() {
	logged=$(git ${3:+"--git-dir=$3"} log -g --format=%H "$2" -- 2>/dev/null | sort -u |
		git rev-list --parents --ignore-missing --stdin --not "$1" --branches --remotes --tags -- 2>/dev/null |
		awk '{ own[NR] = $1; for (n = 2; n <= NF; n++) parent[$n] }
			END { for (n = 1; n <= NR; n++) if (!(own[n] in parent)) print own[n] }')
}

# A commit on $1 and all that $logged names, with the files of $1 and the message $2; its id in $said.
commit_of() {
	commit_on=$1 message=$2
	set -- -p "$1"
	for logged_one in $logged; do set -- "$@" -p "$logged_one"; done
	said=$(printf '%s\n' "$message" | guard env GIT_AUTHOR_NAME=Hawser GIT_AUTHOR_EMAIL=hawser@localhost \
		GIT_COMMITTER_NAME=Hawser GIT_COMMITTER_EMAIL=hawser@localhost \
		git -c i18n.commitEncoding=UTF-8 commit-tree "$@" "$commit_on^{tree}" 2>/dev/null)
}

fail_keep() {
	fail git-failed "side=$side" 'what=keep how it is' "reason=$(gist "$1")"
}

# --- a worktree ---

# In a worktree at commit $1: prints the refs that keep its index and files, for update-ref. Nothing of it is changed.
keep_worktree() {
	read_own_folder
	folder=$own_folder
	note "folder $folder"
	read_whole "$({
		listing git --no-optional-locks status --porcelain=v1 -z --no-renames --untracked-files=all \
			--ignored=no --ignore-submodules=dirty && end_list
	} | tr '\n\000' '\001\n')"
	index_commit=$1 files_commit=$1 no_filters=
	if [ -n "$whole" ]; then
		state=$whole
		index=$folder/hawser-index.$owner.keep
		guard cp -p "$folder/index" "$index" 2>/dev/null || fail_keep "$folder/index cannot be copied"
		! printf '%s\n' "$state" | grep -q '^[^ ?]' || keep_index "$1"
		keep_files "$1"
		discard "$index" "$index".*
	fi
	printf "create $entry/%s %s\n" index "$index_commit" tree "$files_commit"
}

keep_index() {
	index_commit=$(echo 'The index before it was changed' | commit_kept "$1" 2>&1) || fail_keep "$index_commit"
}

keep_files() {
	printf '%s\n' "$state" | sed 's/^...//' | sort >"$index.names"
	printf '%s\n' "$state" | sed -n 's/^?? //p' >"$index.untracked"
	{
		grep '/$' "$index.untracked" # another repository
		unreadable <"$index.names"
		grep -v '/$' "$index.untracked" | too_big
	} | sort -u >"$index.out"
	# Gone, or cut off by a link in place of a folder.
	printf '%s\n' "$state" | sed -n -e 's/^.D //p' -e 's/^D  //p' | sort >"$index.gone"
	comm -23 "$index.names" "$index.out" | comm -23 - "$index.gone" | as_names >"$index.in"
	add_kept >"$index.said" 2>&1 || {
		no_filters=$(unfiltered)
		# shellcheck disable=SC2086 # a list of words
		add_kept $no_filters >"$index.said" 2>&1
	} || fail_keep "$(cat "$index.said")"
	files_commit=$({
		printf 'The files of %s before they were changed\n' "$(pwd -P)"
		[ ! -s "$index.out" ] || printf '\nToo big, unreadable or a repository, so not in here:\n'
		sed 's/^/  /' "$index.out"
	} | commit_kept "$1" 2>&1) || fail_keep "$files_commit"
}

# What a filter such as Git LFS makes of a file is kept as git keeps it; without the filter, the file itself.
add_kept() {
	as_names <"$index.gone" | guard env "GIT_INDEX_FILE=$index" git "$@" update-index -z --force-remove --stdin &&
		guard env "GIT_INDEX_FILE=$index" git -c core.safecrlf=false "$@" \
			update-index -z --add --replace --remove --stdin <"$index.in"
}

unfiltered() {
	git config --name-only --get-regexp '^filter\..*\.(clean|process|required)$' | grep -v '[[:space:]*?[]' |
		sed -e 's/^/-c /' -e '/required$/!s/$/=/' -e 's/required$/required=false/'
}

# A commit of our index on commit $1, its message on stdin. A person's settings for commits do not count here.
commit_kept() {
	# It looks at files anew that were changed within the index's own second, so through the same filters.
	# shellcheck disable=SC2086 # a list of words
	kept_tree=$(guard env "GIT_INDEX_FILE=$index" git $no_filters write-tree 2>&1) || {
		printf '%s\n' "$kept_tree"
		return 1
	}
	guard env GIT_AUTHOR_NAME=Hawser GIT_AUTHOR_EMAIL=hawser@localhost GIT_COMMITTER_NAME=Hawser \
		GIT_COMMITTER_EMAIL=hawser@localhost git -c i18n.commitEncoding=UTF-8 commit-tree -p "$1" "$kept_tree" 2>/dev/null
}

# Of the files on stdin those that cannot be read.
unreadable() {
	while IFS= read -r name; do
		read_name "$name"
		[ -L "$file" ] || [ ! -f "$file" ] || [ -r "$file" ] || printf '%s\n' "$name"
	done
}

too_big() {
	small=$(sed 's|^|./|')
	# shellcheck disable=SC2016 # for the inner shell
	[ -z "$small" ] || printf '%s\n' "$small" | as_names |
		xargs -0 sh -c 'find "$@" -prune -type f -size +"$0"c -print0' "$biggest_kept" | as_lines | sed 's|^\./||'
}

# --- what is there already ---

# All safety refs as they were when we began, in $safety_refs; the last number of our operation.
read_safety() {
	[ -z "$safety_read" ] || return 0
	safety_refs=$(git for-each-ref '--format=%(refname)' refs/hawser/safety/ 2>&1) || fail_keep "$safety_refs"
	safety_number=$(printf '%s\n' "$safety_refs" |
		awk -F/ -v operation="$operation" '$4 == operation && $5 + 0 > most { most = $5 + 0 } END { print most + 0 }')
	safety_read=yes
}

# Removes what is too old or one too many. Ages are counted from our operation's name, so by the laptop's clock alone,
# which gave all of them their names. What cannot be removed now is when an operation ends next.
prune_safety() {
	[ -n "$safety_read" ] || return 0
	outdated=$(printf '%s\n' "$safety_refs" | awk -F/ -v now="$operation" -v days="$kept_days" -v most="$kept_operations" '
		function day(name, y, m) {
			if (name !~ /^[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9][0-9]*Z/) return 0
			y = substr(name, 1, 4); m = substr(name, 5, 2)
			if (m <= 2) { y--; m += 12 }
			return 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + \
				substr(name, 7, 2) + (substr(name, 10, 2) * 3600 + substr(name, 12, 2) * 60 + substr(name, 14, 2)) / 86400
		}
		$4 == "" || $4 == now { next }
		!($4 in place) { place[$4] = ++count }
		{ of[$0] = $4 }
		END {
			today = day(now)
			for (ref in of) {
				born = day(of[ref])
				if (count - place[of[ref]] + 2 > most || (today && born && today - born > days)) print "delete " ref
			}
		}')
	[ -n "$outdated" ] || return 0
	note "folder $common"
	note 'ref packed-refs'
	printf '%s\n' "$outdated" | guard git update-ref --stdin >/dev/null 2>&1 || :
}
