import { useRef } from 'react'
import type { Problem } from '../src/contract/problem.ts'
import type { ProjectState } from '../src/contract/state.ts'
import type { Preview } from './preview-of.ts'

const sizes = 'Commit files of any size'
const words: Partial<Record<Problem['code'], string>> = {
	'results-too-big': sizes,
	'commit-too-big': sizes,
	'files-many': 'They are meant: move all of them',
	'files-many-deletions': 'They are meant: delete all of them',
}

/** What a person says to go on in spite of a problem; undefined: none of that kind. */
export const wordOf = (problem: Problem | null) => problem && words[problem.code]

interface MeantProps {
	project: ProjectState
	preview: Preview
}

/** There only where something is over a limit, or that was said to be all right. */
export function Meant({ project, preview: { plan, draft, setDraft } }: MeantProps) {
	const asked = wordOf(plan?.problem ?? null)
	// The preview that it was said to does not ask any more.
	const last = useRef(project.strategy === 'files' ? 'So many files are meant' : sizes)
	if (asked) last.current = asked
	return (
		<label className="keep">
			<input
				type="checkbox"
				name="big"
				checked={draft.big}
				onChange={({ target }) => setDraft({ big: target.checked })}
			/>
			{last.current}
		</label>
	)
}
