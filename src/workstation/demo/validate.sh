#!/bin/sh
# Validates a seasonal-naive forecast on the bundled series: for every window the months up to its origin
# are known, and each month after it is forecast by the same month of the last known season.
set -eu
cd "$(dirname "$0")"

setting() {
	awk -v name="$1" '$1 == name { value = $2 } END { print value }' settings
}
season=$(setting season)
windows=$(setting windows)
horizon=$(setting horizon)
seconds=$(setting seconds)
started=$(date +%s)
scores=$(mktemp)
trap 'rm -f "$scores"' EXIT

mkdir -p results
echo "Seasonal-naive forecast, season $season, horizon $horizon, $windows windows"

awk -F , -v season="$season" -v windows="$windows" -v horizon="$horizon" -v seconds="$seconds" -v scores="$scores" '
	function distance(a, b) { return a > b ? a - b : b - a }
	NR > 1 { value[++count] = $2 }
	END {
		first = count - horizon - windows + 1
		if (season < 1 || windows < 1 || horizon < 1 || first <= season + 1) {
			print "The settings leave too few months to learn from." > "/dev/stderr"
			exit 1
		}
		pause = seconds > 0 ? sprintf("sleep %.3f", seconds / windows) : ""
		for (window = 1; window <= windows; window++) {
			origin = first + window - 1
			# The yardstick of MASE: how far each known month lies from the one before it.
			scale = 0
			for (month = 2; month <= origin; month++) scale += distance(value[month], value[month - 1])
			scale /= origin - 1
			for (ahead = 1; ahead <= horizon; ahead++) {
				forecast = value[origin - season + 1 + (ahead - 1) % season]
				miss = distance(value[origin + ahead], forecast)
				absolute += miss
				squared += miss * miss
				scaled += miss / scale
				forecasts++
			}
			printf "window %d/%d  MASE %.2f\n", window, windows, scaled / forecasts
			fflush()
			if (pause != "") system(pause)
		}
		printf "%.4f %.4f %.4f\n", scaled / forecasts, absolute / forecasts, sqrt(squared / forecasts) > scores
	}
' data/passengers.csv

read -r mase mae rmse <"$scores"
cat >results/metrics.json <<EOF
{
  "MASE": $mase,
  "MAE": $mae,
  "RMSE": $rmse,
  "windows": $windows,
  "seconds": $(($(date +%s) - started))
}
EOF
echo "Done: MASE $mase, MAE $mae, RMSE $rmse"
