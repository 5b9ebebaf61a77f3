import type { Notice } from '../../contract/state.ts'
import type { Message } from './message.ts'

/** Something worth a notice, with what of it may leave this laptop. */
export interface Happening {
	notice: Notice
	message: Message
	/** In a summary of several: runs are counted by it (`finished`), others are named by it. */
	word: string
	/** The end of a run that was started with others, and is told with them when all have ended. */
	series?: string
}

/** A notice, and the same without what is for this laptop's screen alone. */
export function happening(
	words: Pick<Notice, 'id' | 'kind' | 'title' | 'body' | 'run' | 'at'>,
	outside: Pick<Message, 'body' | 'project' | 'workstation' | 'urgent'> & { at?: number },
	word = words.title,
): Happening {
	const { project, workstation } = outside
	return {
		notice: { ...words, project, workstation, covers: [] },
		message: { ...words, ...outside, covers: [] },
		word,
	}
}
