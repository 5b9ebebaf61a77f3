import { setFlagsFromString } from 'node:v8'

/**
 * Keeps the heap of this process small. V8 trades memory for speed: its young generation doubles up to 128 MiB as long as
 * something survives in it, and the old one grows several times over before it is looked through. A comparison of a
 * million files holds a few of them at a time, and would take 200 MiB by that. To be called once what the process needs
 * at its start is loaded: what the young generation has by then, some 16 MiB, is enough.
 *
 * Both flags are read each time a generation might grow, so they work after V8's start, also in Electron's processes.
 */
export function keepHeapSmall(): void {
	setFlagsFromString('--semi-space-growth-factor=1')
	// In percent of what is live after a collection.
	setFlagsFromString('--heap-growing-percent=30')
}
