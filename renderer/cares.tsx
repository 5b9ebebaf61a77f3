import type { ReactNode } from 'react'
import type { Care } from '../src/contract/pending-words.ts'
import { CopyButton } from './button.tsx'
import { Mark } from './marks.tsx'

interface CaresProps {
	cares: readonly Omit<Care, 'side'>[]
	/** What can be done about the last one. */
	children?: ReactNode
}

/** What needs a person's care. Stands out by its mark, its edge and its weight; there is none of it while all is calm. */
export function Cares({ cares, children }: CaresProps) {
	if (cares.length === 0) return null
	return (
		<ul className="cares" aria-label="What needs care">
			{cares.map(({ title, meaning, path }, index) => (
				<li key={title}>
					<Mark shape="ask" />
					<div>
						<p className="strong">{title}</p>
						<p className="quiet">{meaning}</p>
						{path !== null && (
							<div className="care-path">
								<code className="command">{path}</code>
								<CopyButton kind="quiet" label="Copy its path" text={path} />
							</div>
						)}
						{index === cares.length - 1 && children}
					</div>
				</li>
			))}
		</ul>
	)
}
