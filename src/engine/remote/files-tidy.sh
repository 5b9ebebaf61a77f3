# shellcheck disable=SC2154 # some come from lib.sh and files-lib.sh
# What an rsync that was killed outright left in the tree $1 goes into the backup $2: it receives NAME as .NAME.XXXXXX
# beside it. $3: so many minutes ago it began, at the most. files-lib.sh says how things are named:
#   t N NAME    something that was to be received there
# Taken is only what is surely such a thing: beside a NAME that was to come, readable for nobody but its owner, as mkstemp
# makes them, with a suffix that is no word; no older than the transfer; and dead: nobody has it open or, where that cannot
# be seen, no rsync runs or nothing was written to it for a minute.
# Answers `kept 0` for each. Ends with the line `done`.

age=$3
enter_tree "$1" "$2"
into_folder=
kept_as=
entered=1

# Is ./$1 one of those, as far as it tells itself?
is_left() {
	if [ -h "./$1" ] || [ ! -f "./$1" ]; then return 1; fi
	case ${1##*.} in
	*[!a-zA-Z0-9]*) return 1 ;;
	*[A-Z0-9]*) ;;
	*) return 1 ;;
	esac
	case $(ls -ld "./$1") in
	-???------*) ;;
	*) return 1 ;;
	esac
	[ -n "$(find "./$1" -prune -cmin "-$age" 2>/dev/null)" ] || return 1
	if [ -d /proc/self/fd ]; then
		# Of what is open only the end of its name, which no other one has: ls may not show the rest as it is.
		# shellcheck disable=SC2012
		! ls -l /proc/[0-9]*/fd 2>/dev/null |
			awk -v end=".${1##*.}" 'substr($0, length($0) - 6) == end { open = 1 } END { exit !open }'
	else
		! ps -A -o comm= 2>/dev/null | awk '/rsync/ { runs = 1 } END { exit !runs }' || [ -n "$(find "./$1" -prune -cmin +1 2>/dev/null)" ]
	fi
}

# Commands get none of it. $@ are the names here that look so, mostly none.
exec 3<&0 </dev/null
while IFS= read -r line <&3; do
	fields=${line#* }
	case $line in
	'd '*)
		read_plain "$fields"
		folder=$plain
		enter_folder stay
		entered=$?
		set --
		[ "$entered" -eq 0 ] || continue
		for left in ./.*.??????; do
			left=${left#./}
			if is_left "$left"; then set -- "$@" "$left"; fi
		done
		;;
	't '*)
		[ "$#" -gt 0 ] || continue
		read_plain "${fields#* }"
		for left in "$@"; do
			if [ "${left%.*}" = ".${plain#.}" ] && is_there "./$left"; then put_away "0 $left"; fi
		done
		;;
	end)
		echo 'done'
		exit 0
		;;
	esac
done
# The rest of it was lost on the way.
exit 5
