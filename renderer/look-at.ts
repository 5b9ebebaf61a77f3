import { useEffect } from 'react'
import type { Engine } from './engine.ts'
import { useHawser, useView } from './hawser.tsx'

/** The running runs whose details are open, last opened last. */
const open: string[] = []

function tell(engine: Engine): void {
	const run = document.hidden ? undefined : open.at(-1)
	void engine.command('lookAt', { run: run ?? null })
}

/** While this is on a screen the end of the run needs no notice; of several that are open, the last one's. */
export function useLookAt(run: string, running: boolean): void {
	const { engine } = useHawser()
	// An engine that was started again knows of nobody who looks.
	const { connection } = useView()
	useEffect(() => {
		if (!running || connection === 0) return
		const look = () => tell(engine)
		open.push(run)
		look()
		document.addEventListener('visibilitychange', look)
		return () => {
			document.removeEventListener('visibilitychange', look)
			open.splice(open.lastIndexOf(run), 1)
			look()
		}
	}, [engine, run, running, connection])
}
