# shellcheck disable=SC2154 # some come from lib.sh
# What a run is on the workstation; written into its folder by run-start.sh, with lib.sh before it.
# $1 its folder, which holds: run (what was asked for), go (made by the one that may start it), boot, birth and
# pid (which process this is), log, cancelled (somebody asked for it), exit (how it ended, written whole and
# once), metrics (copies of what it wrote).

dir=$1
mkdir "$dir/go" 2>/dev/null || exit 0

# It outlives its terminal, and so does the command. The other signals end the command, whose end is still
# to be told: a trap that does something is not passed on to the command.
trap '' HUP
trap ':' TERM INT QUIT

# Sets $folder, $command and $shell, and with "collect" copies the metrics: few lines, so no tool is needed.
each_line() {
	while IFS= read -r each_value; do
		each_key=${each_value%% *}
		each_value=${each_value#* }
		case $each_key in
		folder) folder=$each_value ;;
		command) command=$each_value ;;
		shell) shell=$each_value ;;
		glob) [ "$1" != collect ] || collect "$each_value" ;;
		esac
	done <"$dir/run"
}

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

each_line
export HAWSER_RUN="${dir##*/}" HAWSER_RUN_FOLDER="$dir"
# Into a file Python holds back what it prints, and progress would come too late.
export PYTHONUNBUFFERED="${PYTHONUNBUFFERED-1}"
unset TMUX TMUX_PANE
case ${shell##*/} in
bash | zsh | ksh | fish | sh | dash) ;;
*) shell=/bin/sh ;;
esac

read_boot_id
read_birth "$$"
mkdir -p "$dir/metrics"
: >"$dir/stamp"
: >>"$dir/log"
echo "$boot_id" >"$dir/boot"
echo "$birth_of" >"$dir/birth"
echo "$$" >"$dir/.pid"
mv "$dir/.pid" "$dir/pid"
echo "Hawser runs here: $command"
echo "Its output: $dir/log"

if cd "$folder"; then
	"$shell" -lc "$command" </dev/null >>"$dir/log" 2>&1
	code=$?
else
	echo "Hawser: the folder $folder cannot be entered" >>"$dir/log"
	code=126
fi

each_line collect
read_host
how=exited
[ ! -e "$dir/cancelled" ] || how=cancelled
if run_settle "$dir" "$how" "$code"; then run_announce "$HAWSER_RUN"; fi
