import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * A STAND-IN for Apple's openrsync, which runs on no machine of the tests: the real rsync, behind a wrapper that refuses
 * the options openrsync was seen to refuse, says of itself what openrsync says, and speaks its old protocol. What
 * openrsync does wrong without a word is not imitated.
 */
export async function openrsyncStandIn(folder: string, real: string): Promise<string> {
	await mkdir(folder, { recursive: true })
	const path = join(folder, 'rsync')
	const script = `#!/bin/sh
for option; do
	case $option in
	--version)
		printf 'openrsync: protocol version 29\\nrsync version 2.6.9 compatible\\n'
		exit 0
		;;
	--info=* | --append-verify | --compress-choice* | --chown* | --protect-args | --secluded-args | -s | -s?* | --ignore-missing-args | \\
		--no-human-readable | --chmod=*[DF]* | --iconv* | --outbuf* | --mkpath | --trust-sender | --modify-window=-*)
		echo "rsync: unrecognized option \\\`$option'" >&2
		exit 1
		;;
	--) break ;;
	esac
done
exec '${real}' --protocol=29 "$@"
`
	await writeFile(path, script)
	await chmod(path, 0o755)
	return path
}
