# shellcheck disable=SC2154 # some come from lib.sh
# Prints the clock, then a record of each of the newest runs of this machine, oldest first. Runs that are gone
# without a word are recorded as such. $1 how many, default 100.

read_host
read_boot_id
echo "clock $(now_ms)"
most=${1:-100}
count=0
for dir in "$runs"/*; do
	{ [ -e "$dir/on-$host" ] && [ -e "$dir/pid" ]; } || continue
	count=$((count + 1))
done
for dir in "$runs"/*; do
	{ [ -e "$dir/on-$host" ] && [ -e "$dir/pid" ]; } || continue
	count=$((count - 1))
	[ "$count" -lt "$most" ] || continue
	run_look "$dir"
	run_record "$dir"
done
