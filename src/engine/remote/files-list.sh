# shellcheck disable=SC2154 # some come from lib.sh
# Lists files of the folder $2: of all of it when $1 is `tree`, only those that come on the input, each `./PATH` and a
# NUL, when it is `paths`. $3 is the digest of a listing that is known, or empty. What follows are find's words: where
# to begin, and what to pass over.
#
# Prints records that end in a NUL: of the folder; `unread PATH` for each folder that could not be read, `broken TEXT`
# where the listing cannot be trusted; then `same` when the listing is the known one, or `entries MODE`, and after that
# the listing itself in the order of the paths' bytes, packed by gzip when MODE is that. Its last record is `end`.
# `beat` in between says that it still works. An entry is one of
#   f SIZE SECONDS.FRACTION MODE BLOCKS ./PATH
#   c SIZE SECONDS MODE BLOCKS DATE TIME.FRACTION ZONE ./PATH     (the same, as `stat -c` has it)
#   l SIZE SECONDS MODE BLOCKS ./PATH, \001, TARGET               (SIZE is that of the target)
#   d 0 0 0 0 ./PATH                                              (an empty folder)
#   o 0 0 0 0 ./PATH                                              (a socket, FIFO or device)

mode=$1 known=$3
place "$2"
shift 3
umask 077
LC_ALL=C
export LC_ALL

record() {
	printf '%s %s\000' "$1" "$2"
}

