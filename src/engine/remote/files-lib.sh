# shellcheck disable=SC2034,SC2154 # scripts are put together from files that set and read each other's variables
# Putting what lies in a tree of files away into a backup, for files-keep.sh and files-restore.sh: whenever this is ended,
# all of it is still in its place or whole in the backup, and the next time goes on.
#
# A backup is a folder with a folder `tree`, in which everything lies as it lay; rsync puts there what it overwrites.
# Nothing in it is ever overwritten: what has a namesake there goes to a backup beside it, `ID-2`, `ID-3`.
#
# What is to be done comes as lines: `d PATH` names the folder within the tree (`.`: the tree itself) in which the NAMEs
# that follow lie, and `end` says that this was all. Control characters and
# backslashes in names are written in octal, as \0012.
# Each thing has a number, and the answers are lines with it: `kept N`, `absent N`, `refused N WHY`.

LC_ALL=C
export LC_ALL
user_umask=$(umask)
umask 077
newline='
'

# What $1 was before it was written as one word of a line, in $plain.
read_plain() {
	case $1 in
	*\\*)
		plain=$(printf '%b.' "$1")
		plain=${plain%.}
		;;
	*) plain=$1 ;;
	esac
}

# Goes into the tree $1, whose real place is then $root; backups will go to $2, whose real place is $backup.
# Exits with 3 where there is no such tree, with 4 where no backup can be.
enter_tree() {
	place "$2"
	backup=$at
	place "$1"
	cd -P -- "$at" 2>/dev/null || exit 3
	root=$PWD
	said=$(mkdir -p -- "${backup%/*}" 2>&1) || no_backup
	cd -P -- "${backup%/*}" 2>/dev/null || no_backup
	backup=${PWD%/}/${backup##*/}
	cd -P -- "$root" || exit 3
	folder=.
	near=
	# What one that was killed left.
	for left in "${backup%/*}"/*/part.*; do
		[ ! -e "$left" ] && [ ! -h "$left" ] || kill -0 "${left##*.}" 2>/dev/null || rm -rf -- "$left"
	done
}

no_backup() {
	echo "no-backup $(gist "$said")"
	exit 4
}

# Goes into $folder of the tree, a step at a time where need be, so that no link is followed. With $1 `make` what is not
# there is made. 1: it is not there; 2: something else is in its place or in that of one above it; 3: it cannot be.
enter_folder() {
	near=
	said=
	cd -P -- "$root" 2>/dev/null && [ "$PWD" = "$root" ] || return 3
	[ "$folder" != . ] || return 0
	if cd -P -- "./$folder" 2>/dev/null; then
		[ "$PWD" != "${root%/}/$folder" ] || return 0
		cd -P -- "$root" && [ "$PWD" = "$root" ] || return 3
	fi
	steps=$folder/
	while [ -n "$steps" ]; do
		step=${steps%%/*}
		steps=${steps#*/}
		if [ -h "./$step" ]; then return 2; fi
		if [ ! -d "./$step" ]; then
			[ ! -e "./$step" ] || return 2
			[ "$1" = make ] || return 1
			said=$(umask "$user_umask" && mkdir -- "./$step" 2>&1) || return 3
		fi
		cd -P -- "./$step" 2>/dev/null || return 3
	done
	[ "$PWD" = "${root%/}/$folder" ] || return 2
}

# The place in the backup for what lies in $folder in $into; for $1 over 1 that in a backup beside it, $kept_as.
open_into() {
	kept_as=$backup
	[ "$1" -eq 1 ] || kept_as=$backup-$1
	into=$kept_as/tree
	[ "$folder" = . ] || into=$into/$folder
	[ -d "$into" ] || said=$(mkdir -p -- "$into" 2>&1) || return 1
	# rsync keeps links there too, and none may lead away.
	[ "$(cd -P -- "$into" 2>/dev/null && printf %s. "$PWD")" = "$into." ]
}

# Is there something, if only a link that leads nowhere?
is_there() {
	[ -e "$1" ] || [ -h "$1" ]
}

# Do the things here go into the backup by their names alone, whole or not at all? Asked with file $1, once a folder.
is_near() {
	[ -z "$near" ] || return "$near"
	near=1
	if ln "$1" "$kept_as/part.$$" 2>/dev/null; then near=0; fi
	rm -rf -- "$kept_as/part.$$"
	return "$near"
}

