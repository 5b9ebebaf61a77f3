# shellcheck disable=SC2154 # some come from lib.sh
# Prints the clock, then a record of each of the newest runs of this machine, oldest first. Runs that are gone
# without a word are recorded as such. $1 how many, default 100; what follows are ids that are told whatever their age.

read_host
read_boot_id
echo "clock $(now_ms)"
most=${1:-100}
[ "$#" -eq 0 ] || shift
wanted=" $* "
# Slurm's runs in one question; when it does not answer, they are told as they were last seen.
slurm_look 5 >/dev/null 2>&1
count=0
for dir in "$runs"/*; do
	run_known "$dir" || continue
	count=$((count + 1))
done
for dir in "$runs"/*; do
	run_known "$dir" || continue
	count=$((count - 1))
	if [ "$count" -ge "$most" ]; then
		case $wanted in *" ${dir##*/} "*) ;; *) continue ;; esac
	fi
	run_look "$dir"
	run_record "$dir"
done
