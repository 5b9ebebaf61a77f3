import { constants } from 'node:os'
import { ProblemError } from '../../contract/client.ts'
import { problem } from '../problems.ts'

/** How a command on the workstation ended; with neither, its channel was closed without a word. */
export interface CommandEnd {
	code: number | null
	signal?: string | null | undefined
}

/** Shells add this to the number of the signal that ended what they ran. */
const bySignal = 128

/** The signal that ended it, without `SIG`; empty where the workstation did not say which; null: it ended by itself. */
function signalOf({ code, signal }: CommandEnd): string | null {
	if (code === null) return signal ?? ''
	const number = code - bySignal
	const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0]
	return name?.replace(/^SIG/, '') ?? null
}

/** For a sentence: `ended with …`. */
export function endWords(end: CommandEnd): string {
	if (end.code !== null) return `exit code ${end.code}`
	return end.signal ? `signal ${end.signal}` : 'no exit code, as when it is killed'
}

/** `remote-killed` when a signal ended the script, or its shell or connection there went without a word; else `remote-failed`. */
export function scriptFailed(script: string, end: CommandEnd, said = ''): ProblemError {
	const stderr = said.trim().slice(-500)
	const signal = signalOf(end)
	if (signal !== null) return new ProblemError(problem('remote-killed', { script, signal, stderr }))
	return new ProblemError(problem('remote-failed', { script, code: end.code ?? 0, stderr }))
}