record home "$HOME"
[ ! -L "$at" ] || record link yes
# Free where the folder is, or where it would be.
disk=$at
while [ ! -d "$disk" ]; do
	case $disk in
	?*/*) disk=${disk%/*} ;;
	*) disk=/ ;;
	esac
done
record free "$(df -Pk "$disk" 2>/dev/null | awk 'NR == 2 { for (f = 5; f <= NF; f++) if ($f ~ /^[0-9]+%$/) print $(f - 1) }')"
if [ ! -d "$at" ]; then
	if [ -e "$at" ] || [ -L "$at" ]; then
		record exists other
	else
		record exists no
		# Where it will be once it is made: another folder there is then seen to be another.
		parent=$(cd "$disk" 2>/dev/null && pwd -P)
		rest=${at#"${disk%/}"}
		[ -z "$parent" ] || record root "${parent%/}/${rest#/}"
	fi
	exit 0
fi
if ! cd "$at" 2>/dev/null || ! [ -r . ]; then
	record exists denied
	exit 0
fi
record exists yes
record root "$(pwd -P)"
# shellcheck disable=SC2012 # one name that is no name
record inode "$(ls -di . | awk '{ print $1 }')"

is_number() {
	case $1 in *[!0-9]* | '') return 1 ;; esac
}

if find . -prune -printf '' >/dev/null 2>&1; then
	tools=gnu
elif is_number "$(stat -f %z . 2>/dev/null)"; then
	tools=bsd
elif is_number "$(stat -c %s . 2>/dev/null)"; then
	tools=stat
else
	record broken 'neither find nor stat tells sizes and times'
	exit 0
fi
record tools "$tools"

tmp=$(mktemp -d "${TMPDIR:-/tmp}/hawser-list.XXXXXX" 2>/dev/null) ||
	tmp=$(mkdir -p "$hawser" && mktemp -d "$hawser/list.XXXXXX" 2>/dev/null) || {
	record broken 'no temporary folder could be made'
	exit 0
}
beat=
trap '[ -z "$beat" ] || kill -KILL "$beat" 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM PIPE

# Says every few seconds that this goes on; when nobody hears it, all of it is ended.
(
	trap '' PIPE
	while sleep 3 >/dev/null 2>&1; do
		# Killed outright, it tells nobody: whoever waits for it would be told for ever that it works.
		kill -0 "$$" 2>/dev/null || exit
		printf 'beat \000' 2>/dev/null && continue
		trap '' TERM
		# shellcheck disable=SC2046 # a list of pids
		kill -TERM "$$" $(members "$$")
		exit
	done
) 2>/dev/null &
beat=$!

nl='
'
one=$(printf '\001')
export nl one
if [ "$mode" = paths ]; then
	only='-maxdepth 0' empty=
	cat >"$tmp/paths"
else
	only='' empty='-empty'
fi
export only empty

# --- the listing, each a text for sh, with find's words as its arguments ---

# shellcheck disable=SC2016,SC2089,SC2090 # they are read by a sh of their own
{

by_find='exec find "$@" $only \
	-type d $empty -printf "d 0 0 0 0 %p\0" -o -type d \
	-o -type f -printf "f %s %T@ %m %b %p\0" \
	-o -type l -printf "l %s %T@ 0 0 %p\001%l\0" \
	-o -printf "o 0 0 0 0 %p\0"'

# Names with line breaks go another way, one by one: stat ends what it prints with a line break.
by_stat='
	{
		find "$@" $only -path "*$nl*" \
			-o -type d $empty -exec sh -c "$each" d {} + -o -type d \
			-o -type f -exec stat $flag "$file" {} + \
			-o -type l -exec sh -c "$link" l {} + \
			-o -exec sh -c "$each" o {} + || echo "$?" >"$tmp/code"
	} | tr "\n" "\000"
	find "$@" $only ! -path "*$nl*" -o -type d ! $empty -o -exec sh -c "$odd" sh {} +'
[ -n "$empty" ] || by_stat=$(printf '%s\n' "$by_stat" | sed 's/-o -type d ! \$empty -o/-o/')
each='for f; do printf "%s 0 0 0 0 %s\n" "$0" "$f"; done'
case $tools in
bsd)
	flag=-f file='f %z %Fm %Lp %b %N' facts='f %z %Fm %Lp %b'
	link="exec stat -f 'l %z 0 0 0 %N$one%Y' \"\$@\""
	;;
*)
	flag=-c file='c %s %Y %a %b %y %n' facts='c %s %Y %a %b %y'
	link='for f; do
		t=$(readlink "$f") && printf "l %s 0 0 0 %s%s%s\n" "${#t}" "$f" "$one" "$t"
	done'
	;;
esac
odd='for f; do
	if [ -L "$f" ]; then
		t=$(readlink "$f"; echo x)
		t=${t%?x}
		printf "l %s 0 0 0 %s%s%s\000" "${#t}" "$f" "$one" "$t"
	elif [ -d "$f" ]; then
		printf "d 0 0 0 0 %s\000" "$f"
	elif [ -f "$f" ]; then
		v=$(stat $flag "$facts" "$f") && printf "%s %s\000" "$v" "$f"
	else
		printf "o 0 0 0 0 %s\000" "$f"
	fi
done'
case $tools in gnu) list=$by_find ;; *) list=$by_stat ;; esac
export tmp each flag file facts link odd
}

list() {
	if [ "$mode" = paths ]; then
		[ ! -s "$tmp/paths" ] || xargs -0 sh -c "$list" sh <"$tmp/paths"
	else
		sh -c "$list" sh "$@"
	fi
}

{
	list "$@" 2>"$tmp/said" || echo "$?" >"$tmp/code"
} | sort -z -t / -k 2 -o "$tmp/sorted" 2>"$tmp/sort"
sort_code=$?
[ "$sort_code" -eq 0 ] || record broken "sort: $(gist "$(cat "$tmp/sort")")"

# --- what find complained of: what vanished meanwhile is none; else a part of the tree was not seen ---

code=$(cat "$tmp/code" 2>/dev/null)
said=$(grep -v 'No such file or directory' "$tmp/said")
if [ -n "$said" ]; then
	if [ "$mode" = tree ]; then
		find "$@" -type d -exec sh -c '
			for d; do [ -r "$d" ] && [ -x "$d" ] || printf "unread %s\000" "$d"; done' sh {} + 2>/dev/null >"$tmp/unread"
		cat "$tmp/unread"
	fi
	other=$(printf '%s\n' "$said" | grep -v 'Permission denied')
	if [ -n "$other" ]; then
		record broken "$(gist "$other")"
	elif [ "$mode" = tree ] && [ ! -s "$tmp/unread" ]; then
		record broken "$(gist "$said")"
	fi
fi
case $code in
'' | 1 | 123) [ -z "$code" ] || [ -s "$tmp/said" ] || record broken "find ended with $code" ;;
*) record broken "find ended with $code" ;;
esac

# --- the answer ---

if command -v sha256sum >/dev/null 2>&1; then
	digest=$(sha256sum <"$tmp/sorted")
elif command -v openssl >/dev/null 2>&1; then
	digest=$(openssl dgst -sha256 -r <"$tmp/sorted")
else
	digest=$(cksum <"$tmp/sorted" | tr ' ' -)
fi
digest=${digest%% *}
# One of nothing at all would be a digest too.
[ "$sort_code" -eq 0 ] || digest=
# Not with TERM: a sh that has only just been forked still has our trap for that, and forgets it with the trap.
kill -KILL "$beat" 2>/dev/null
wait "$beat" 2>/dev/null
beat=
[ -z "$digest" ] || record digest "$digest"
if [ -n "$digest" ] && [ "$digest" = "$known" ]; then
	printf 'same \000'
	exit 0
fi
printf 'end \000' >>"$tmp/sorted"
if [ "$(wc -c <"$tmp/sorted")" -gt 4096 ] && command -v gzip >/dev/null 2>&1; then
	printf 'entries gzip\000'
	gzip -1 -c <"$tmp/sorted"
else
	printf 'entries plain\000'
	cat "$tmp/sorted"
fi
# What a listing that was killed has left, half a day ago or longer.
find "${tmp%/*}" -maxdepth 1 -type d -name 'hawser-list.*' -user "$(id -u)" -mmin +720 -exec rm -rf {} + >/dev/null 2>&1
exit 0
