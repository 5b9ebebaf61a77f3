import { useSyncExternalStore } from 'react'

/**
 * The window's only timer: one tick a second, while anybody looks. It moves ages and elapsed times;
 * nothing is decided by it.
 */
const listeners = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | null = null

function tick() {
	now = Date.now()
	for (const listener of listeners) listener()
}

function keepTime() {
	const wanted = listeners.size > 0 && !document.hidden
	if (wanted && timer === null) {
		timer = setInterval(tick, 1000)
		tick()
	}
	if (!wanted && timer !== null) {
		clearInterval(timer)
		timer = null
	}
}

document.addEventListener('visibilitychange', keepTime)

function subscribe(listener: () => void) {
	listeners.add(listener)
	if (listeners.size === 1) keepTime()
	return () => {
		listeners.delete(listener)
		if (listeners.size === 0) keepTime()
	}
}

/** Milliseconds since the epoch, at the last tick. */
export const useNow = () => useSyncExternalStore(subscribe, () => now)
