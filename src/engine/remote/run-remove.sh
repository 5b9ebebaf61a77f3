# shellcheck disable=SC2154 # some come from lib.sh
# Takes run $1 away: its folder, with its log. Exits with 3 when there is no such run, with 5 when it has not ended.
# Again it takes away what an earlier try left.

dir=$runs/$1
rm -rf "$runs/.gone-$1"
[ -e "$dir/run" ] || exit 3
read_host
read_boot_id
run_look "$dir"
[ -e "$dir/exit" ] || exit 5
# Out of sight first, whole: what is left of it after a kill is no run.
mv "$dir" "$runs/.gone-$1" && rm -rf "$runs/.gone-$1"
