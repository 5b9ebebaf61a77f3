/** Latin1 strings of bytes in the order of their bytes. */
export const byBytes = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

/** Whether `path` is the folder `folder` or in it; the empty folder is the root. */
export const isBelow = (path: string, folder: string): boolean =>
	folder === '' || path === folder || path.startsWith(`${folder}/`)

/** Without those that are in another one of them. */
export function outermost(folders: Iterable<string>): string[] {
	const kept: string[] = []
	for (const folder of [...new Set(folders)].sort((one, other) => one.length - other.length))
		if (!kept.some((outer) => isBelow(folder, outer))) kept.push(folder)
	return kept.sort(byBytes)
}

/** Takes up to `batches` more than were asked for. Nothing is lost to who stops early: the source is told. */
export async function* ahead<T>(source: AsyncGenerator<T>, batches: number): AsyncGenerator<T> {
	const taken: Promise<IteratorResult<T>>[] = []
	const take = () => {
		const next = source.next()
		next.catch(() => {})
		taken.push(next)
	}
	try {
		for (let at = 0; at <= batches; at++) take()
		for (;;) {
			const next = await taken.shift()
			if (!next || next.done) return
			take()
			yield next.value
		}
	} finally {
		// A generator that waits for something is not told before it has it.
		void source.return(undefined).catch(() => {})
	}
}
