# shellcheck disable=SC2154 # most come from lib.sh and run-tell.sh
# Sees how much of the GPUs a run holds. Goes beside run-wrapper.sh, whose pid is $$, and ends with it.

# Writes the file `gpu` of $dir anew when there is more to say: seconds N (of time, times the devices on which a
# process of the run has a compute context), peak N (the most memory they held at once, in MiB).
run_gpu() {
	gpu_nap=
	trap '[ -z "$gpu_nap" ] || kill "$gpu_nap" 2>/dev/null; exit 0' TERM
	read_birth "$$" || exit 0
	gpu_of=$$:$birth_of
	gpu_seconds=0
	gpu_peak=0
	gpu_before=$(date +%s)
	gpu_pause=2
	while :; do
		sleep "$gpu_pause" &
		gpu_nap=$!
		wait "$gpu_nap"
		gpu_nap=
		same "$gpu_of" || exit 0
		gpu_asked=$(date +%s)
		gpu_seen=$(limited 10 nvidia-smi --query-compute-apps=pid,gpu_uuid,used_memory --format=csv,noheader,nounits 2>/dev/null)
		gpu_code=$?
		gpu_now=$(date +%s)
		# Without persistence mode each look wakes the driver and takes seconds: then look less often.
		gpu_pause=5
		[ "$gpu_code" -eq 0 ] && [ "$((gpu_now - gpu_asked))" -lt 2 ] || gpu_pause=30
		gpu_add "$((gpu_now - gpu_before))"
		gpu_before=$gpu_now
	done
}

# Adds what $gpu_seen says of the last $1 seconds.
gpu_add() {
	gpu_held=$({ members "$$" && echo && printf '%s\n' "$gpu_seen"; } | LC_ALL=C awk -F ', *' '
		!seen && /^$/ { seen = 1; next }
		!seen { own[$1] = 1; next }
		$1 in own { if (!device[$2]++) devices++; memory += $3 }
		END { printf "%d %d\n", devices, memory }')
	gpu_devices=${gpu_held% *}
	# A clock that was set says nothing about the time between.
	[ "$gpu_devices" -gt 0 ] && [ "$1" -ge 0 ] && [ "$1" -le 120 ] || return 0
	gpu_seconds=$((gpu_seconds + gpu_devices * $1))
	[ "${gpu_held#* }" -le "$gpu_peak" ] || gpu_peak=${gpu_held#* }
	printf 'seconds %s\npeak %s\n' "$gpu_seconds" "$gpu_peak" >"$dir/.gpu" && mv "$dir/.gpu" "$dir/gpu"
}
