# shellcheck shell=sh
# Functions about a log, for the scripts that read one. A log may be of any size: nothing here reads more of it than
# it was asked for.

# Prints $3 bytes of file $1 from byte $2 on, fewer where there are none. Every dd goes to where it begins at once;
# BusyBox's tail would read all that comes before.
log_bytes() {
	log_blocks "$@" | tail -c "+$(($2 % 65536 + 1))" | head -c "$3"
}

# As log_bytes, with a few bytes more before and after them: whole blocks of 64 kB.
log_blocks() {
	dd if="$1" bs=65536 skip="$(($2 / 65536))" count="$((($2 % 65536 + $3 + 65535) / 65536))" 2>/dev/null
}
