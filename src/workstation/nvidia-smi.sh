#!/bin/sh
# Stands in for NVIDIA's nvidia-smi on the built-in workstation: one simulated GPU, in the real tool's
# words and shapes. It is busy while a run under ~/.hawser/runs is on.
set -u

gpu_name='Simulated RTX 4090'
gpu_uuid='GPU-00000000-5111-4a7e-8000-000000004090'
gpu_bus='00000000:01:00.0'
gpu_driver='550.54.14'
gpu_cuda='12.4'

invalid() {
	echo 'Invalid combination of input arguments. Please run '\''nvidia-smi -h'\'' for help.'
	exit 2
}

# Pids of the runs that are on: a `pid` that lives, and no `exit` yet.
running_pids() {
	for run in "$HOME"/.hawser/runs/*/; do
		if [ ! -f "${run}pid" ] || [ -e "${run}exit" ]; then continue; fi
		pid=''
		read -r pid <"${run}pid" || :
		case $pid in '' | *[!0-9]*) continue ;; esac
		if kill -0 "$pid" 2>/dev/null; then echo "$pid"; fi
	done
}

# The name of a process, without what would break a CSV line or XML.
process_name() {
	name=$(ps -o comm= -p "$1" 2>/dev/null | tr -d ',<>&"' | head -n 1)
	echo "${name:-validation}"
}

# The readings swing a little with the clock, always the same way.
read_gpu() {
	pids=$(running_pids)
	now=$(date +%s)
	wave=$((now % 5))
	if [ -n "$pids" ]; then
		util=$((94 + wave)) memory_util=$((58 + wave)) used=$((17408 + wave * 8)) temperature=$((67 + wave % 3))
		power="$((376 + wave * 2)).${wave}0" state=P2 sm=2610 memory_clock=10251 fan=54 reasons=0x0000000000000004
	else
		util=0 memory_util=0 used=350 temperature=34
		power="2$((3 + wave % 2)).${wave}0" state=P8 sm=210 memory_clock=405 fan=0 reasons=0x0000000000000001
	fi
	app_memory=$((used - 350))
}

# Prints fields of one GPU or one process as CSV.
# $1 fields, $2 format; the values come on stdin, a line each: names|header|unit|value.
# For processes, each process is such a block, with an empty line after it.
print_csv() {
	awk -F '|' -v fields="$1" -v format="$2" '
		function fail(text) { print text; failed = 2; exit 2 }
		function row(  i, line, value) {
			line = ""
			for (i = 1; i <= count; i++) {
				value = cells[wanted[i]]
				if (units && unit[wanted[i]] != "" && value !~ /^\[/) value = value " " unit[wanted[i]]
				line = line (i > 1 ? ", " : "") value
			}
			print line
		}
		function head(  i, line) {
			line = ""
			for (i = 1; i <= count; i++)
				line = line (i > 1 ? ", " : "") title[wanted[i]] \
					(units && unit[wanted[i]] != "" ? " [" unit[wanted[i]] "]" : "")
			print line
		}
		function check(  i) {
			for (i = 1; i <= count; i++)
				if (!(wanted[i] in title)) fail("Field \"" wanted[i] "\" is not a valid field to query.\n")
			checked = 1
			if (header) head()
		}
		BEGIN {
			header = 1; units = 1; csv = 0
			n = split(format, option, ",")
			for (i = 1; i <= n; i++) {
				if (option[i] == "csv") csv = 1
				else if (option[i] == "noheader") header = 0
				else if (option[i] == "nounits") units = 0
				else fail("\"" option[i] "\" is not a valid format option.\n")
			}
			if (!csv) fail("\"--format=\" option must include \"csv\".\n")
			count = split(fields, wanted, ",")
			for (i = 1; i <= count; i++) gsub(/^ +| +$/, "", wanted[i])
		}
		NF == 0 { if (!checked) check(); row(); next }
		$0 == "end" { if (!checked) check(); next }
		{
			n = split($1, names, " ")
			for (i = 1; i <= n; i++) { title[names[i]] = $2; unit[names[i]] = $3; cells[names[i]] = $4 }
		}
		END { exit failed }
	'
}

gpu_fields() {
	cat <<-EOF
		timestamp|timestamp||$(date '+%Y/%m/%d %H:%M:%S').000
		name gpu_name|name||$gpu_name
		count|count||1
		index|index||0
		uuid gpu_uuid|uuid||$gpu_uuid
		serial gpu_serial|serial||[N/A]
		driver_version|driver_version||$gpu_driver
		vbios_version|vbios_version||[N/A]
		pci.bus_id gpu_bus_id|pci.bus_id||$gpu_bus
		pcie.link.gen.current|pcie.link.gen.current||4
		pcie.link.width.current|pcie.link.width.current||16
		persistence_mode|persistence_mode||Enabled
		display_mode|display_mode||Disabled
		display_active|display_active||Disabled
		fan.speed|fan.speed|%|$fan
		pstate|pstate||$state
		clocks_event_reasons.active|clocks_event_reasons.active||$reasons
		clocks_throttle_reasons.active|clocks_throttle_reasons.active||$reasons
		memory.total|memory.total|MiB|24564
		memory.reserved|memory.reserved|MiB|0
		memory.used|memory.used|MiB|$used
		memory.free|memory.free|MiB|$((24564 - used))
		compute_mode|compute_mode||Default
		mig.mode.current|mig.mode.current||[N/A]
		mig.mode.pending|mig.mode.pending||[N/A]
		utilization.gpu|utilization.gpu|%|$util
		utilization.memory|utilization.memory|%|$memory_util
		ecc.mode.current|ecc.mode.current||[N/A]
		ecc.errors.uncorrected.volatile.total|ecc.errors.uncorrected.volatile.total||[N/A]
		temperature.gpu|temperature.gpu||$temperature
		temperature.memory|temperature.memory||[N/A]
		power.draw|power.draw|W|$power
		power.draw.average|power.draw.average|W|$power
		power.draw.instant|power.draw.instant|W|$power
		power.limit|power.limit|W|450.00
		power.default_limit|power.default_limit|W|450.00
		power.max_limit|power.max_limit|W|600.00
		power.min_limit|power.min_limit|W|150.00
		enforced.power.limit|enforced.power.limit|W|450.00
		clocks.sm clocks.current.sm|clocks.current.sm|MHz|$sm
		clocks.gr clocks.current.graphics|clocks.current.graphics|MHz|$sm
		clocks.mem clocks.current.memory|clocks.current.memory|MHz|$memory_clock
		clocks.max.sm|clocks.max.sm|MHz|3105
		clocks.max.mem clocks.max.memory|clocks.max.memory|MHz|10501
	EOF
}

# $1 pid, $2 name
app_fields() {
	cat <<-EOF
		timestamp|timestamp||$(date '+%Y/%m/%d %H:%M:%S').000
		gpu_name|gpu_name||$gpu_name
		gpu_bus_id|gpu_bus_id||$gpu_bus
		gpu_serial|gpu_serial||[N/A]
		gpu_uuid|gpu_uuid||$gpu_uuid
		pid|pid||$1
		process_name name|process_name||$2
		used_gpu_memory used_memory|used_gpu_memory|MiB|$3
	EOF
}

# The memory is the first run's; a GPU that is shared further is not simulated.
each_app() {
	app_fields 0 none 0
	rest=$app_memory
	for pid in $pids; do
		app_fields "$pid" "$(process_name "$pid")" "$rest"
		echo
		rest=0
	done
	echo end
}

xml_processes() {
	rest=$app_memory
	for pid in $pids; do
		cat <<-EOF
			<process_info>
				<gpu_instance_id>N/A</gpu_instance_id>
				<compute_instance_id>N/A</compute_instance_id>
				<pid>$pid</pid>
				<type>C</type>
				<process_name>$(process_name "$pid")</process_name>
				<used_memory>$rest MiB</used_memory>
			</process_info>
		EOF
		rest=0
	done
}

print_xml() {
	cat <<-EOF
		<?xml version="1.0" ?>
		<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
		<nvidia_smi_log>
		<timestamp>$(LC_ALL=C date '+%a %b %e %H:%M:%S %Y')</timestamp>
		<driver_version>$gpu_driver</driver_version>
		<cuda_version>$gpu_cuda</cuda_version>
		<attached_gpus>1</attached_gpus>
		<gpu id="$gpu_bus">
		<product_name>$gpu_name</product_name>
		<product_brand>GeForce</product_brand>
		<product_architecture>Ada Lovelace</product_architecture>
		<display_mode>Disabled</display_mode>
		<display_active>Disabled</display_active>
		<persistence_mode>Enabled</persistence_mode>
		<mig_mode><current_mig>N/A</current_mig><pending_mig>N/A</pending_mig></mig_mode>
		<mig_devices>None</mig_devices>
		<serial>N/A</serial>
		<uuid>$gpu_uuid</uuid>
		<minor_number>0</minor_number>
		<pci><pci_bus_id>$gpu_bus</pci_bus_id></pci>
		<fan_speed>$fan %</fan_speed>
		<performance_state>$state</performance_state>
		<fb_memory_usage><total>24564 MiB</total><reserved>0 MiB</reserved><used>$used MiB</used><free>$((24564 - used)) MiB</free></fb_memory_usage>
		<compute_mode>Default</compute_mode>
		<utilization><gpu_util>$util %</gpu_util><memory_util>$memory_util %</memory_util><encoder_util>0 %</encoder_util><decoder_util>0 %</decoder_util></utilization>
		<ecc_mode><current_ecc>N/A</current_ecc><pending_ecc>N/A</pending_ecc></ecc_mode>
		<temperature><gpu_temp>$temperature C</gpu_temp><gpu_temp_max_threshold>N/A</gpu_temp_max_threshold><memory_temp>N/A</memory_temp></temperature>
		<gpu_power_readings><power_state>$state</power_state><power_draw>$power W</power_draw><current_power_limit>450.00 W</current_power_limit><default_power_limit>450.00 W</default_power_limit><min_power_limit>150.00 W</min_power_limit><max_power_limit>600.00 W</max_power_limit></gpu_power_readings>
		<clocks><graphics_clock>$sm MHz</graphics_clock><sm_clock>$sm MHz</sm_clock><mem_clock>$memory_clock MHz</mem_clock></clocks>
		<processes>
		$(xml_processes)
		</processes>
		</gpu>

		</nvidia_smi_log>
	EOF
}

print_table() {
	rule='+-----------------------------------------------------------------------------------------+'
	LC_ALL=C date '+%a %b %e %H:%M:%S %Y'
	echo "$rule"
	printf '| NVIDIA-SMI %-22s Driver Version: %-14s CUDA Version: %-9s|\n' "$gpu_driver" "$gpu_driver" "$gpu_cuda"
	echo "$rule"
	printf '| %3s  %-24s %-18s | %-36s |\n' 0 "$gpu_name" "$gpu_bus" 'simulated: no card is behind this'
	printf '| %3s%%   %2sC  %-3s  %7sW / 450W  %6sMiB / 24564MiB  %3s%%  Default%18s |\n' \
		"$fan" "$temperature" "$state" "${power%.*}" "$used" "$util" ''
	echo "$rule"
	if [ -z "$pids" ]; then
		printf '|  %-86s |\n' 'No running processes found'
	else
		for pid in $pids; do printf '|  GPU 0  PID %-10s  Type C  %-55s |\n' "$pid" "$(process_name "$pid")"; done
	fi
	echo "$rule"
}

print_help() {
	echo 'List of valid properties to query for the switch "--query-gpu=":'
	echo
	read_gpu
	gpu_fields | awk -F '|' '{ n = split($1, names, " "); line = ""
		for (i = 1; i <= n; i++) line = line (i > 1 ? " or " : "") "\"" names[i] "\""
		print line }'
}

mode=table query='' format='' xml=no
while [ $# -gt 0 ]; do
	case $1 in
	--query-gpu=*) mode=gpu query=${1#*=} ;;
	--query-compute-apps=*) mode=apps query=${1#*=} ;;
	--format=*) format=${1#*=} ;;
	--help-query-gpu) mode=help ;;
	-h | --help) mode=usage ;;
	-L | --list-gpus) mode=list ;;
	-q | --query) mode=full ;;
	-x | --xml-format) xml=yes ;;
	-i | --id) [ "${2-}" = 0 ] || invalid; shift ;;
	-i=0 | --id=0) ;;
	*) invalid ;;
	esac
	shift
done

case $mode in
gpu | apps) if [ -z "$format" ] || [ -z "$query" ]; then invalid; fi ;;
*) if [ -n "$format" ]; then invalid; fi ;;
esac
if [ "$mode" = full ] && [ "$xml" = no ]; then invalid; fi
if [ "$mode" != full ] && [ "$xml" = yes ]; then invalid; fi

read_gpu
case $mode in
gpu) { gpu_fields; echo; } | print_csv "$query" "$format" ;;
apps) each_app | print_csv "$query" "$format" ;;
full) print_xml ;;
list) echo "GPU 0: $gpu_name (UUID: $gpu_uuid)" ;;
help) print_help ;;
usage) echo 'Usage: nvidia-smi [-L] [-q -x] [--query-gpu=FIELDS | --query-compute-apps=FIELDS --format=csv[,noheader][,nounits]]' ;;
table) print_table ;;
esac
