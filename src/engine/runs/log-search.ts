import { ProblemError } from '../../contract/client.ts'
import type { CommandOutput } from '../../contract/commands.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'

export interface LogSearch {
	text: string
	exact?: boolean | undefined
	from?: number | undefined
	most?: number | undefined
}

/** Lines of a run's log that hold `text`, found on the workstation. To be written. */
export async function searchLog(
	_link: Link,
	_run: string,
	_wish: LogSearch,
): Promise<CommandOutput<'searchLog'>> {
	throw new ProblemError(problem('internal', { message: 'to be written' }))
}
