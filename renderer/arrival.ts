import { useEffect, useState } from 'react'
import { type Place, placeOf } from './address.ts'
import { elementId, useDetails } from './details.tsx'
import { useHawserState } from './hawser.tsx'

/** The ids of the cards that an address can name. */
export const cardId = (at: 'project' | 'agent' | 'workstation' | 'card', name: string) =>
	elementId(`${at}:${name}`)

/** The first of them that is there has what is asked for, or is the nearest to it. */
function idsOf(place: Place): string[] {
	switch (place.at) {
		case 'run':
			return [elementId(`run:${place.run}`)]
		case 'agent':
			return [cardId('agent', place.project), cardId('project', place.project)]
		case 'restore':
			return [elementId(`backups:${place.project}`), cardId('project', place.project)]
		case 'project':
			return [cardId('project', place.project)]
		case 'workstation':
			return ['login', 'host-key', 'line'].map((what) => elementId(`${what}:${place.workstation}`))
		case 'card':
			return [cardId('card', place.card)]
		// It comes into view by itself.
		case 'preview':
			return []
	}
}

const acts = ['pointerdown', 'keydown', 'wheel'] as const

/**
 * Brings what the page's address names into view, with the focus, as soon as it is there; not any more once the person
 * has done something else. Inside the part of the page that has a state.
 */
export function useArrival(): void {
	const state = useHawserState()
	const { opened } = useDetails()
	const [wish, setWish] = useState<Place | null>(() => placeOf(location.hash))

	useEffect(() => {
		const follow = () => setWish(placeOf(location.hash))
		const drop = () => setWish(null)
		window.addEventListener('hashchange', follow)
		for (const act of acts) window.addEventListener(act, drop, { passive: true })
		return () => {
			window.removeEventListener('hashchange', follow)
			for (const act of acts) window.removeEventListener(act, drop)
		}
	}, [])

	// biome-ignore lint/correctness/useExhaustiveDependencies: what it looks for comes with the state, or is opened
	useEffect(() => {
		const found = wish && idsOf(wish).flatMap((id) => document.getElementById(id) ?? [])[0]
		if (!wish || !found) return
		setWish(null)
		if (wish.at === 'run') {
			found.parentElement?.scrollIntoView({ block: 'nearest' })
			document.querySelector<HTMLElement>(`[aria-controls="${found.id}"]`)?.focus({ preventScroll: true })
			return
		}
		found.scrollIntoView({ block: wish.at === 'agent' ? 'nearest' : 'start' })
		// A question that is typed into has its focus in its first field.
		const field = wish.at === 'workstation' ? found.querySelector<HTMLElement>('input[data-answer]') : null
		;(field ?? found).focus({ preventScroll: true })
		// The same address again leads there again.
		history.replaceState(null, '', location.pathname + location.search)
	}, [wish, state, opened])
}
