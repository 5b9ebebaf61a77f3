import type { FileChange } from '../src/contract/code.ts'

const signs: Record<FileChange['change'], string> = { added: '+', modified: '~', deleted: '−' }

/** A file's name is data: shown whole, in its own direction, whatever it holds. */
export function FileRow({ path, change, words = change }: FileChange & { words?: string }) {
	return (
		<span className={`file file-${change}`}>
			<span className="file-sign" aria-hidden="true">
				{signs[change]}
			</span>
			<span className="sr">{words}: </span>
			<code className="file-path">
				<bdi>{path}</bdi>
			</code>
		</span>
	)
}
