# shellcheck disable=SC2154 # some come from lib.sh and files-lib.sh
# Moves files of the tree $2 into the backup $3 (with $1 `remove`), or copies them there (`copy`). files-lib.sh says how
# things are named. `remove` takes only what is still the version that was seen, and refuses others as `changed`:
#   f N SIZE SECONDS NANOSECONDS X NAME   a file; X is `x` where its owner may execute it, else `-`
#   l N NAME/TARGET                       a link
#   e N NAME                              an empty folder
# `copy` takes whatever version is there:
#   k N NAME
# Folders that became empty go too, up to one that stays, which may be named after a folder's line:
#   s PATH
# Ends with the line `done`.

enter_tree "$2" "$3"
mode=$1
entered=0
taken=
stays=.
into_folder=
kept_as=

# A line for each file of the records: its bits, size and times. GNU's and BusyBox's stat, or BSD's.
if stat -c %s / >/dev/null 2>&1; then
	stat_files() { stat -c '%a %s %Y %y' "$@"; }
else
	stat_files() { stat -f '%Lp %z %m %Fm' "$@"; }
fi

stat_records() {
	for record in "$@"; do
		shift
		set -- "$@" "./${record#* * * * * }"
	done
	stat_files "$@" 2>/dev/null
}

# Is the line $1 of stat the version of record $2?
is_version() {
	x=-
	case ${1%% *} in *[1357][0-7][0-7]) x=x ;; esac
	rest=${1#* }
	size=${rest%% *}
	rest=${rest#* }
	seconds=${rest%% *}
	nanoseconds=000000000
	case $rest in
	*.*)
		nanoseconds=${rest#*.}
		nanoseconds=${nanoseconds%%[!0-9]*}
		;;
	esac
	wanted=${2#* }
	wanted_time=${wanted#* }
	wanted_time=${wanted_time%" $x ${2#* * * * * }"}
	[ "${wanted%% *}" = "$size" ] || return 1
	# Some file systems and programs keep whole seconds only.
	case "$wanted_time/$nanoseconds" in
	"$seconds $nanoseconds/"* | "$seconds 000000000/"* | "$seconds "?????????/000000000) ;;
	*) return 1 ;;
	esac
}

# Takes the files of these records of $folder, with their names as they are.
take_files() {
	for record in "$@"; do
		shift
		file=./${record#* * * * * }
		if ! is_there "$file"; then
			absent "${record%% *}"
		elif [ -h "$file" ] || [ ! -f "$file" ]; then
			echo "refused ${record%% *} changed"
		else
			set -- "$@" "$record"
		fi
	done
	[ "$#" -gt 0 ] || return 0
	if ! stats=$(stat_records "$@"); then
		if [ "$#" -eq 1 ]; then
			echo "refused ${1%% *} changed"
		else
			# One of them went meanwhile.
			for one in "$@"; do take_files "$one"; done
		fi
		return 0
	fi
	for record in "$@"; do
		shift
		if is_version "${stats%%"$newline"*}" "$record"; then
			set -- "$@" "${record%% *} ${record#* * * * * }"
		else
			echo "refused ${record%% *} changed"
		fi
		stats=${stats#*"$newline"}
	done
	[ "$#" -gt 0 ] || return 0
	taken=1
	put_away "$@"
}

# Takes link $2 with number $1, which led to $3.
take_link() {
	if ! is_there "./$2"; then
		absent "$1"
	elif [ -h "./$2" ] && [ "$(readlink "./$2" && echo .)" = "$3$newline." ]; then
		taken=1
		put_away "$1 $2"
	else
		echo "refused $1 changed"
	fi
}

take_empty() {
	if ! is_there "./$2"; then
		absent "$1"
	elif [ -h "./$2" ] || ! is_empty "./$2"; then
		echo "refused $1 changed"
	elif said=$(rmdir "./$2" 2>&1); then
		# It held nothing, so nothing was lost between.
		taken=1
		if open_into_for "$2"; then mkdir "$into/$2" 2>/dev/null; fi
		echo "kept $1"
	else
		echo "refused $1 failed $(gist "$said")"
	fi
}

is_empty() {
	[ -d "$1" ] || return
	for inside in "$1"/* "$1"/.[!.]* "$1"/..?*; do
		if is_there "$inside"; then return 1; fi
	done
}

take_copy() {
	if ! is_there "./$2"; then
		absent "$1"
	elif [ ! -h "./$2" ] && [ ! -f "./$2" ]; then
		echo "refused $1 special"
	elif open_into_for "$2"; then
		put_copy "$1" "$2" && echo "kept $1"
	else
		echo "refused $1 failed $(gist "$said")"
	fi
}

absent() {
	taken=1
	echo "absent $1"
}

# A thing of a folder that could not be entered.
skip() {
	case $entered in
	1) absent "$1" ;;
	2) echo "refused $1 way" ;;
	*) echo "refused $1 failed $(gist "$said")" ;;
	esac
}

# Done with $folder: it goes when it is empty now, and so do those above it. Also where all of it was taken before, by a
# time that was ended.
leave_folder() {
	[ -n "$taken" ] && [ "$entered" -le 1 ] || return 0
	taken=
	cd -P -- "$root" && [ "$PWD" = "$root" ] || return 0
	while [ "$folder" != . ] && [ "$folder" != "$stays" ]; do
		rmdir "./$folder" 2>/dev/null || ! is_there "./$folder" || return 0
		case $folder in
		*/*) folder=${folder%/*} ;;
		*) folder=. ;;
		esac
	done
}

# Files wait in $@ until there are enough of them for one look.
# Commands get none of it.
exec 3<&0 </dev/null
while IFS= read -r line <&3; do
	fields=${line#* }
	case $line in
	'f '*)
		if [ "$entered" -ne 0 ]; then
			skip "${fields%% *}"
			continue
		fi
		read_plain "${fields#* * * * * }"
		set -- "$@" "${fields%"${fields#* * * * * }"}$plain"
		[ "$#" -ge 100 ] || continue
		;;
	esac
	case $line in
	'f '* | 'd '* | end)
		[ "$#" -eq 0 ] || take_files "$@"
		set --
		;;
	esac
	case $line in
	'f '*) ;;
	'd '*)
		leave_folder
		read_plain "$fields"
		folder=$plain
		stays=.
		enter_folder stay
		entered=$?
		;;
	's '*)
		read_plain "$fields"
		stays=$plain
		;;
	end)
		leave_folder
		echo 'done'
		exit 0
		;;
	*)
		if [ "$entered" -ne 0 ]; then
			skip "${fields%% *}"
			continue
		fi
		read_plain "${fields#* }"
		case $mode/$line in
		remove/l*) take_link "${fields%% *}" "${plain%%/*}" "${plain#*/}" ;;
		remove/e*) take_empty "${fields%% *}" "$plain" ;;
		copy/k*) take_copy "${fields%% *}" "$plain" ;;
		esac
		;;
	esac
done
# The rest of it was lost on the way.
exit 5
