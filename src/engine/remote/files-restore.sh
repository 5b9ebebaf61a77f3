# shellcheck disable=SC2154 # some come from lib.sh and files-lib.sh
# Copies files of the backup whose tree is $2 back to their places in the tree $1. What is there now goes into the backup
# $3 first. files-lib.sh says how things are named:
#   r N NAME
# Answers, beside that the old one was kept: `restored N`, `same N` where there was nothing to do, `refused N WHY`: `absent`
# from the backup, `folder` or `special` in its place, `way` for one above it, `changed` meanwhile, `failed` and what was said.
# Ends with the line `done`.

place "$2"
cd -P -- "$at" 2>/dev/null || exit 6
source=$PWD
enter_tree "$1" "$3"
entered=0
into_folder=
kept_as=
temp=./.hawser-restore.$$
trap 'rm -f -- "$temp"' EXIT
trap 'exit 129' HUP TERM

# Can what lies in $folder be had from the backup, and by no link?
find_source() {
	from=$source
	[ "$folder" = . ] || from=$source/$folder
	[ "$(cd -P -- "$from" 2>/dev/null && printf %s. "$PWD")" = "$from." ]
}

is_executable() {
	[ -n "$(find "$1" -prune -perm -100 2>/dev/null)" ]
}

has_same_bits() {
	[ -h "$1" ] && return
	if is_executable "$1"; then is_executable "$2"; else ! is_executable "$2"; fi
}

# Puts ./$2 with number $1 back.
restore_one() {
	if [ ! -h "$from/$2" ] && [ ! -f "$from/$2" ]; then
		echo "refused $1 absent"
		return
	fi
	if is_there "./$2"; then
		if [ -h "./$2" ] || [ -f "./$2" ]; then
			if is_alike "$from/$2" "./$2" && has_same_bits "$from/$2" "./$2"; then
				echo "same $1"
				return
			fi
		elif [ -d "./$2" ]; then
			echo "refused $1 folder"
			return
		else
			echo "refused $1 special"
			return
		fi
	fi
	if ! copy_whole "$from/$2" "$temp"; then
		echo "refused $1 failed $(gist "$said")"
		return
	fi
	if is_there "./$2"; then put_away "$1 $2"; fi
	# Where it could not be put away it is still there, and that was said.
	if is_there "./$2"; then
		rm -f -- "$temp"
		return
	fi
	said=$(mv -n "$temp" "./$2" 2>&1)
	if is_there "$temp"; then
		rm -f -- "$temp"
		echo "refused $1 changed"
	else
		echo "restored $1"
	fi
}

# What one that was killed left.
tidy_folder() {
	for left in ./.hawser-restore.*; do
		if is_there "$left" && ! kill -0 "${left##*.}" 2>/dev/null; then rm -f -- "$left"; fi
	done
}

# Commands get none of it.
exec 3<&0 </dev/null
while IFS= read -r line <&3; do
	fields=${line#* }
	case $line in
	'd '*)
		read_plain "$fields"
		folder=$plain
		if find_source; then
			enter_folder make
			entered=$?
			[ "$entered" -ne 0 ] || tidy_folder
		else
			entered=4
		fi
		;;
	'r '*)
		read_plain "${fields#* }"
		case $entered in
		0) restore_one "${fields%% *}" "$plain" ;;
		2) echo "refused ${fields%% *} way" ;;
		4) echo "refused ${fields%% *} absent" ;;
		*) echo "refused ${fields%% *} failed $(gist "$said")" ;;
		esac
		;;
	end)
		echo 'done'
		exit 0
		;;
	esac
done
# The rest of it was lost on the way.
exit 5
