import { type ReactNode, useState } from 'react'
import { Button } from './button.tsx'

const mostUnboxed = 12

interface BoundedListProps<T> {
	/** Those that are known: perhaps fewer than there are. */
	items: readonly T[]
	/** How many there are. */
	total?: number
	/** How many are shown until somebody asks for the rest. */
	first: number
	className?: string
	label: string
	/** A long one that was opened scrolls by itself; not when what it holds is to be set. */
	scrolls?: boolean
	keyOf(item: T): string
	children(item: T): ReactNode
}

/** A list that never floods the window: the first few, and the rest on demand, as far as it is known. */
export function BoundedList<T>(props: BoundedListProps<T>) {
	const { items, total = items.length, first, className = '', label, scrolls = true, keyOf, children } = props
	const [all, setAll] = useState(false)
	const shown = all ? items : items.slice(0, first)
	const boxed = scrolls && shown.length > mostUnboxed
	const more = total - shown.length
	return (
		<>
			<ul
				className={`${className} ${boxed ? 'boxed' : ''}`}
				aria-label={label}
				// What scrolls is reached by keyboard.
				tabIndex={boxed ? 0 : undefined}
			>
				{keyed(shown, keyOf).map(([key, item]) => (
					<li key={key}>{children(item)}</li>
				))}
			</ul>
			{items.length > first && (
				<Button
					kind="quiet"
					aria-expanded={all}
					aria-label={all ? `Show fewer: ${label}` : `and ${more} more: ${label}`}
					onClick={() => setAll(!all)}
				>
					{all ? 'Show fewer' : `and ${more} more`}
				</Button>
			)}
			{more > 0 && (all || items.length <= first) && (
				<p className="quiet small">and {more} more that are not listed</p>
			)}
		</>
	)
}

/** One file may be named twice. What is opened in an item stays so when others come before it. */
function keyed<T>(items: readonly T[], keyOf: (item: T) => string): [key: string, item: T][] {
	const times = new Map<string, number>()
	return items.map((item) => {
		const key = keyOf(item)
		const time = (times.get(key) ?? 0) + 1
		times.set(key, time)
		return [`${key}:${time}`, item]
	})
}
