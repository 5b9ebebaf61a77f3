# shellcheck disable=SC2154 # $dir and $folder are the wrapper’s
# Collects the numbers that a run wrote, for run-wrapper.sh: copies of its files in $dir/metrics, and what is in them in
# $dir/metrics/numbers, a line for each: metric "name": number, both as in JSON. A later file wins.

# Takes the files that match glob $1 and are not older than the start. Each at most 1 MiB; 32 of them,
# and 8 MiB, in all: the run’s end is told when they were read.
collect() {
	cd "$folder" || return
	collect_glob=$1
	case $1 in
	/*) ;;
	*) collect_glob=./$1 ;;
	esac
	case $1 in
	*'**'*)
		# sh knows no **: find does, and its * passes over slashes too.
		collect_top=${collect_glob%%[*?[]*}
		collect_pattern=$(printf '%s\n' "$collect_glob" | LC_ALL=C sed -e 's:\*\*/:*:g' -e 's:\*\**:*:g')
		find "${collect_top%/*}/" -type f -path "$collect_pattern" 2>/dev/null | sort | while IFS= read -r collect_file; do
			collect_one "$collect_file"
		done
		;;
	*)
		IFS=
		# shellcheck disable=SC2086 # a glob is to be expanded; with an empty IFS it is not split
		for collect_file in $collect_glob; do collect_one "$collect_file"; done
		unset IFS
		;;
	esac
}

collect_one() {
	[ -f "$1" ] || return 0
	[ -z "$(find "$dir/stamp" -newer "$1")" ] || return 0
	collect_size=$(log_size "$1")
	[ "$collect_size" -le 1048576 ] || return 0
	[ $((collect_size + $(cat "$dir/metrics"/1* 2>/dev/null | wc -c))) -le 8388608 ] || return 0
	# shellcheck disable=SC2012 # names of ours
	collect_count=$(ls "$dir/metrics" | wc -l | tr -d ' ')
	[ "$collect_count" -lt 32 ] || return 0
	collect_kind=json
	case $1 in *.[cCtT][sS][vV]) collect_kind=csv ;; esac
	cp "$1" "$dir/metrics/$((collect_count + 100)).$collect_kind"
	"${collect_kind}_numbers" "$dir/metrics/numbers" <"$1" >"$dir/metrics/.numbers" &&
		mv "$dir/metrics/.numbers" "$dir/metrics/numbers"
}

# What both readers share: what is known already from file $KNOWN; keep(), for a name as it stands between the quotes
# of JSON; tell(), at the end, for all of it. At most 200 names of 100 bytes each. Some awks look at a line from its beginning for
# every piece of it, so the readers are fed lines of at most 512 bytes, whose ends mean nothing.
metrics_kept='
	BEGIN {
		while ((getline line < ENVIRON["KNOWN"]) > 0)
			if (match(line, /^metric ".*": /)) keep(substr(line, 9, RLENGTH - 11), substr(line, RLENGTH + 1))
	}
	function keep(name, number) {
		if (name == "" || length(name) > 100) return
		if (!(name in numbers)) {
			if (count == 200) return
			names[++count] = name
		}
		numbers[name] = number
	}
	function tell(i) {
		for (i = 1; i <= count; i++) print "metric \"" names[i] "\": " numbers[names[i]]
	}'

# The numbers of a JSON object, those of objects in it as a.b.c. Arrays are left out, and what lies deeper than 6, and
# all that JSON has no number for: NaN, Infinity.
json_numbers() {
	LC_ALL=C tr '\000-\037' ' ' | LC_ALL=C fold -b -w 512 | KNOWN=$1 LC_ALL=C awk "$metrics_kept"'
		# path[d]: the names that lead to the object at depth d. far: the depth of what is left out as a whole. part: the
		# name, its value, or other when what comes next is neither.
		function open(c) {
			depth++
			if (far) return
			if (c == "[" || depth > 6) far = depth
			else {
				path[depth] = depth > 1 ? path[depth - 1] name "." : ""
				begin()
			}
		}
		function close_it() {
			if (!far) take()
			else if (depth == far) far = 0
			if (depth > 0) depth--
			part = "other"
		}
		function begin() {
			part = "name"
			name = token = ""
		}
		function take() {
			if (depth > 0 && part == "value" && length(token) <= 64 && token ~ /^ *-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)? *$/) {
				gsub(/ /, "", token)
				keep(path[depth] name, token)
			}
		}
		function hear(piece) {
			if (far) return
			if (!text) {
				if (length(token) <= 64) token = token piece
			}
			else if (part == "name" && length(name) <= 100) name = name piece
		}
		{
			rest = $0
			while (rest != "") {
				if (escaped) {
					escaped = 0
					at = 2
					hear(substr(rest, 1, 1))
					rest = substr(rest, 2)
					continue
				}
				at = match(rest, text ? "[\"\\\\]" : far ? "[][{}\"]" : "[][{}\":,]")
				if (at == 0) {
					hear(rest)
					break
				}
				if (at > 1) hear(substr(rest, 1, at - 1))
				c = substr(rest, at, 1)
				rest = substr(rest, at + 1)
				if (c == "\\") {
					hear(c)
					escaped = 1
				}
				else if (c == "\"") {
					text = !text
					if (!far && part == "value") part = "other"
				}
				else if (c == "{" || c == "[") open(c)
				else if (c == "}" || c == "]") close_it()
				else if (depth == 0) continue
				else if (c == ":") {
					if (part == "name") part = "value"
					token = ""
				}
				else {
					take()
					begin()
				}
			}
		}
		END { tell() }'
}

