import type { Readable } from 'node:stream'

/** Of what is typed at most so much goes in one call, in bytes. */
const mostAtOnce = 48 * 1024

/**
 * Sends what comes in, in order, one call after another: what is typed meanwhile goes together in the next. Where it
 * is not taken, no more is read. Returns the disposer, which leaves the input paused.
 */
export function typeInto(input: Readable, send: (data: Buffer) => Promise<unknown>): () => void {
	let waiting: Buffer[] = []
	let isSending = false
	let isOver = false
	const pump = async () => {
		if (isSending) return
		isSending = true
		try {
			while (waiting.length > 0 && !isOver) {
				const all = Buffer.concat(waiting)
				waiting = all.length > mostAtOnce ? [all.subarray(mostAtOnce)] : []
				await send(all.subarray(0, mostAtOnce))
				if (!isOver && waiting.length === 0) input.resume()
			}
		} catch {
			// It has ended, and says so by itself.
			waiting = []
		}
		isSending = false
	}
	const take = (data: Buffer | string) => {
		waiting.push(Buffer.from(data))
		if (isSending) input.pause()
		void pump()
	}
	input.on('data', take)
	// A question that was asked before has paused it.
	input.resume()
	return () => {
		isOver = true
		input.off('data', take)
		input.pause()
	}
}
