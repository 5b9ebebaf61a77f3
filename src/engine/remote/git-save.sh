# Commits what was changed in the laptop's repository on the branch that is checked out there, as `git commit` does.
# Arguments: mode operation repository base untracked limit message. With `untracked` files that git does not know
# yet come too, ignored ones never; a file over `limit` bytes stops it (0: none does); in `message` \036 stands for
# a line break. Mode check changes nothing, apply commits. Result: the commit at base, and how many files it took.

# What would be committed, a line each, in $files.
save_files() {
	kind=no
	[ -z "$untracked" ] || kind=all
	read_whole "$({
		listing git --no-optional-locks status --porcelain=v2 -z --no-renames "--untracked-files=$kind" \
			--ignore-submodules=dirty && end_list
	} | as_lines)"
	case "$newline$whole" in *"${newline}u "*) fail merge-in-progress "side=$side" what=merge "path=$repository" ;; esac
	# A folder among the unknown files is a repository of its own: git would take it for a submodule.
	files=$(printf '%s\n' "$whole" |
		sed -n -e 's/^1 \([^ ]* \)\{7\}//p' -e '/^? .*\/$/d' -e 's/^? //p')
	# Of these the ones that are gone, or that a link in place of a folder has cut off.
	gone=$(printf '%s\n' "$whole" | sed -n -e 's/^1 .D \([^ ]* \)\{6\}//p' -e 's/^1 D\. \([^ ]* \)\{6\}//p')
}

save_expect() {
	found=$(git symbolic-ref -q HEAD) || found='no branch'
	[ "$found" = "refs/heads/$base" ] ||
		fail not-on-branch "side=$side" "path=$repository" "branch=$base" "found=${found#refs/heads/}"
	refuse_ongoing
	refuse_locked
	save_files
	[ -n "$files" ] || return 0
	for who in GIT_AUTHOR_IDENT GIT_COMMITTER_IDENT; do
		said=$(git -c user.useConfigOnly=true var "$who" 2>&1 >/dev/null) || save_nobody "$said"
	done
	refuse_lfs_among "$files"
	refuse_heavy
}

save_nobody() {
	missing=user.name
	case $1 in *'no email'*) missing=user.email ;; esac
	fail identity-missing "side=$side" "setting=$missing"
}

# Of a file for LFS git keeps a few lines only.
refuse_heavy() {
	[ "$limit" -gt 0 ] || return 0
	heavy=$({
		printf '%s\n' "$files" | as_names | lfs_among
		printf '/\n%s\n' "$files"
	} | awk '$0 == "/" { own = 1; next } !own { lfs[$0] } own && !($0 in lfs)')
	refuse_over "$limit" "$heavy" commit-too-big
}

save_apply() {
	ref=refs/heads/$base
	read_commit "$ref"
	was=$commit_at
	if [ -z "$files" ]; then
		say result "$was" 0
		return
	fi
	note "ref $ref"
	note "folder $common"
	keep "$ref" "$was" '' "$repository"
	take_index
	printf '%s\n' "$gone" | sort >"$index.gone"
	[ -z "$gone" ] || said=$(as_names <"$index.gone" | git_at_index update-index -z --force-remove --stdin 2>&1) ||
		save_failed "$said"
	said=$(printf '%s\n' "$files" | sort | comm -23 - "$index.gone" | as_names |
		git_at_index update-index -z --add --remove --replace --stdin 2>&1) || save_failed "$said"
	if GIT_INDEX_FILE=$index.new git diff-index --cached --quiet HEAD -- 2>/dev/null; then
		# Nothing but times of files, or line ends that git does not store.
		install_index
		release_index
		say result "$was" 0
		return
	fi
	printf '%s\n' "$message" | tr '\036' '\n' >"$index.message"
	# From here on the commit may be there and its index not in place yet: see settle_commit.
	note "commit $was $owner $ref $folder"
	said=$(limited "$commit_seconds" git_at_index commit -q -F "$index.message" 2>&1)
	code=$?
	read_commit "$ref"
	[ "$commit_at" != "$was" ] || save_failed "$said" "$code"
	commit=$commit_at
	install_index
	release_index
	keep_end "$ref"
	say result "$commit" "$(printf '%s\n' "$files" | wc -l | tr -d ' ')"
}

# The index is as it was: git's own was never touched.
save_failed() {
	release_index
	[ "${2-}" != 124 ] || set -- "$commit_late"
	fail git-failed "side=$side" 'what=commit the changes' "reason=$(gist "$1")"
}

git_save() {
	side='The laptop'
	mode=$1 operation=$2 base=$4 untracked=$5 limit=$6 message=$7
	git_surroundings
	open_repository "$3"
	[ "$mode" = check ] || begin
	save_expect
	[ "$mode" = check ] || save_apply
}

(git_save "$@") </dev/null
