import { Notification } from 'electron'
import type { Notice, State } from '../contract/state.ts'
import type { EngineFace } from './engine-face.ts'
import { type Place, placeOfNotice } from './place.ts'

/** More than this many notices on screen are let go, oldest first. */
const mostKept = 20

/**
 * Shows each notice that this face is the first to claim; a click opens the window at what it tells of. What is
 * worth a notice, and whether it was told before, is the engine's to know. Returns the disposer.
 */
export function showNotices(engine: EngineFace, open: (place: Place | null) => void): () => void {
	if (!Notification.isSupported()) return () => {}
	const asked = new Set<string>()
	// A notification that nobody refers to is collected, and its click with it.
	const kept = new Set<Notification>()

	const show = (notice: Notice) => {
		const notification = new Notification({ title: notice.title, body: notice.body })
		const forget = () => kept.delete(notification)
		notification.once('click', () => {
			forget()
			open(placeOfNotice(notice))
		})
		notification.once('close', forget)
		notification.once('failed', forget)
		kept.add(notification)
		for (const oldest of kept) {
			if (kept.size <= mostKept) break
			kept.delete(oldest)
		}
		notification.show()
	}
	const claim = async (notice: Notice) => {
		const answer = await engine.command('claimNotice', { notice: notice.id })
		if (answer.ok && answer.output.first) show(notice)
	}
	const stop = engine.watch((state: State | null) => {
		for (const notice of Object.values(state?.notices ?? {})) {
			if (asked.has(notice.id)) continue
			asked.add(notice.id)
			// Without an answer the engine is gone; the notice is still there when it is back.
			claim(notice).catch(() => asked.delete(notice.id))
		}
	})
	return () => {
		stop()
		for (const notification of kept) notification.close()
		kept.clear()
	}
}
