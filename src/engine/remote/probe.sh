# shellcheck disable=SC2154 # some come from lib.sh
# Asks the driver and the project's own Python what they say of the GPU.
# $1 the mark before each line of ours, $2 seconds for Python in all, $3 "download" or "-", $4 the folder of the runs,
# $5 the project's clone, $6 Python's command line in the settings or "", $7 and $8 the texts of probe-find.sh and
# probe.py with \002 for line breaks; then NAME=VALUE of the runs' environment.
# Prints, each after the mark: "smi CODE", "smi-cuda VERSION", "smi-said LINE" and "smi-device CSV" of the driver;
# "folder PATH", "kind KIND COMMAND" and probe.py's JSON; "said TEXT", the end of what was complained meanwhile, and
# "end CODE". Lines without it are others'.

mark=$1 seconds=$2 download=$3 settings=$6
place "$5"
clone=$at
place "$4"
for folder in "$at" "$clone" "$HOME"; do
	[ ! -d "$folder" ] || break
done
trap '' HUP PIPE
work=$(mktemp -d "${TMPDIR:-/tmp}/hawser-probe-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
printf '%s\n' "$7" | tr '\002' '\n' >"$work/find" &&
	printf '%s\n' "$8" | tr '\002' '\n' >"$work/probe.py" || exit 1
shift 8

# --- the driver ---

smi_code=127
if command -v nvidia-smi >/dev/null 2>&1; then
	smi_fields=index,driver_version,memory.total,memory.free,compute_cap,name
	smi=$(limited 10 nvidia-smi "--query-gpu=$smi_fields" --format=csv,noheader,nounits 2>&1)
	smi_code=$?
	if [ "$smi_code" -eq 2 ]; then
		# Older drivers do not know the capability.
		smi=$(limited 10 nvidia-smi "--query-gpu=index,driver_version,memory.total,memory.free,name" \
			--format=csv,noheader,nounits 2>&1)
		smi_code=$?
		smi=$(printf '%s\n' "$smi" | sed 's/,\([^,]*,[^,]*,[^,]*\),/,\1, ,/')
	fi
	smi_kind='smi-said'
	[ "$smi_code" -ne 0 ] || smi_kind='smi-device'
	printf '%s\n' "$smi" | head -n 64 | tr -d '\000-\011\013-\037' | LC_ALL=C sed -e '/^ *$/d' -e "s/^/$mark $smi_kind /"
	if [ "$smi_code" -eq 0 ]; then
		limited 10 nvidia-smi -q -x -i 0 2>/dev/null |
			sed -n "s/.*<cuda_[a-z_]*version>\([0-9][0-9.]*\)<.*/$mark smi-cuda \1/p" | head -n 1
	fi
fi
echo "$mark smi $smi_code"

# --- Python ---

printf '%s folder %s\n' "$mark" "$folder"
shell=${SHELL:-/bin/sh}
case ${shell##*/} in
bash | zsh | ksh | fish | sh | dash) ;;
*) shell=/bin/sh ;;
esac
# The login shell is told no more than these words, and what the settings say.
words="$mark $seconds $download"
if [ -n "$settings" ]; then
	printf '%s kind settings %s\n' "$mark" "$settings"
	line="$settings \"\$HAWSER_PROBE/probe.py\" $words"
else
	line="exec /bin/sh \"\$HAWSER_PROBE/find\" $mark \"\$HAWSER_PROBE_CLONE\" $words"
fi
exec 3>&1
said=$(
	{
		for variable in "$@"; do export "${variable?}"; done
		export HAWSER_PROBE="$work" HAWSER_PROBE_CLONE="$clone"
		unset TMUX TMUX_PANE
		cd "$folder" && limited "$((seconds + 15))" "$shell" -lc "$line"
		echo "$?" >"$work/code"
	} 2>&1 >&3 3>&- | tail -c 4096
)
printf '%s said %s\n' "$mark" "$(gist "$said" | cut -c 1-1000)"
read -r code <"$work/code" || code=unknown
echo "$mark end $code"
