# shellcheck disable=SC2154 # some come from lib.sh
# Runs the runs of a series one after another; written into the folder of the series, `~/.hawser/runs/.series-ID`, by
# run-series.sh, with lib.sh before it.
# $1 that folder, which holds: order (the ids, one a line), go (made by the one that may start it), boot, birth and pid
# (which process this is). It goes away with the last run.

dir=$1
mkdir "$dir/go" 2>/dev/null || exit 0

# As a run does, it outlives its terminal. What is meant for one run ends that run, not those after it.
trap '' HUP
trap ':' TERM INT QUIT

read_boot_id
read_birth "$$"
echo "$boot_id" >"$dir/boot"
echo "$birth_of" >"$dir/birth"
echo "$$" >"$dir/.pid"
mv "$dir/.pid" "$dir/pid"
# Whoever looks at one that waits can tell by now whether its turn may still come.
while IFS= read -r id; do
	echo 'reason for the run before it' >"$runs/$id/queue"
done <"$dir/order"

# Read as a whole: a run that reads its input must not take the names of those after it.
set --
while IFS= read -r id; do set -- "$@" "$id"; done <"$dir/order"
for id in "$@"; do
	# One that was cancelled while it waited does nothing: somebody else has made its folder "go".
	/bin/sh "$runs/$id/wrapper" "$runs/$id" </dev/null
done
rm -rf "$dir"
