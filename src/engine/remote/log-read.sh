# shellcheck disable=SC2154 # some come from lib.sh
# Prints "size" and the size of the log of run $1 in bytes, then the log from byte $2 on, at most $3 bytes.
# Exits with 3 when there is no such run.

log=$runs/$1/log
[ -f "$log" ] || exit 3
echo "size $(log_size "$log")"
log_bytes "$log" "$2" "$3"
