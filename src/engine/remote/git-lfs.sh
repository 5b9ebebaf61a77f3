# Contents that Git LFS keeps beside a repository, on their way over the link. Arguments: mode repository. On stdin
# a line "OID SIZE" for each that is asked about, then an empty one.
#   lacks: prints `lacks OID SIZE` for each that is not here. Changes nothing.
#   take: the same, then `ready`; then the contents of those are read from stdin, one right after the other. Each
#         gets its place only when it is whole and is what its name says.
#   give: prints `has OID SIZE` for each that is here, then `ready`, then the contents of those.
# A content's name is its SHA-256, so one that is there never has to be written again.

# Where they are: see `lfs.storage` in git-lfs-config(5).
read_store() {
	store=$(git config --type=path lfs.storage 2>/dev/null) || store=
	case $store in
	'') store=$common/lfs ;;
	/*) ;;
	*) store=$common/$store ;;
	esac
}

# What is asked about, a line each, in $asked.
read_asked() {
	asked=$(
		while IFS= read -r line; do
			[ -n "$line" ] || exit 0
			printf '%s\n' "$line"
		done
		exit 1
	) || fail git-failed "side=$side" 'what=read the list of contents' 'reason=it ended early'
	case $asked in *[!0-9a-f\ "$newline"]*)
		fail git-failed "side=$side" 'what=read the list of contents' 'reason=it holds something else'
		;;
	esac
}

# Of the lines in $asked those whose content is here in full, in $present, and the others in $lacking.
split_asked() {
	present='' lacking=$asked
	[ -n "$asked" ] && [ -d "$store/objects" ] || return 0
	sizes=$(cd -- "$store/objects" && printf '%s\n' "$asked" |
		sed 's|^\(..\)\(..\)\([^ ]*\) .*|\1/\2/\1\2\3|' | xargs wc -c 2>/dev/null |
		sed -n 's|^ *\([0-9]*\) ../../\([0-9a-f]\{64\}\)$|\2 \1|p')
	present=$(of_both yes)
	lacking=$(of_both '')
}

# The lines in $asked that are among $sizes too, or with '' those that are not.
of_both() {
	printf '%s\n\n%s\n' "$sizes" "$asked" | awk -v wanted="$1" '
		$0 == "" { past = 1; next }
		!past { there[$0]; next }
		($0 in there) == (wanted != "")'
}

each_as() {
	[ -z "$2" ] || printf '%s\n' "$2" | sed -e "s/^/$1	/" -e 's/ /	/'
}

# The content at $1 in $place.
place_of() {
	rest=${1#??}
	place=$store/objects/${1%"$rest"}/${rest%"${rest#??}"}/$1
}

sha256_of() {
	{ sha256sum <"$1" || shasum -a 256 <"$1" || openssl dgst -sha256 -r <"$1"; } 2>/dev/null | sed 's/ .*//'
}

# The next $2 bytes of stdin as content $1. Git LFS itself clears its folder for what is not whole yet; the name is
# as it has them there.
take_one() {
	place_of "$1"
	part=$store/tmp/$1-hawser.$$
	said=$({ mkdir -p "$store/tmp" "${place%/*}" && head -c "$2" >"$part"; } 2>&1) ||
		fail git-failed "side=$side" 'what=keep what Git LFS has' "reason=$(gist "$said")"
	[ "$(($(wc -c <"$part")))" -eq "$2" ] ||
		fail git-failed "side=$side" 'what=take in what Git LFS has' 'reason=it was cut off'
	[ "$(sha256_of "$part")" = "$1" ] || fail lfs-damaged 'side=The laptop' "content=$1"
	sync -d "$part" 2>/dev/null
	said=$(mv -f "$part" "$place" 2>&1) ||
		fail git-failed "side=$side" 'what=keep what Git LFS has' "reason=$(gist "$said")"
	part=
	say took "$1"
}

lfs_take() {
	part=
	trap '[ -z "$part" ] || rm -f "$part"' EXIT
	trap 'exit 1' HUP INT TERM PIPE
	each_as lacks "$lacking"
	say ready
	[ -n "$lacking" ] || return 0
	# The list on another descriptor: stdin is the contents.
	while IFS=' ' read -r oid size <&3; do take_one "$oid" "$size"; done 3<<-END
		$lacking
	END
}

lfs_give() {
	each_as has "$present"
	say ready
	[ -n "$present" ] || return 0
	while IFS=' ' read -r oid size; do
		place_of "$oid"
		head -c "$size" "$place" || exit
	done <<-END
		$present
	END
}

git_lfs() {
	side='The workstation'
	git_version=unasked
	git_surroundings
	open_repository "$2"
	read_store
	read_asked
	split_asked
	case $1 in
	lacks) each_as lacks "$lacking" ;;
	take) lfs_take ;;
	give) lfs_give ;;
	esac
}

(git_lfs "$@")
