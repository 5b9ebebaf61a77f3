import type { Pending } from '../src/contract/state.ts'
import type { Preview } from './preview-of.ts'
import { count } from './words.ts'

const longest = 10_000

/** A commit of what is changed on the laptop, before it goes up. Without a message there is none, and they stay. */
export function CommitForm({ pending, preview }: { pending: Pending; preview: Preview }) {
	const { draft, setDraft, look, dirty } = preview
	const { changedCount, untrackedCount } = pending
	return (
		<form
			className="commit-form"
			autoComplete="off"
			onSubmit={(event) => {
				event.preventDefault()
				if (dirty) look()
			}}
		>
			<label className="answer">
				<span className="answer-name">
					{changedCount > 0
						? `Commit ${count(changedCount, 'changed file')} first, with this message`
						: `Commit ${count(untrackedCount, 'new file')} first, with this message`}
				</span>
				<input
					className="field"
					name="message"
					type="text"
					placeholder="Without one, they stay uncommitted"
					value={draft.message}
					maxLength={longest}
					onChange={({ target }) => setDraft({ message: target.value })}
				/>
			</label>
			{changedCount > 0 && untrackedCount > 0 && (
				<label className="keep">
					<input
						type="checkbox"
						name="untracked"
						checked={draft.untracked}
						onChange={({ target }) => setDraft({ untracked: target.checked })}
					/>
					With {count(untrackedCount, 'new file')} that git does not know yet
				</label>
			)}
		</form>
	)
}
