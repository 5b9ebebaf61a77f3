# shellcheck disable=SC2154 # $dir and $folder are the wrapper’s
# Collects the numbers that a run wrote, for run-wrapper.sh.

# Copies the files that match glob $1 and are not older than the start. Each at most 1 MiB, 32 in all.
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
	[ "$(log_size "$1")" -le 1048576 ] || return 0
	# shellcheck disable=SC2012 # names of ours
	collect_count=$(ls "$dir/metrics" | wc -l | tr -d ' ')
	[ "$collect_count" -lt 32 ] || return 0
	cp "$1" "$dir/metrics/$((collect_count + 100)).json"
	json_numbers <"$1" >>"$dir/metrics/numbers"
}

# Prints the numbers at the top level of a JSON object, each as: metric "name": number. The commas cut the text
# into records, so that a long line costs no more than many short ones.
json_numbers() {
	tr '\000-\037' ' ' | LC_ALL=C awk '
		BEGIN { RS = "," }
		function flush() {
			if (depth == 1 && n < 200 && token ~ /^ *"[^"]*" *: *-?[0-9][-+.0-9eE]* *$/ && length(token) < 200) {
				sub(/^ */, "", token)
				print "metric " token
				n++
			}
			token = ""
		}
		{
			size = length($0)
			for (i = 1; i <= size; i++) {
				c = substr($0, i, 1)
				if (depth == 1 && (text || !index("[]{}", c))) token = token c
				if (text) {
					if (escaped) escaped = 0
					else if (c == "\\") escaped = 1
					else if (c == "\"") text = 0
				}
				else if (c == "\"") text = 1
				else if (c == "{" || c == "[") { if (++depth == 1) token = "" }
				else if (c == "}" || c == "]") { flush(); depth-- }
			}
			if (text) token = token ","
			else flush()
		}'
}
