import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Reads a descriptor until it is stopped. */
export interface DescriptorReader {
	stop(): Promise<void>
}

/**
 * Reads a descriptor that makes its readers wait, in a process of its own: here one of the few threads of libuv would be
 * taken for good. What each read gives comes whole and in order, though perhaps cut.
 * @param onEnd there is nothing more, or it could not be read; not called once it is stopped
 */
export function readDescriptor(
	fd: number,
	onData: (data: Buffer) => void,
	onEnd: () => void,
): DescriptorReader {
	const reader = spawn('dd', ['bs=65536'], { stdio: [fd, 'pipe', 'ignore'] })
	let isStopped = false
	const ended = () => {
		if (!isStopped) onEnd()
	}
	reader.once('error', ended)
	reader.once('close', ended)
	reader.stdout?.on('data', (data: Buffer) => {
		if (!isStopped) onData(data)
	})
	return {
		stop: async () => {
			if (isStopped) return
			isStopped = true
			if (reader.pid === undefined || reader.exitCode !== null || reader.signalCode !== null) return
			const closed = once(reader, 'close')
			reader.kill('SIGKILL')
			await closed
		},
	}
}
