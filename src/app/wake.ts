import type { PowerMonitor } from 'electron'
import type { EngineFace } from './engine-face.ts'

/**
 * Tells the engine that this laptop woke up, or that somebody came back to it (macOS tells of that): what waits
 * for its next try is tried at once. Returns the disposer.
 */
export function wakeWith(power: Pick<PowerMonitor, 'on' | 'off'>, engine: EngineFace): () => void {
	const wake = () => {
		// A refusal, or an engine that is just starting, needs no word: it tries by itself.
		engine.command('wake', {}).catch(() => {})
	}
	power.on('resume', wake)
	power.on('unlock-screen', wake)
	return () => {
		power.off('resume', wake)
		power.off('unlock-screen', wake)
	}
}
