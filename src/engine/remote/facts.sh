# Facts of the workstation, one record a line, tab-separated. What is not there prints nothing.
# No arguments.

hawser_tool() {
	command -v "$1" >/dev/null 2>&1 || return 0
	version=$("$@" 2>&1 </dev/null | head -n 1 | tr -d '\000-\037' | cut -c 1-120)
	printf 'tool\t%s\t%s\n' "$1" "$version"
}

printf 'clock\t%s\n' "$(date +%s)"
printf 'system\t%s\n' "$(uname -sm | tr -d '\000-\037')"
hawser_tool git --version
hawser_tool rsync --version
hawser_tool tmux -V
hawser_tool python3 --version
# POSIX output, in KiB: device, size, used, free, use, mount point.
df -Pk "$HOME" 2>/dev/null | awk 'NR == 2 { printf "disk\t%s\t%s\n", $4, $2 }'
gpu_record
