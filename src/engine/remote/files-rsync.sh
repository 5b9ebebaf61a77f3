# Which rsync there are here, and what each says of itself.
# $1 and $2, or nothing: two folders that may be missing yet. Records:
#   program  path
#   said     a line of what `path --version` printed
#   volumes  same | other: whether the two folders are, or would come to lie, on the same file system

# Homebrew's and the person's own too, which a login over SSH often does not have on its PATH.
seen=:
for program in "$(command -v rsync 2>/dev/null)" /opt/homebrew/bin/rsync /usr/local/bin/rsync "$HOME/.local/bin/rsync"; do
	case $program in
	/*) ;;
	*) continue ;;
	esac
	case $seen in
	*":$program:"*) continue ;;
	esac
	seen=$seen$program:
	if [ ! -f "$program" ] || [ ! -x "$program" ]; then continue; fi
	say program "$(printf '%s\n' "$program" | LC_ALL=C tr -d '\000-\037')"
	limited 4 "$program" --version </dev/null 2>&1 | head -n 40 | LC_ALL=C tr -d '\000-\011\013-\037' |
		sed -e "s/^/said	/"
done

# The device of the nearest folder that is there, and where that is mounted: nothing can be renamed from one mount of a
# device to another.
volume() {
	place "$1"
	while [ ! -d "$at" ]; do
		at=$(dirname -- "$at")
	done
	stat -L -c %d -- "$at" 2>/dev/null || stat -L -f %d -- "$at" 2>/dev/null
	LC_ALL=C df -P -- "$at" 2>/dev/null | sed -n '2s/^.* [0-9]*% *//p'
}

if [ "$#" -eq 2 ]; then
	here=$(volume "$1")
	there=$(volume "$2")
	if [ -n "$here" ] && [ "$here" = "$there" ]; then say volumes same; else say volumes other; fi
fi