# Are both the same file in what they hold, or the same link? Of others: no.
is_alike() {
	if [ -h "$1" ]; then
		[ -h "$2" ] && [ "$(readlink "$1" && echo .)" = "$(readlink "$2" && echo .)" ]
	else
		[ -f "$1" ] && [ ! -h "$2" ] && [ -f "$2" ] && cmp -s "$1" "$2"
	fi
}

# Makes $2 a copy of the file or link $1, with its times and bits, or says in $said why not. With $3 `compare` what cp
# says is not enough.
copy_whole() {
	if is_there "$2"; then rm -rf -- "$2"; fi
	said=$(cp -pPR "$1" "$2" 2>&1) && [ "${3-}" != compare ] && is_there "$2" && return 0
	# Not all of its bits can be had everywhere; what it holds must be.
	is_alike "$1" "$2" && return 0
	[ -n "$said" ] || said='it changed meanwhile'
	rm -rf -- "$2"
	return 1
}

# Copies ./$2, whose number is $1, to its place in the backup.
put_copy() {
	copy_whole "./$2" "$kept_as/part.$$" compare || {
		echo "refused $1 failed $(gist "$said")"
		return 1
	}
	said=$(mv -n "$kept_as/part.$$" "$into/$2" 2>&1)
	if ! is_there "$kept_as/part.$$" && is_there "$into/$2"; then return 0; fi
	rm -rf -- "$kept_as/part.$$"
	echo "refused $1 failed $(gist "$said")"
	return 1
}

# Takes ./$1 away, of which $into has a copy, unless it was changed since.
drop_kept() {
	bytes=$(wc -c <"$into/$1")
	# One look and the removal in one program; where it cannot, in two.
	find "./$1" -maxdepth 0 -type f ! -newer "$into/$1" -size "$((bytes))c" -delete 2>/dev/null
	if is_alike "./$1" "$into/$1"; then said=$(rm -f -- "./$1" 2>&1); fi
}

# Finds a backup beside that has no namesake of $1.
open_beside() {
	beside=2
	while [ "$beside" -le 99 ]; do
		if open_into "$beside" && ! is_there "$into/$1"; then return 0; fi
		beside=$((beside + 1))
	done
	return 1
}

# Is done with $1, the number of a thing, and $2, its name: it is in the backup, or was left.
settle() {
	if ! is_there "./$2" && is_there "$into/$2"; then
		echo "kept $1"
	elif [ -z "$said" ] && is_there "$into/$2"; then
		echo "refused $1 changed"
		return 1
	else
		echo "refused $1 failed $(gist "$said")"
		return 1
	fi
}

# Puts one thing away, ./$2 with the number $1, where $into and $kept_as say.
put_one() {
	said=
	if [ -h "./$2" ] || is_near "./$2"; then
		said=$(mv -n "./$2" "$into/$2" 2>&1)
	else
		put_copy "$1" "$2" || return 1
		drop_kept "$2"
	fi
	settle "$1" "$2"
}

# Puts files and links of $folder, here, away; each argument is a number, a blank and a name.
put_away() {
	for thing in "$@"; do
		shift
		name=${thing#* }
		if open_into_for "$name" && [ "$kept_as" = "$backup" ] && [ ! -h "./$name" ] && is_near "./$name"; then
			set -- "$@" "$thing"
		elif [ -n "$into" ]; then
			put_one "${thing%% *}" "$name"
		else
			echo "refused ${thing%% *} failed $(gist "$said")"
		fi
	done
	[ "$#" -gt 0 ] || return 0
	[ "$kept_as" = "$backup" ] || open_into 1
	said=$(move_all "$@" 2>&1)
	for thing in "$@"; do settle "${thing%% *}" "${thing#* }"; done
}

move_all() {
	for thing in "$@"; do
		shift
		set -- "$@" "./${thing#* }"
	done
	mv -n "$@" "$into/"
}

# The place for what is called $1 in $into; empty where there is none.
open_into_for() {
	if [ "$into_folder" != "$folder" ] || [ "$kept_as" != "$backup" ]; then
		into_folder=$folder
		open_into 1 || into_folder=
	fi
	if [ -n "$into_folder" ] && ! is_there "$into/$1"; then return 0; fi
	open_beside "$1" && return 0
	into=
	return 1
}
