#!/bin/sh
# Finds the project's Python and becomes it. Run by the login shell, so that PATH is what runs see; the folder of the
# runs is the current one. $HAWSER_PROBE holds probe.py.
# $1 the mark before each line of ours, $2 the project's clone, then the arguments of probe.py.
# Prints "MARK kind KIND COMMAND", or "MARK kind none". Changes nothing: an environment that is not made yet stays so.
mark=$1 clone=$2
shift 2

# $1 the kind, $2 how many words of the rest are Python's command; then those and the arguments of probe.py.
become() {
	become_kind=$1 become_words=$2
	shift 2
	become_said=
	become_at=0
	for become_word in "$@"; do
		[ "$become_at" -lt "$become_words" ] || break
		become_at=$((become_at + 1))
		become_said="$become_said $become_word"
	done
	printf '%s kind %s%s\n' "$mark" "$become_kind" "$become_said"
	# The script goes behind the command: the words before it are moved to the end, then those after it.
	become_at=0
	become_all=$#
	while [ "$become_at" -lt "$become_all" ]; do
		[ "$become_at" -ne "$become_words" ] || set -- "$@" "$HAWSER_PROBE/probe.py"
		become_at=$((become_at + 1))
		become_word=$1
		shift
		set -- "$@" "$become_word"
	done
	exec "$@"
}

# Sets $conda to what manages environments; its command is often a function of interactive shells only.
find_conda() {
	for conda in "${CONDA_EXE-}" conda mamba micromamba "$HOME/miniconda3/bin/conda" "$HOME/anaconda3/bin/conda" \
		"$HOME/miniforge3/bin/conda" "$HOME/mambaforge/bin/conda" /opt/conda/bin/conda /opt/miniconda3/bin/conda; do
		[ -z "$conda" ] || ! command -v "$conda" >/dev/null 2>&1 || return 0
	done
	return 1
}

# Sets $name to the environment that folder $1 names and that has been made.
find_environment() {
	for file in "$1/environment.yml" "$1/environment.yaml"; do
		[ -r "$file" ] || continue
		name=$(sed -n -e 's/#.*//' -e 's/^name:[[:space:]]*//p' "$file" | head -n 1 | tr -d "\"' \t\r")
		[ -n "$name" ] || continue
		find_conda || return 1
		"$conda" env list 2>/dev/null |
			awk -v name="$name" '$1 == name { found = 1 } END { exit !found }' && return 0
	done
	return 1
}

for folder in "$PWD" "$clone"; do
	for venv in "$folder/.venv" "$folder/venv"; do
		[ -x "$venv/bin/python" ] || continue
		kind=venv
		[ "$venv" = "$folder/venv" ] || [ ! -e "$folder/uv.lock" ] || kind=uv
		become "$kind" 1 "$venv/bin/python" "$@"
	done
	# Without its environment uv would make one, and an empty one answers nothing.
	if [ -e "$folder/uv.lock" ] && [ -n "${UV_PROJECT_ENVIRONMENT-}" ] && command -v uv >/dev/null 2>&1 &&
		(cd "$folder" && [ -x "$UV_PROJECT_ENVIRONMENT/bin/python" ]); then
		become uv 7 uv run --no-sync --offline --project "$folder" python "$@"
	fi
	if find_environment "$folder"; then become conda 5 "$conda" run -n "$name" python "$@"; fi
done
for python in python3 python; do
	if command -v "$python" >/dev/null 2>&1; then become plain 1 "$(command -v "$python")" "$@"; fi
done
echo "$mark kind none"
