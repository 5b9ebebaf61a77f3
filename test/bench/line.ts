import { fork } from 'node:child_process'
import { once } from 'node:events'

/** What the process of a line is told. */
export type LineWord = 'speed' | 'stall' | 'resume' | 'reset' | 'refuse' | 'listen'

/**
 * A fault proxy in a process of its own: in ours it would take its time from the engine that is measured, and not from
 * the plain tools beside it. Each call settles when it is so.
 */
export interface BenchLine {
	readonly port: number
	/** Bytes a second each way, shared by all connections; null: as fast as it goes. */
	speed(bytesPerSecond: number | null): Promise<void>
	stall(): Promise<void>
	resume(): Promise<void>
	reset(): Promise<void>
	refuse(): Promise<void>
	listen(): Promise<void>
	stop(): Promise<void>
}

/** @param oneWayMs so long each byte takes each way */
export async function startBenchLine(targetPort: number, oneWayMs: number): Promise<BenchLine> {
	const child = fork(new URL('./line-process.ts', import.meta.url), [String(targetPort), String(oneWayMs)], {
		execArgv: [],
	})
	const [{ port }] = (await once(child, 'message')) as [{ port: number }]
	const waiting = new Map<number, () => void>()
	child.on('message', ({ number }: { number: number }) => {
		waiting.get(number)?.()
		waiting.delete(number)
	})
	let last = 0
	const tell = (name: LineWord, value: number | null = null) => {
		const done = Promise.withResolvers<void>()
		const number = ++last
		waiting.set(number, done.resolve)
		child.send({ number, name, value })
		return done.promise
	}
	return {
		port,
		speed: (bytesPerSecond) => tell('speed', bytesPerSecond),
		stall: () => tell('stall'),
		resume: () => tell('resume'),
		reset: () => tell('reset'),
		refuse: () => tell('refuse'),
		listen: () => tell('listen'),
		stop: async () => {
			const closed = once(child, 'exit')
			child.disconnect()
			await closed
		},
	}
}
