import type { PowerMonitor } from 'electron'
import type { EngineFace } from './engine-face.ts'

/** After sleep every wanted workstation is tried at once. Returns the disposer. */
export function wakeWith(power: Pick<PowerMonitor, 'on' | 'off'>, engine: EngineFace): () => void {
	const wake = () => {
		for (const { name, wanted } of Object.values(engine.state()?.workstations ?? {})) {
			// A refusal, or an engine that is just starting, needs no word: it tries by itself.
			if (wanted) engine.command('retry', { workstation: name }).catch(() => {})
		}
	}
	power.on('resume', wake)
	return () => power.off('resume', wake)
}
