import type { FileChange } from '../src/contract/code.ts'
import { sizeWords } from '../src/contract/size-words.ts'

const signs: Record<FileChange['change'], string> = { added: '+', modified: '~', deleted: '−' }

/** A file's name is data: shown whole, in its own direction, whatever it holds. */
export function FileRow({ path, change, bytes, words = change }: FileChange & { words?: string }) {
	return (
		<span className={`file file-${change}`}>
			<span className="file-sign" aria-hidden="true">
				{signs[change]}
			</span>
			<span className="sr">{words}: </span>
			<FileName path={path} />
			{bytes !== undefined && <span className="file-size">{sizeWords(bytes)}</span>}
		</span>
	)
}

export function FileName({ path }: { path: string }) {
	return (
		<code className="file-path">
			<bdi>{path}</bdi>
		</code>
	)
}
