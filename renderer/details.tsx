import { createContext, type ReactNode, use, useEffect, useState } from 'react'
import { placeOf } from './address.ts'

/** What is opened in place, in the order it was opened: Esc closes the last one. */
interface Details {
	opened: string[]
	open(id: string): void
	close(id: string): void
}

const DetailsContext = createContext<Details>({ opened: [], open: () => {}, close: () => {} })

/** Names of projects and runs may hold anything; ids in the page may not hold spaces. */
export const elementId = (id: string) =>
	`detail-${id.replace(/[^A-Za-z0-9-]/g, (found) => `_${found.codePointAt(0)?.toString(16)}`)}`

/** The id of what the address opens: a notice and the menu lead there. */
function fromAddress(): string[] {
	const place = placeOf(location.hash)
	if (place?.at === 'run') return [`run:${place.run}`]
	if (place?.at === 'restore') return [`backups:${place.project}`]
	return place?.at === 'preview' ? [`preview:${place.project}`] : []
}

export function DetailsProvider({ children }: { children: ReactNode }) {
	const [opened, setOpened] = useState<string[]>(fromAddress)
	const open = (id: string) => setOpened((before) => [...before.filter((other) => other !== id), id])
	const close = (id: string) => setOpened((before) => before.filter((other) => other !== id))

	useEffect(() => {
		const follow = () =>
			setOpened((before) => {
				const asked = fromAddress()
				return [...before.filter((id) => !asked.includes(id)), ...asked]
			})
		window.addEventListener('hashchange', follow)
		return () => window.removeEventListener('hashchange', follow)
	}, [])

	useEffect(() => {
		const hear = (event: KeyboardEvent) => {
			if (event.key !== 'Escape' || event.defaultPrevented) return
			// One that is not there, since its run or project is gone, closes nothing.
			const last = opened.findLast((id) => document.getElementById(elementId(id)))
			if (last === undefined) {
				// In the app Esc then closes the window itself; a page stays.
				if (window.hawser) window.close()
				return
			}
			setOpened(opened.filter((id) => id !== last))
			document.querySelector<HTMLElement>(`[aria-controls="${elementId(last)}"]`)?.focus()
		}
		window.addEventListener('keydown', hear)
		return () => window.removeEventListener('keydown', hear)
	}, [opened])

	return <DetailsContext value={{ opened, open, close }}>{children}</DetailsContext>
}

export const useDetails = () => use(DetailsContext)

/** One detail: `trigger` goes on its button, `panel` on what it opens. */
export function useDetail(id: string) {
	const { opened, open, close } = useDetails()
	const isOpen = opened.includes(id)
	return {
		isOpen,
		trigger: {
			'aria-expanded': isOpen,
			'aria-controls': elementId(id),
			onClick: () => (isOpen ? close(id) : open(id)),
		},
		panel: { id: elementId(id) },
	}
}
