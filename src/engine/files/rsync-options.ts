import type { RsyncPair } from './rsync-program.ts'

/** What one transfer asks of rsync. Folders are absolute and of the machine that receives. */
export interface RsyncWish {
	direction: 'up' | 'back'
	/** Where paths are listed, each ended by a NUL, each beginning with `./`. */
	list: string
	/** The value of `-e`. */
	shell: string
	/** Null: nothing is kept. */
	backupDir: string | null
	/** Holds what was only partly received; null: that is thrown away. */
	partialDir: string | null
	/** Holds what is being received; null: beside its place. */
	stageDir: string | null
	compress: boolean
	sparse: boolean
	/**
	 * How long either end waits for the other. A line that is dead is found by the link itself, long before; this is for
	 * an rsync that hangs, and for the one on the workstation that nobody ends.
	 */
	timeoutSeconds: number
	/** Only says what it would do. */
	dry: boolean
}

/**
 * The arguments of rsync, run in the laptop's folder, with a bridge that starts the other end in the workstation's: so
 * neither's path is ever an argument, where `*` would be a pattern and `a:b` a host.
 */
export function rsyncArguments(pair: RsyncPair, wish: RsyncWish): string[] {
	const ends = wish.direction === 'up' ? ['./', 'workstation:./'] : ['workstation:./', './']
	const what = pair.engine === 'full' ? full(wish) : plain(wish)
	return [
		...what,
		`--files-from=${wish.list}`,
		'--from0',
		`--timeout=${wish.timeoutSeconds}`,
		'-e',
		wish.shell,
		...(wish.dry ? ['--dry-run', '--out-format=%i %n'] : []),
		'--',
		...ends,
	]
}

function full(wish: RsyncWish): string[] {
	const told = wish.dry ? [] : ['--info=progress2', '--no-human-readable', '--outbuf=L']
	return [
		// Not -p: on the workstation its own umask and group decide; a folder can always be written into by its owner.
		...['--links', '--times', '--omit-dir-times', '--executability', '--chmod=Du+rwx'],
		// What was chosen differs; a difference of less than a second is one too.
		'--modify-window=-1',
		// Arguments and paths go by rsync's own protocol, not by the shell's command line.
		'-s',
		...(wish.backupDir === null ? [] : ['--backup', `--backup-dir=${wish.backupDir}`]),
		...(wish.partialDir === null ? [] : [`--partial-dir=${wish.partialDir}`]),
		...(wish.stageDir === null ? [] : [`--temp-dir=${wish.stageDir}`]),
		// Both ends agree on the best they have, zstd since 3.2; more than its first level costs more than it saves.
		...(wish.compress ? ['--compress', '--compress-level=1'] : []),
		...(wish.sparse ? ['--sparse'] : []),
		// Never --trust-sender: what comes back must be what was asked for, and nothing else. See `backPart` of move.ts.
		...told,
	]
}

/**
 * Only what Apple's openrsync was seen to accept and to do, with `-E` and `--chmod` left out, which mean other things
 * there. What is overwritten was kept before.
 */
function plain(wish: RsyncWish): string[] {
	return ['-l', '-t', '-p', '-W', ...(wish.dry ? [] : ['--out-format=%i %n'])]
}

/** Suffixes of what is compressed already, so that compressing it again only costs time. */
const compressed =
	/\.(?:7z|aac|apk|avif|avi|br|bz2|deb|dmg|docx|egg|flac|gif|gz|heic|jar|jpe?g|jxl|lz4|lzma|m4[av]|mkv|mov|mp[34]|mpe?g|npz|ogg|opus|parquet|pdf|png|pptx|pth?|ckpt|safetensors|rar|rpm|tgz|tbz2?|txz|tzst|webm|webp|whl|xlsx|xz|zip|zst)$/i

/** Whether compressing a file of this name is a waste; weights of models are random to a compressor. */
export const isCompressed = (path: string): boolean => compressed.test(path)
