import { Worker } from 'node:worker_threads'
import { refuse } from '../git/git.ts'
import { shownPath } from './entry.ts'
import { type Answer, type FolderRead, lookWorkerText, type Question, type Versions } from './look-worker.ts'

/** A disk that has not answered for so long is not waited for. */
const longestMs = 60_000

/** Looks at the files below a root, in a thread of its own. */
export interface Looker {
	/** @throws ProblemError `files-unreadable` when the disk does not answer */
	folders(folders: readonly string[]): Promise<readonly FolderRead[]>
	/** @throws as `folders` */
	versions(paths: readonly string[]): Promise<Versions>
	/** Ends the thread; whoever waits for an answer is told so. */
	close(): void
}

/** @param root latin1 string of bytes */
export function startLooker(root: string): Looker {
	const worker = new Worker(lookWorkerText, {
		eval: true,
		workerData: { root },
		// It holds one answer at a time.
		resourceLimits: { maxYoungGenerationSizeMb: 2 },
		execArgv: [],
	})
	worker.unref()
	const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: unknown) => void }>()
	let last = 0
	let closed = false
	const end = (reason: string) => {
		for (const { reject } of waiting.values()) reject(unreadable(root, reason))
		waiting.clear()
	}
	worker.on('message', (answer: Answer) => {
		const waiter = waiting.get(answer.id)
		waiting.delete(answer.id)
		if ('failed' in answer) waiter?.reject(unreadable(root, answer.failed))
		else waiter?.resolve(answer)
		if (waiting.size === 0) worker.unref()
	})
	worker.on('error', (error) => end(String(error)))
	worker.on('exit', () => {
		closed = true
		end('the reading was ended')
	})
	const ask = async (question: Question): Promise<Answer> => {
		if (closed) throw unreadable(root, 'the reading was ended')
		const { promise, resolve, reject } = Promise.withResolvers<Answer>()
		waiting.set(question.id, { resolve, reject })
		worker.ref()
		const timer = setTimeout(() => reject(unreadable(root, 'the disk does not answer')), longestMs)
		worker.postMessage(question)
		return await promise.finally(() => clearTimeout(timer))
	}
	return {
		folders: async (folders) => {
			const answer = await ask({ id: ++last, ask: 'folders', folders })
			return 'folders' in answer ? answer.folders : []
		},
		versions: async (paths) => {
			const answer = await ask({ id: ++last, ask: 'versions', paths })
			if ('versions' in answer) return answer.versions
			throw unreadable(root, 'the answer was garbled')
		},
		close: () => {
			if (closed) return
			closed = true
			end('the reading was ended')
			void worker.terminate()
		},
	}
}

function unreadable(root: string, reason: string): unknown {
	try {
		return refuse('files-unreadable', { side: 'The laptop', path: shownPath(root), reason })
	} catch (error) {
		return error
	}
}
