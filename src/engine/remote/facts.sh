# Facts of the workstation, one record a line, tab-separated. What is not there prints nothing.
# No arguments.

one_line() {
	head -n 1 | tr -d '\000-\037' | cut -c 1-120
}

# tool, its name, the first line it said, and its exit code (124: nothing within 4 s).
hawser_tool() {
	tool_path=$(command -v "$1" 2>/dev/null) || return 0
	# A Mac without the command line tools has programs there that only open a window.
	case $tool_path in
	/usr/bin/git | /usr/bin/python3)
		[ ! -x /usr/bin/xcode-select ] || xcode-select -p >/dev/null 2>&1 || return 0
		;;
	esac
	tool_said=$(limited 4 "$@" 2>&1)
	tool_code=$?
	printf 'tool\t%s\t%s\t%d\n' "$1" "$(printf '%s\n' "$tool_said" | one_line)" "$tool_code"
}

# Which shell this is: what /bin/sh stands for differs from system to system.
sh_name() {
	if [ -n "${BASH_VERSION-}" ]; then
		printf 'bash %s\n' "$BASH_VERSION"
	elif [ -n "${KSH_VERSION-}" ]; then
		printf '%s\n' "$KSH_VERSION"
	else
		sh_path=$(readlink /bin/sh 2>/dev/null) || sh_path="sh"
		printf '%s\n' "${sh_path##*/}"
	fi
}

# First: it belongs to the moment of asking, and what follows takes its time.
printf 'clock\t%s\n' "$(now_ms)"
printf 'system\t%s\n' "$(uname -sm | one_line)"
printf 'shell\t%s\t%s\n' "$(printf '%s\n' "${SHELL##*/}" | one_line)" "$(sh_name | one_line)"
hawser_tool git --version
hawser_tool rsync --version
hawser_tool tmux -V
hawser_tool python3 --version
# POSIX output, in KiB: device, size, used, free, use, mount point. The first and the last may hold blanks; the use
# is a number with %.
limited 4 df -Pk "$HOME" 2>/dev/null | tr -d '\000-\011\013-\037' | awk '
	NR == 2 {
		for (at = 5; at <= NF; at++) {
			if ($at !~ /^[0-9]+%$/) continue
			mount = $(at + 1)
			for (rest = at + 2; rest <= NF; rest++) mount = mount " " $rest
			printf "disk\t%s\t%s\t%s\n", $(at - 1), $(at - 3), mount
			exit
		}
	}'
gpu_record
