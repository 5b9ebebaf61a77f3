# shellcheck disable=SC2154 # some come from lib.sh
# The SHA-256 of files below the folder $1, whose paths come on the input, each `./PATH` in one line as read_plain of
# files-lib.sh takes it. A line each, in their order: the digest, or - for what could not be read.

place "$1"
cd "$at" 2>/dev/null || exit 4
if command -v sha256sum >/dev/null 2>&1; then
	digest() { sha256sum; }
else
	digest() { shasum -a 256; }
fi
while IFS= read -r line; do
	read_plain "$line"
	said=
	if [ -f "$plain" ] && [ ! -L "$plain" ]; then said=$(digest 2>/dev/null <"$plain"); fi
	said=${said%% *}
	echo "${said:--}"
done
