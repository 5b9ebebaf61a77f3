import type { ReactNode } from 'react'
import type { Summary } from '../src/contract/state.ts'

/** State as a shape; its colour only repeats it. Each stands beside words, so it is hidden from readers. */
export type MarkShape =
	| 'done'
	| 'running'
	| 'waiting'
	| 'failed'
	| 'slashed'
	| 'skipped'
	| 'diamond'
	| 'ring'
	| 'dot'
	| 'ask'

const stroke = {
	fill: 'none',
	stroke: 'currentColor',
	strokeWidth: 1.8,
	strokeLinecap: 'round',
	strokeLinejoin: 'round',
} as const

const shapes: Record<MarkShape, ReactNode> = {
	done: <path d="M2.6 6.4 5 8.8l4.6-5.4" {...stroke} />,
	running: (
		<>
			<circle cx="6" cy="6" r="4.1" {...stroke} opacity="0.28" />
			<path d="M6 1.9A4.1 4.1 0 0 1 10.1 6" {...stroke} />
		</>
	),
	waiting: <circle cx="6" cy="6" r="1.6" fill="currentColor" />,
	failed: <path d="m3 3 6 6M9 3 3 9" {...stroke} />,
	slashed: (
		<>
			<circle cx="6" cy="6" r="4.1" {...stroke} strokeWidth="1.4" />
			<path d="m3.2 8.8 5.6-5.6" {...stroke} strokeWidth="1.4" />
		</>
	),
	skipped: <path d="M3 6h6" {...stroke} />,
	diamond: <path d="m6 .8 5.2 5.2L6 11.2.8 6z" fill="currentColor" />,
	ring: <circle cx="6" cy="6" r="4.1" {...stroke} />,
	dot: <circle cx="6" cy="6" r="5" fill="currentColor" />,
	ask: (
		<>
			<path d="M6 .6 11.6 11H.4z" fill="currentColor" />
			<path d="M6 4.2v3.2M6 8.7v.8" stroke="var(--card)" strokeWidth="1.3" />
		</>
	),
}

export function Mark({ shape, className = '' }: { shape: MarkShape; className?: string }) {
	return (
		<svg
			className={`mark mark-${shape} ${className}`}
			viewBox="0 0 12 12"
			aria-hidden="true"
			focusable="false"
		>
			{shapes[shape]}
		</svg>
	)
}

const ends = <circle cx="4" cy="8" r="3.2" />
const rightEnd = <circle cx="18" cy="8" r="3.2" />
const bar = { stroke: 'currentColor', strokeWidth: 2, fill: 'none' } as const

const glyphs: Record<Summary['glyph'], ReactNode> = {
	ok: (
		<>
			{ends}
			<path d="M7 8h8" {...bar} />
			{rightEnd}
		</>
	),
	working: (
		<>
			{ends}
			<path d="M7 8h7M11 4.6 14.4 8 11 11.4" {...bar} strokeWidth="1.8" />
			{rightEnd}
		</>
	),
	attention: (
		<>
			{ends}
			<path d="M7 8h3.2" {...bar} />
			<path d="M16 1.2 22 13.4H10z" />
			<path d="M16 5.4v4M16 10.9v1.3" stroke="var(--paper)" strokeWidth="1.6" />
		</>
	),
	down: (
		<>
			{ends}
			<path d="M7 8h2.4M12.4 8h2" {...bar} />
			<circle cx="18" cy="8" r="2.6" {...bar} strokeWidth="1.4" />
			<path d="M8.6 12.6 13.4 3.4" {...bar} strokeWidth="1.4" />
		</>
	),
	off: (
		<>
			<circle cx="4" cy="8" r="2.6" {...bar} strokeWidth="1.4" />
			<circle cx="18" cy="8" r="2.6" {...bar} strokeWidth="1.4" />
		</>
	),
	paused: (
		<>
			{ends}
			<path d="M9.5 4.5v7M12.5 4.5v7" {...bar} strokeWidth="1.8" />
			{rightEnd}
		</>
	),
}

/** The same six shapes as the icon in the menu bar. */
export function Glyph({ glyph }: { glyph: Summary['glyph'] }) {
	return (
		<svg className="glyph" viewBox="0 0 22 16" fill="currentColor" aria-hidden="true" focusable="false">
			{glyphs[glyph]}
		</svg>
	)
}
