# shellcheck disable=SC2154 # some come from lib.sh
# Searches the log of run $1 from byte $2 on for lines that hold the text $6, and prints for each
#   hit LINE OFFSET TEXT
# tab-separated: its number from 1 on, the byte it begins at, and at most 400 bytes of it as plain text, with what was
# found in them. Then "next" and the byte to go on from, or nothing behind it when that was all. At most $3 hits, and
# for some $5 seconds. $4: `exact` where capitals matter; of ASCII only, in any case.
#
# A line is compared as it is shown: without escapes, a run of control characters as one blank. The log is read in
# windows, so neither its size nor that of a line, which need not end at all, decides how much memory this takes: a
# line of over 64 kB may count as several.
# Exits with 3 when there is no such run.

log=$runs/$1/log
[ -f "$log" ] || exit 3
LC_ALL=C
export LC_ALL
window=16777216
size=$(log_size "$log")
found=0
# The start of a line whose number is known.
known_at=0
known_line=1
stop_at=$(($(date +%s) + $5))

# A text is data: it goes to awk by the environment, where no backslash means anything.
search_text=$6
# shellcheck disable=SC2018,SC2019 # of ASCII
[ "$4" = exact ] || search_text=$(printf '%s\n' "$6" | tr 'A-Z' 'a-z')
search_exact=$4
export search_text search_exact
# The longest word of it: where that is not, and no escape parts what belongs together, is no hit. With blanks it
# would be missed behind a tab.
word=$(printf '%s\n' "$search_text" | tr ' ' '\n' | awk 'length($0) > length(w) { w = $0 } END { print w }')
escape=$(printf '\033')
fold=-i
[ "$4" != exact ] || fold=

# May there be a hit in the $2 bytes from byte $1 on? Much faster than to look at every line.
may_hold() {
	# shellcheck disable=SC2086 # an option or none
	log_blocks "$log" "$1" "$2" | grep -a -q -F $fold -e "$word" -e "$escape" 2>/dev/null
	[ "$?" -ne 1 ]
}

# Where the last line begins of the $2 bytes from byte $1 on, counted from their start, in $opened; 0 where no line
# ends in their last 64 kB.
read_opened() {
	opened=$(log_bytes "$log" "$(($1 + $2 - 65536))" 65536 | tr '\000' '\001' | awk -v size="$2" '
		{ at += last; last = length($0) + 1 }
		END { if (at + last > 65536) print (at > 0 ? size - 65536 + at : 0); else print size }')
}

# Looks at every line of the $2 bytes from byte $1 on; $3 is 1 where these are the last. Prints the hits, then a line
# with the byte to go on from, the number of the line there and the number of hits.
look_at_lines() {
	log_bytes "$log" "$1" "$2" | tr '\000' '\001' | awk -v base="$1" -v size="$2" -v last="$3" \
		-v line="$known_line" -v most="$((most_ - found))" '
		BEGIN { text = ENVIRON["search_text"]; exact = ENVIRON["search_exact"] == "exact" }
		{
			end = at + length($0) + 1
			whole = end <= size
			# The rest of this line comes with the next window. One as long as a window is looked at in parts.
			if (!whole && !last) {
				if (at > 0) exit
				end = size - 1024
			}
			shown = $0
			if (shown ~ /[\001-\037\177]/) {
				gsub(/\033\[[0-9;:?<=>]*[ -\/]*[@-~]/, "", shown)
				gsub(/\033\][^\007\033]*(\007|\033\\)?/, "", shown)
				gsub(/\033[ -\/]*[0-~]/, "", shown)
				gsub(/[\001-\037\177]+/, " ", shown)
			}
			found_at = index(exact ? shown : tolower(shown), text)
			if (found_at) {
				from = found_at + length(text) > 400 ? found_at - 100 : 1
				printf "hit\t%.0f\t%.0f\t%s\n", line, base + at, substr(shown, from < 1 ? 1 : from, 400)
				hits++
			}
			at = end
			if (whole) line++
			if (hits >= most) exit
		}
		END { printf "%.0f %.0f %d\n", base + at, line, hits }'
}

at=$2
most_=$3
while [ "$at" -lt "$size" ] && [ "$found" -lt "$most_" ]; do
	length=$window last=0
	if [ "$((at + length))" -ge "$size" ]; then length=$((size - at)) last=1; fi
	if may_hold "$at" "$length"; then
		known_line=$((known_line + $(log_bytes "$log" "$known_at" "$((at - known_at))" | wc -l)))
		said=$(look_at_lines "$at" "$length" "$last")
		summary=${said##*"
"}
		[ "$said" = "$summary" ] || printf '%s\n' "${said%"
"*}"
		# shellcheck disable=SC2086 # three numbers
		set -- $summary
		at=$1 known_at=$1 known_line=$2 found=$((found + $3))
	elif [ "$last" = 1 ]; then
		at=$size
	else
		read_opened "$at" "$length"
		if [ "$opened" -gt 0 ]; then at=$((at + opened)); else at=$((at + length - 1024)); fi
	fi
	[ "$(date +%s)" -lt "$stop_at" ] || break
done
if [ "$at" -lt "$size" ]; then say next "$at"; else say next; fi