# The numbers of a CSV file (RFC 4180): of each column the last that is there, named as in the header; or, with a
# column "metric" or "name" and a column "value", a number a row. The cells are separated by the comma, semicolon or
# tab that the header has first. A header of numbers alone is none.
csv_numbers() {
	LC_ALL=C tr '\n\t' '\001\002' | LC_ALL=C tr '\000\003-\037' ' ' | LC_ALL=C fold -b -w 512 |
		KNOWN=$1 LC_ALL=C awk "$metrics_kept"'
		BEGIN {
			column = 1
			between = ",;\002"
		}
		# As JSON has it, or nothing.
		function number_of(text) {
			if (length(text) > 64 || text !~ /^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$/ || text ~ /^[-+]?0[0-9]/) return ""
			sub(/^[+]/, "", text)
			if (text ~ /^-?\./) sub(/\./, "0.", text)
			sub(/\.[eE]/, ".0e", text)
			sub(/\.$/, ".0", text)
			return text
		}
		function json_name(text, i, c, out) {
			if (length(text) > 100) return ""
			out = ""
			for (i = 1; i <= length(text); i++) {
				c = substr(text, i, 1)
				out = out (c == "\"" || c == "\\" ? "\\" c : c)
			}
			return out
		}
		function end_cell() {
			sub(/^ +/, "", cell)
			sub(/ +$/, "", cell)
			if (column <= 1000) cells[column] = cell
			column++
			cell = ""
			begun = 0
		}
		function end_row(last, i, isHeader) {
			end_cell()
			last = column - 1
			column = 1
			if (last > 1000) last = 1000
			if (last == 1 && cells[1] == "") return
			if (columns > 0) {
				if (named && valued) {
					if (named <= last && valued <= last && number_of(cells[valued]) != "")
						keep(json_name(cells[named]), number_of(cells[valued]))
				}
				else for (i = 1; i <= last && i <= columns; i++) if (cells[i] != "") latest[i] = cells[i]
				return
			}
			columns = last
			if (separator == "") separator = between = ","
			sub(/^\357\273\277/, "", cells[1])
			for (i = 1; i <= columns; i++) {
				header[i] = cells[i]
				if (cells[i] != "" && number_of(cells[i]) == "") isHeader = 1
				if (tolower(cells[i]) == "metric" || (tolower(cells[i]) == "name" && !named)) named = i
				if (tolower(cells[i]) == "value") valued = i
			}
			if (isHeader) return
			columns = 0
			exit
		}
		{
			rest = $0
			while (rest != "") {
				at = match(rest, quoted ? "\"" : "[\"\001" between "]")
				piece = at ? substr(rest, 1, at - 1) : rest
				if (piece != "") {
					if (length(cell) <= 128) cell = cell piece
					closed = 0
					if (!quoted) begun = 1
				}
				if (at == 0) break
				c = substr(rest, at, 1)
				rest = substr(rest, at + 1)
				if (c == "\"") {
					if (quoted) {
						quoted = 0
						closed = 1
					}
					else if (closed) {
						# A doubled quote stands for one.
						if (length(cell) <= 128) cell = cell c
						quoted = 1
						closed = 0
					}
					else if (begun) {
						if (length(cell) <= 128) cell = cell c
					}
					else quoted = begun = 1
				}
				else {
					closed = 0
					if (c == "\001") end_row()
					else {
						if (separator == "") separator = between = c
						end_cell()
					}
				}
			}
		}
		END {
			if (column > 1 || cell != "") end_row()
			for (i = 1; i <= columns; i++) if (number_of(latest[i]) != "") keep(json_name(header[i]), number_of(latest[i]))
			tell()
		}'
}
