import { MessageChannelMain, type UtilityProcess, utilityProcess } from 'electron'
import type { MeteredChannel } from '../engine/rpc/channel.ts'
import type { EngineRequest } from './engine-messages.ts'
import { portChannel } from './port-channel.ts'

export interface EngineSupervisor {
	/** A new channel to the engine; while none runs, to the next one. Rejects once stopped. */
	open(): Promise<MeteredChannel>
	/** Asks the engine to end, and ends it when it does not within 5 s. Nothing is started again. */
	stop(): Promise<void>
}

export interface EngineStart {
	/** Path of the engine's entry. */
	entry: string
	args: string[]
	/** It is started as soon as its environment is known. */
	env: Promise<NodeJS.ProcessEnv>
	/** Gives each new engine what it asks of the main process; the disposer is called when that engine is gone. */
	serve?: (engine: UtilityProcess) => () => void
}

const firstDelayMs = 250
const longestDelayMs = 30_000
/** An engine that lived this long was well: the next delay is the first one again. */
const wellAfterMs = 60_000
const stopLimitMs = 5000

/** Pure: how long to wait before the next start, in ms, after so many ends in a row. */
export function restartDelay(endsInARow: number): number {
	return Math.min(longestDelayMs, firstDelayMs * 2 ** Math.max(0, endsInARow - 1))
}

/** Keeps one engine running in a process of its own; one that ends is started again with a growing wait. */
export function superviseEngine(start: EngineStart): EngineSupervisor {
	let child: UtilityProcess | null = null
	let channels = new Set<MeteredChannel>()
	const waiting: { resolve(channel: MeteredChannel): void; reject(error: Error): void }[] = []
	let endsInARow = 0
	let timer: NodeJS.Timeout | undefined
	let stopped: Promise<void> | null = null

	const openNow = (engine: UtilityProcess): MeteredChannel => {
		const { port1, port2 } = new MessageChannelMain()
		const request: EngineRequest = { kind: 'face' }
		engine.postMessage(request, [port1])
		const channel = portChannel(port2)
		channels.add(channel)
		channel.onClose(() => channels.delete(channel))
		return channel
	}
	const launch = (env: NodeJS.ProcessEnv) => {
		const engine = utilityProcess.fork(start.entry, start.args, {
			serviceName: 'Hawser engine',
			env: env as Record<string, string>,
			stdio: 'inherit',
		})
		const startedAt = performance.now()
		child = engine
		const unserve = start.serve?.(engine)
		// V8 gave up in it: `exit` follows. Unheard, this event would be an error of the main process.
		engine.on('error', () => {})
		engine.once('exit', () => {
			child = null
			unserve?.()
			const lost = channels
			channels = new Set()
			for (const channel of lost) channel.close()
			if (stopped) return
			endsInARow = performance.now() - startedAt >= wellAfterMs ? 1 : endsInARow + 1
			timer = setTimeout(() => launch(env), restartDelay(endsInARow))
		})
		for (const { resolve } of waiting.splice(0)) resolve(openNow(engine))
	}
	const end = async () => {
		clearTimeout(timer)
		for (const { reject } of waiting.splice(0)) reject(new Error('Hawser is quitting'))
		const engine = child
		if (!engine) return
		const request: EngineRequest = { kind: 'stop' }
		engine.postMessage(request)
		await new Promise<void>((resolve) => {
			const limit = setTimeout(() => engine.kill(), stopLimitMs)
			engine.once('exit', () => {
				clearTimeout(limit)
				resolve()
			})
		})
	}

	start.env.then(
		(env) => {
			if (!stopped) launch(env)
		},
		// It never rejects; without this it would be an error of the main process.
		() => {},
	)
	return {
		open() {
			if (stopped) return Promise.reject(new Error('Hawser is quitting'))
			if (child) return Promise.resolve(openNow(child))
			return new Promise((resolve, reject) => {
				waiting.push({ resolve, reject })
			})
		},
		stop() {
			stopped ??= end()
			return stopped
		},
	}
}
