# shellcheck disable=SC2154 # some come from lib.sh
# The backups in the folder $2, as files-lib.sh makes them. $1:
#   list              a line for each: `backup ID COUNT BYTES`, of the files and links in it
#   files ID          what is in one: //BYTES SECONDS ./PATH and a line break each; two slashes are in no path
#   remove DAYS ID... moved out of sight first, whole, so that the next time goes on. A line for each: `removed ID`. What
#                     was received in part goes too where nothing was added to it for more than DAYS days
# Ends with the line `done`; `files` with `//done`. Exits with 3 when there is no such backup.

LC_ALL=C
export LC_ALL
mode=$1
place "$2"
shift 2
if [ "$mode" = remove ]; then
	# A partial file has the time of the file that it is part of: it is the change of the thing itself that counts.
	find "${at%/*}/partial" -type f -ctime "+$1" -exec rm -f {} + 2>/dev/null
	shift
fi
cd -P -- "$at" 2>/dev/null || {
	[ "$mode" != files ] || exit 3
	echo 'done'
	exit 0
}

if stat -c %s / >/dev/null 2>&1; then
	each_of() { find "$1" \( -type f -o -type l \) -exec stat -c '//%s %Y %n' {} +; }
else
	each_of() { find "$1" \( -type f -o -type l \) -exec stat -f '//%z %m %N' {} +; }
fi

# A backup that is on its way out: copies of folders may not be writable.
clear_gone() {
	find "$1" -type d ! -perm -700 -exec chmod u+rwx {} \; 2>/dev/null
	rm -rf -- "$1"
}

case $mode in
list)
	for dir in 2*; do
		[ -d "$dir" ] || continue
		# A name with a line break is more lines, and none of those begins with two slashes.
		each_of "$dir/tree" 2>/dev/null | awk -v id="$dir" '
			/^\/\/[0-9]/ { count++; bytes += substr($1, 3) }
			END { printf "backup %s %.0f %.0f\n", id, count, bytes }'
	done
	;;
files)
	cd -P -- "./$1/tree" 2>/dev/null || exit 3
	each_of . 2>/dev/null
	printf '//'
	;;
remove)
	for gone in .gone-*; do
		[ ! -d "$gone" ] || clear_gone "./$gone"
	done
	for id in "$@"; do
		mv -- "./$id" "./.gone-$id" 2>/dev/null || continue
		clear_gone "./.gone-$id"
		echo "removed $id"
	done
	;;
esac
echo 'done'
