/**
 * What the last lines of a screen look like when a coding agent waits for its person. Claude Code's dialogs: "Do you want
 * to proceed?" over "❯ 1. Yes", its login ("Paste code here if prompted", "Select login method"), and its empty input
 * with "? for shortcuts" under it, which is its turn's end. The rest is what programs of the terminal have always asked.
 */
const questions: readonly RegExp[] = [
	/\bDo you want\b/i,
	/[❯›>]\s*1\.\s+\S/,
	/\bPaste code here\b/i,
	/\bSelect login method\b/i,
	/^\W*\? for shortcuts\b/i,
	/[([](y\/n|yes\/no)[)\]]/i,
	/\bPress Enter to (continue|confirm)\b/i,
]

/** What Claude Code shows for as long as it works, whatever else is on the screen. */
const working = /\besc to interrupt\b/i

/** A question stands near the end: further up it is history. */
const lastLines = 12

/** Whether one of a screen's last lines asks the person something. Pure. */
export function asks(screen: readonly string[]): boolean {
	const last = screen.filter((line) => line.trim() !== '').slice(-lastLines)
	if (last.some((line) => working.test(line))) return false
	return last.some((line) => questions.some((question) => question.test(line)))
}
