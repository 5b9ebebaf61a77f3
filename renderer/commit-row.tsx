import type { Commit } from '../src/contract/state.ts'
import { useNow } from './clock.ts'
import { age, short } from './words.ts'

export type Way = 'out' | 'back' | 'hub'

const wayWords: Record<Exclude<Way, 'out'>, string> = {
	back: 'comes back:',
	hub: 'comes from the hub:',
}

/** One commit on one line: a subject of any length ends in dots, and is whole in its title. */
export function CommitRow({ commit, way = 'out' }: { commit: Commit; way?: Way }) {
	const now = useNow()
	return (
		<>
			<code className="commit-id">{short(commit.id)}</code>
			{way !== 'out' && (
				<span className="way">
					<span aria-hidden="true">{way === 'hub' ? '← hub' : '←'}</span>
					<span className="sr">{wayWords[way]}</span>
				</span>
			)}
			<span className="subject" dir="auto" title={commit.subject}>
				{commit.subject}
			</span>
			<span className="when">{age(commit.at, now)}</span>
		</>
	)
}
